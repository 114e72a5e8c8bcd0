data "onprem_metallb_bgp_peer" "tor" {
  namespace = "metallb-system" # the default
  name      = "seoul-tor-1"
}

output "session" {
  value = "AS ${data.onprem_metallb_bgp_peer.tor.my_asn} to AS ${data.onprem_metallb_bgp_peer.tor.peer_asn}"
}
