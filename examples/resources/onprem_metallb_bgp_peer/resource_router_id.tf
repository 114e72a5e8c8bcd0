# All sessions show one router ID in the place of the node's address. It has to be
# the same for every peer.
resource "onprem_metallb_bgp_peer" "tor_1" {
  name         = "tokyo-tor-1"
  my_asn       = 64513
  peer_asn     = 65002
  peer_address = "192.168.2.1"
  router_id    = "192.168.2.21"
}

resource "onprem_metallb_bgp_peer" "tor_2" {
  name         = "tokyo-tor-2"
  my_asn       = 64513
  peer_asn     = 65002
  peer_address = "192.168.2.2"
  router_id    = "192.168.2.21"
}
