# take_ownership: these objects belong to this module. What an installer has left
# behind under the same name, or somebody edits by hand, is put right.

resource "onprem_calico_bgp_configuration" "this" {
  labels                    = { cluster = var.name }
  as_number                 = var.as_number
  node_to_node_mesh_enabled = var.node_to_node_mesh
  service_cluster_ips       = length(var.service_cidrs) == 0 ? null : [for cidr in var.service_cidrs : { cidr = cidr }]
  service_load_balancer_ips = length(var.service_load_balancer_ips) == 0 ? null : [for cidr in var.service_load_balancer_ips : { cidr = cidr }]
  take_ownership            = true
}

locals {
  ipip_modes  = { IPIP = "Always", IPIPCrossSubnet = "CrossSubnet" }
  vxlan_modes = { VXLAN = "Always", VXLANCrossSubnet = "CrossSubnet" }
}

resource "onprem_calico_ip_pool" "this" {
  for_each = var.ip_pools

  name           = each.key
  labels         = { cluster = var.name }
  cidr           = each.value.cidr
  block_size     = each.value.block_size
  ipip_mode      = lookup(local.ipip_modes, each.value.encapsulation, "Never")
  vxlan_mode     = lookup(local.vxlan_modes, each.value.encapsulation, "Never")
  nat_outgoing   = each.value.nat_outgoing
  node_selector  = each.value.node_selector
  disabled       = each.value.disabled
  take_ownership = true
}

resource "onprem_calico_bgp_peer" "this" {
  for_each = var.bgp_peers

  name             = each.key
  labels           = { cluster = var.name }
  peer_ip          = each.value.peer_ip
  as_number        = each.value.as_number
  node_selector    = each.value.node_selector
  max_restart_time = each.value.max_restart_time
  ttl_security     = each.value.ttl_security
  reachable_by     = each.value.reachable_by
  password_secret  = each.value.password_secret
  take_ownership   = true

  # Sessions start with the cluster's AS number, not with Calico's default.
  depends_on = [onprem_calico_bgp_configuration.this]
}
