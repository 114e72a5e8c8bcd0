# The speakers announce the addresses of services to the switch, over a session
# that BFD watches.
resource "onprem_metallb_bgp_peer" "tor" {
  name         = "seoul-tor-1"
  my_asn       = 64512
  peer_asn     = 65001
  peer_address = "192.168.1.1"
  hold_time    = "9s"
  bfd_profile  = "rack"

  password_secret = {
    name = "bgp-tor-1"
  }
  node_selectors = [{
    match_expressions = [{
      key      = "node-role.kubernetes.io/control-plane"
      operator = "DoesNotExist"
    }]
  }]
}
