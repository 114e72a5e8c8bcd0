locals {
  teams = ["team1", "team2", "team3", "team4", "team5"]
}

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
      site.peers,
    )
    node_cidr    = site.node_cidr
    service_cidr = site.service_cidr
    api_vip      = site.api_vip
  }
}

component "load-balancer" {
  per    = "site"
  module = "builtin:load-balancer"

  inputs = {
    cluster = component.network.outputs.cluster
    pools   = { default = { addresses = [site.lb_range], advertise = "l2" } }
  }
<% range .Differing %>
  override "<% .Name %>" {
    inputs = {
      pools = { default = { advertise = "bgp" } }
      bgp_peers = { for i, address in site.routers : "router-${i + 1}" => {
        peer_address = address, peer_asn = site.switch_as, my_asn = site.as_number, bfd = true
      } }
    }
  }
<% end %>}

component "registry" {
  per        = "site"
  module     = "builtin:registry"
  depends_on = [component.load-balancer]

  inputs = {
    projects = merge(
      { for team in local.teams : "${team}-dev" => { storage_limit_gib = 20, auto_scan = true } },
      { for team in local.teams : "${team}-prod" => { storage_limit_gib = 100, auto_scan = true, severity = "high" } },
      { for name in ["base-images", "shared-libraries"] : name => { public = true } },
      { cached-images = { proxy_cache_of = "dockerhub" } },
    )
    registries = {
      central   = { type = "harbor", url = "https://harbor.example.internal", access_key = "backup" }
      dockerhub = { type = "docker-hub", url = "https://hub.docker.com", access_key = "acme" }
    }
    registry_secrets = { central = secret("HARBOR_BACKUP_TOKEN"), dockerhub = secret("DOCKERHUB_TOKEN") }
    replications = { for team in local.teams : "backup-${team}-prod" => {
      dest_registry = "central", dest_namespace = "${env.name}-${site.name}", trigger = "event_based",
      filters       = { name = "${team}-prod/**", tag = "v*" }
    } }
  }
}

component "access-portal" {
  per        = "site"
  module     = "builtin:access-portal"
  depends_on = [component.load-balancer]

  inputs = {
    groups = { "Servers" = {}, "Virtual machines" = {}, "Windows" = { type = "BALANCING" } }
    machines = { for name, address in site.machines : upper(name) => {
      address = address, group = "Servers", max_connections = 5, max_connections_per_user = 3
    } }
    virtual_machines        = { namespace = "virtual-machines", group = "Virtual machines" }
    ssh_username            = "ubuntu"
    ssh_private_key         = secret("SSH_PRIVATE_KEY")
    ssh_private_key_version = 1
  }
<% range .Differing %>
  override "<% .Name %>" {
    inputs = {
      machines = { win11 = { address = "203.0.113.41", protocol = "rdp", group = "Windows", security = "nla" } }
    }
  }
<% end %>}

component "gateway" {
  per        = "site"
  module     = "builtin:gateway"
  depends_on = [component.load-balancer]

  inputs = {
    services = {
      portal = {
        url          = "http://guacamole.access-portal.svc:8080/guacamole"
        read_timeout = 3600000
        routes       = { portal = { hosts = ["access.${site.name}.${env.domain}"], paths = ["/guacamole"], strip_path = false } }
      }
      board = { url = "http://board.apps.svc:8080", routes = { board = { hosts = ["api.${env.domain}"], paths = ["/board"] } } }
      user  = { url = "http://user.apps.svc:8080", routes = { user = { hosts = ["api.${env.domain}"], paths = ["/user"] } } }
      order = { url = "http://order.apps.svc:8080", routes = { order = { hosts = ["api.${env.domain}"], paths = ["/order"] } } }
    }
  }
<% range .Differing %>
  override "<% .Name %>" {
    inputs = {
      services = { portal = { routes = { portal = { hosts = ["access.${site.name}.example.com"] } } } }
    }
  }
<% end %>}

component "internal-gateway" {
  per        = "site"
  module     = "builtin:gateway"
  depends_on = [component.load-balancer]

  provider "onprem" {
    kong = { admin_url = "http://kong-internal.${site.name}.${env.domain}:8001" }
  }

  inputs = {
    services = {
      for name in ["metrics", "logs", "traces"] : name => {
        url    = "http://${name}.monitoring.svc:8080"
        routes = { (name) = { hosts = ["${name}.${site.name}.${env.domain}"], paths = ["/"] } }
      }
    }
  }
}
