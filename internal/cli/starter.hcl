# A platform on your own machines. Change it, then run
#
#   terraform-provider-onprem generate
#
# which checks it and writes the Terragrunt tree of every environment beside it.

platform "example" {
  # Where Terraform keeps its state. "local" is for a first look; for a team use
  # "s3" (MinIO, Ceph), "pg", "http" (GitLab) or "kubernetes".
  state "local" {}

  # Written into every unit. Accounts come from environment variables.
  provider "onprem" {
    kubernetes = { config_path = "~/.kube/${env.name}-${site.name}" }
  }

  # Pipelines that plan on pull requests and apply on merge.
  # workflows "github" {}
}

# What exists where. All attributes are yours to choose; components refer to
# them as env.… and site.….

environment "stage" {
  site "seoul" {
    as_number = 64530
    pod_cidr  = "10.64.0.0/16"
    lb_range  = "192.168.10.180-192.168.10.200"
    switch    = "192.168.10.1"
  }
}

environment "prod" {
  protected = true # a person approves every apply

  site "seoul" {
    as_number = 64512
    pod_cidr  = "10.244.0.0/16"
    lb_range  = "192.168.1.180-192.168.1.200"
    switch    = "192.168.1.1"
  }
}

# What is deployed: once per "site", per "environment", or per "platform".

component "network" {
  per    = "site"
  module = "builtin:network" # or a directory such as "./modules/network", or a git source

  inputs = {
    name              = "${env.name}-${site.name}"
    as_number         = site.as_number
    node_to_node_mesh = false
    ip_pools          = { pods = { cidr = site.pod_cidr } }
    bgp_peers         = { switch = { peer_ip = site.switch, as_number = 65001 } }
  }
}

component "load-balancer" {
  per    = "site"
  module = "builtin:load-balancer"

  inputs = {
    cluster = component.network.outputs.cluster
    pools   = { default = { addresses = [site.lb_range] } }
  }

  # What differs in an environment, or in one site as in "prod/seoul".
  override "prod" {
    inputs = { pools = { default = { auto_assign = false } } }
  }
}
