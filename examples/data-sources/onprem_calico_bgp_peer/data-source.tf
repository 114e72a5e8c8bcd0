data "onprem_calico_bgp_peer" "tor" {
  name = "seoul-tor-1"
}

output "switch" {
  value = "${data.onprem_calico_bgp_peer.tor.peer_ip}, AS ${data.onprem_calico_bgp_peer.tor.as_number}"
}
