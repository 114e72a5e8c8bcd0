# The switch knows the cluster by an older AS number: needs MetalLB 0.16.
resource "onprem_metallb_bgp_peer" "tor_2" {
  name         = "seoul-tor-2"
  my_asn       = 64512
  local_asn    = 64519
  peer_asn     = 65001
  peer_address = "192.168.1.2"
}
