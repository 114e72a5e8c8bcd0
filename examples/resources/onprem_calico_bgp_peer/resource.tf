# Every node peers with the top-of-rack switch.
resource "onprem_calico_bgp_peer" "tor" {
  name             = "seoul-tor-1"
  peer_ip          = "192.168.1.1"
  as_number        = 65001
  max_restart_time = "120s"
}

# Only nodes that serve payments peer with the bank's router.
resource "onprem_calico_bgp_peer" "bank" {
  name          = "bank"
  peer_ip       = "192.168.1.254"
  as_number     = 65000
  node_selector = "service == 'payment'"
  ttl_security  = 1

  password_secret = {
    name     = "bgp-passwords"
    key      = "bank"
    optional = false
  }
}
