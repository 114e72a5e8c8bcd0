locals {
  teams      = ["team1", "team2", "team3", "team4", "team5"]
  vm_cluster = "seoul" # where virtual machines run
}

# Calico routes the pods' addresses and peers with the switches.
component "network" {
  per    = "site"
  module = "builtin:network"

  inputs = {
    name              = "${env.name}-${site.name}"
    as_number         = site.as_number
    node_to_node_mesh = false
    ip_pools          = { pods = { cidr = site.pod_cidr } }
    bgp_peers = merge(
      { for i, address in site.switches : "tor-${i + 1}" => { peer_ip = address, as_number = site.switch_as } },
      try(site.peers, {}),
    )
    node_cidr    = site.node_cidr
    service_cidr = site.service_cidr
    api_vip      = site.api_vip
  }
}

# MetalLB announces the addresses of services.
component "load-balancer" {
  per    = "site"
  module = "builtin:load-balancer"

  inputs = {
    cluster = component.network.outputs.cluster
    pools   = { default = { addresses = [site.lb_range], advertise = "l2" } }
  }

  override "prod" {
    inputs = {
      pools = { default = { advertise = "bgp" } }
      # onprem:ignore onprem/bgp-two-speakers because the switches keep the sessions of MetalLB in a VRF of their own
      bgp_peers = { for i, address in site.switches : "tor-${i + 1}" => {
        peer_address = address, peer_asn = site.switch_as, my_asn = site.as_number, bfd = true
      } }
    }
  }
}

# Harbor: two projects for each team, and those that everybody pulls from.
component "registry" {
  per    = "environment"
  module = "builtin:registry"

  inputs = {
    projects = merge(
      { for team in local.teams : "${team}-dev" => { storage_limit_gib = 20, auto_scan = true } },
      { for team in local.teams : "${team}-prod" => { storage_limit_gib = 100, auto_scan = true, severity = "high" } },
      { for name in ["base-images", "shared-libraries"] : name => { public = true } },
      { cached-images = { proxy_cache_of = "dockerhub" } },
    )
    registries = {
      legacy    = { type = "docker-registry", url = "http://legacy-registry.internal:5000", insecure = true }
      dockerhub = { type = "docker-hub", url = "https://hub.docker.com", access_key = "company-backup" }
    }
    registry_secrets = { dockerhub = secret("DOCKERHUB_TOKEN") }
    replications = { for team in local.teams : "migrate-${team}-dev" => {
      src_registry = "legacy", override = true, filters = { name = "${team}-dev/**" }
    } }
  }

  override "prod" {
    inputs = {
      replications = { for team in local.teams : "dockerhub-backup-${team}-prod" => {
        dest_registry = "dockerhub", dest_namespace = "company-backup", dest_namespace_replace_count = 1,
        trigger       = "event_based", filters = { name = "${team}-prod/**", tag = "{v*.*.*,latest}" }
      } }
    }
  }
}

# Guacamole: a way to every machine, and to every virtual machine that runs.
component "access-portal" {
  per    = "environment"
  module = "builtin:access-portal"

  # The portal has no site of its own, but looks for virtual machines in one.
  provider "onprem" {
    kubernetes = { config_path = "~/.kube/${env.name}-${local.vm_cluster}" }
    guacamole  = { url = env.portal }
  }

  inputs = {
    groups = { "IDC servers" = {}, "Virtual machines" = {}, "Windows" = { type = "BALANCING" } }
    machines = { for name, address in env.machines : upper(name) => {
      address = address, group = "IDC servers", max_connections = 5, max_connections_per_user = 3
    } }
    virtual_machines        = { namespace = "kubevirt-test", group = "Virtual machines" }
    ssh_username            = "ubuntu"
    ssh_private_key         = secret("SSH_PRIVATE_KEY")
    ssh_private_key_version = 1
  }

  override "prod" {
    inputs = {
      machines = { win11 = { address = "192.168.1.41", protocol = "rdp", group = "Windows", security = "nla", ignore_cert = true } }
    }
  }
}

# Kong: what is reachable from outside.
component "gateway" {
  per        = "site"
  module     = "builtin:gateway"
  depends_on = [component.load-balancer]

  inputs = {
    services = {
      frs-api = {
        url    = "http://frs.nicepayment-frs.svc:8080"
        routes = { frs-api = { hosts = ["api.${env.domain}"], paths = ["/frs"] } }
      }
      portal = {
        url          = "http://guacamole.secern-access-portal.svc:8080/guacamole"
        read_timeout = 3600000 # it keeps a WebSocket open
        routes       = { portal = { hosts = ["accessportal.${env.domain}"], paths = ["/guacamole"], strip_path = false } }
      }
      board-service        = { url = "http://board-service.apigateway.svc:8080", routes = { board = { hosts = ["api.${env.domain}"], paths = ["/board"] } } }
      user-service         = { url = "http://user-service.apigateway.svc:8080", routes = { user = { hosts = ["api.${env.domain}"], paths = ["/user"] } } }
      reserve-item-service = { url = "http://reserve-item-service.apigateway.svc:8080", routes = { reserve-item = { hosts = ["api.${env.domain}"], paths = ["/reserve-item"] } } }
    }
  }
}
