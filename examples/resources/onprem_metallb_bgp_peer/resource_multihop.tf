# A route server two hops away, at a port of its own, by password. It takes and
# gives routes of both families, and keeps them while a speaker restarts.
variable "bgp_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "onprem_metallb_bgp_peer" "route_server" {
  name           = "route-server"
  my_asn         = 64512
  peer_asn       = 65009
  peer_address   = "203.0.113.9"
  peer_port      = 1790
  source_address = "192.168.1.21"
  ebgp_multi_hop = true

  password_wo         = var.bgp_password
  password_wo_version = 1

  hold_time                 = "30s"
  keepalive_time            = "10s"
  connect_time              = "5s"
  enable_graceful_restart   = true
  dual_stack_address_family = true
}
