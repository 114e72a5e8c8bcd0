# A site like Seoul's production: its switches, a bank that only the payment
# nodes reach, and the gateway to another site.
variables {
  name              = "prod-seoul"
  as_number         = 64512
  node_to_node_mesh = false

  ip_pools = {
    seoul-pods = { cidr = "172.20.0.0/16", nat_outgoing = true }
    seoul-gpu  = { cidr = "172.21.0.0/20", block_size = 28, encapsulation = "VXLANCrossSubnet", node_selector = "has(nvidia.com/gpu)" }
  }

  bgp_peers = {
    seoul-tor-1 = { peer_ip = "192.168.1.1", as_number = 65001, max_restart_time = "120s" }
    seoul-tor-2 = { peer_ip = "192.168.1.2:1790", as_number = 65001 }
    seoul-bank = {
      peer_ip         = "192.168.1.254"
      as_number       = 65000
      node_selector   = "service == 'payment'"
      ttl_security    = 1
      password_secret = { name = "bgp-passwords", key = "bank" }
    }
    seoul-tokyo = { peer_ip = "203.0.113.1", as_number = 64513, reachable_by = "192.168.1.1" }
  }

  service_cidrs             = ["10.96.0.0/16"]
  service_load_balancer_ips = ["192.168.1.176/28", "2001:db8::/112"]

  node_cidr    = "192.168.1.0/24"
  service_cidr = "10.96.0.0/16"
  api_vip      = "192.168.1.100"
}

run "site" {
  assert {
    condition     = output.cluster == "prod-seoul" && output.as_number == 64512
    error_message = "The outputs should name the cluster and its AS number."
  }
  assert {
    condition     = output.ip_pools == { seoul-pods = "172.20.0.0/16", seoul-gpu = "172.21.0.0/20" }
    error_message = "The outputs should have the networks of both pools."
  }
  assert {
    condition     = length(output.bgp_peers) == 4 && output.bgp_peers["seoul-tor-2"] == "192.168.1.2:1790"
    error_message = "The outputs should have the addresses of all four peers."
  }
  assert {
    condition     = onprem_calico_bgp_configuration.this.name == "default" && onprem_calico_bgp_configuration.this.node_to_node_mesh_enabled == false
    error_message = "With peering to the switches, the mesh of the whole cluster should be off."
  }
  assert {
    condition     = [for block in onprem_calico_bgp_configuration.this.service_load_balancer_ips : block.cidr] == ["192.168.1.176/28", "2001:db8::/112"]
    error_message = "Load-balancer addresses should be announced."
  }
  assert {
    condition = (
      onprem_calico_ip_pool.this["seoul-pods"].block_size == 26 &&
      onprem_calico_ip_pool.this["seoul-pods"].ipip_mode == "Never" && onprem_calico_ip_pool.this["seoul-pods"].vxlan_mode == "Never"
    )
    error_message = "The pods' pool should have blocks of /26, and nothing encapsulated."
  }
  assert {
    condition     = onprem_calico_ip_pool.this["seoul-gpu"].vxlan_mode == "CrossSubnet" && onprem_calico_ip_pool.this["seoul-gpu"].ipip_mode == "Never"
    error_message = "VXLANCrossSubnet should be VXLAN between networks."
  }
}

# What a site starts with that has no switches to peer with.
run "mesh" {
  variables {
    node_to_node_mesh         = true
    ip_pools                  = { seoul-pods = { cidr = "172.20.0.0/16", encapsulation = "IPIP" } }
    bgp_peers                 = {}
    service_cidrs             = []
    service_load_balancer_ips = []
  }
  assert {
    condition     = onprem_calico_bgp_configuration.this.node_to_node_mesh_enabled && onprem_calico_bgp_configuration.this.service_cluster_ips == null
    error_message = "The mesh should be on, and no service announced."
  }
  assert {
    condition     = onprem_calico_ip_pool.this["seoul-pods"].ipip_mode == "Always" && length(output.bgp_peers) == 0
    error_message = "There should be IP in IP, and no peers."
  }
}
