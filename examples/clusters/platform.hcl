# One company's clusters, made of bare machines. It is a platform of its own:
# what runs on the clusters (../generator) is planned with their kubeconfigs,
# which are there when this one is applied.

platform "acme-clusters" {
  tool   = "terraform"
  owners = ["@acme/platform"]

  # Credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
  state "s3" {
    bucket    = "acme-tfstate"
    endpoints = { s3 = "https://minio.example.internal:9000" }
    key       = "clusters/${unit.path}/terraform.tfstate"
  }

  # The key comes from ONPREM_SSH_PRIVATE_KEY. The runners are in the machines'
  # WireGuard network, and know their host keys.
  provider "onprem" {
    ssh = { user = "ubuntu", known_hosts_file = "/etc/ssh/ssh_known_hosts" }
  }

  workflows "github" {
    runner  = "self-hosted"
    secrets = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ONPREM_SSH_PRIVATE_KEY"]
  }
}

environment "stage" {
  kubernetes = "1.34.5" # new releases run here first

  site "seoul" {
    node_cidr    = "192.168.10.0/24"
    pod_cidr     = "10.64.0.0/16"
    service_cidr = "10.160.0.0/16"
    api_vip      = "192.168.10.10"

    nodes = {
      cp-01     = { role = "control-plane", address = "192.168.10.11" }
      worker-01 = { role = "worker", address = "192.168.10.21" }
      worker-02 = { role = "worker", address = "192.168.10.22" }
    }
  }
}

environment "prod" {
  kubernetes = "1.34.4"
  protected  = true
  owners     = ["@acme/operations"]

  site "seoul" {
    node_cidr    = "192.168.1.0/24"
    pod_cidr     = "10.244.0.0/16"
    service_cidr = "10.96.0.0/16"
    api_vip      = "192.168.1.100"

    nodes = {
      cp-01     = { role = "control-plane", address = "192.168.1.11", labels = { gpu = "rtx-3090" } }
      cp-02     = { role = "control-plane", address = "192.168.1.12" }
      cp-03     = { role = "control-plane", address = "192.168.1.13" }
      worker-01 = { role = "worker", address = "192.168.1.21", labels = { database = "primary" } }
      worker-02 = { role = "worker", address = "192.168.1.22", labels = { database = "standby" } }
      gpu-01    = { role = "worker", address = "192.168.1.31", labels = { gpu = "titan" }, taints = [{ key = "nvidia.com/gpu", effect = "NoSchedule" }] }
      gpu-02    = { role = "worker", address = "192.168.1.32", labels = { gpu = "t4" }, taints = [{ key = "nvidia.com/gpu", effect = "NoSchedule" }] }
    }
  }
}

# kubeadm makes the cluster, and kube-vip keeps the address of its API on one of
# the control planes.
component "cluster" {
  per    = "site"
  module = "builtin:cluster"

  inputs = {
    name               = "${env.name}-${site.name}"
    kubernetes_version = env.kubernetes
    virtual_ip         = { address = site.api_vip, interface = "bond0" }
    nodes              = site.nodes
    pod_cidr           = site.pod_cidr
    service_cidr       = site.service_cidr
    node_cidr          = site.node_cidr
  }

  override "prod" {
    inputs = { worker_batch_size = 2 }
  }
}
