# Calico routes the pods' addresses, MetalLB announces those of the services.
# Both speak BGP with the switches.
#
# take_ownership: what somebody edits by hand is put back at the next apply.

locals {
  as_number = 64512 # this site's own

  switches = {
    tor-1 = "192.168.1.1"
    tor-2 = "192.168.1.2"
  }
  switches_as_number = 65001
}

resource "onprem_calico_ip_pool" "pods" {
  name           = "pods"
  cidr           = "10.244.0.0/16"
  block_size     = 26
  nat_outgoing   = true
  take_ownership = true
}

resource "onprem_calico_bgp_peer" "tor" {
  for_each = local.switches

  name           = each.key
  peer_ip        = each.value
  as_number      = local.switches_as_number
  take_ownership = true
}

# The site in Tokyo, through its gateway.
resource "onprem_calico_bgp_peer" "tokyo" {
  name           = "tokyo"
  peer_ip        = "203.0.113.1"
  as_number      = 64513
  take_ownership = true
}

# The bank's router, from the nodes that run payments and from no other.
resource "onprem_calico_bgp_peer" "bank" {
  name           = "bank"
  peer_ip        = "192.168.1.254"
  as_number      = 65000
  node_selector  = "service == 'payment'"
  take_ownership = true
}

resource "onprem_metallb_ip_address_pool" "services" {
  name           = "services"
  addresses      = ["192.168.1.180-192.168.1.200"]
  take_ownership = true
}

resource "onprem_metallb_bgp_peer" "tor" {
  for_each = local.switches

  name           = each.key
  my_asn         = local.as_number
  peer_asn       = local.switches_as_number
  peer_address   = each.value
  take_ownership = true
}
