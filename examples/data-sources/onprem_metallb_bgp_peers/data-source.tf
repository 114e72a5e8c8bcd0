data "onprem_metallb_bgp_peers" "all" {
  namespace = "metallb-system" # all namespaces without it
}

output "peers_of_rack_9" {
  value = { for peer in data.onprem_metallb_bgp_peers.all.bgp_peers : peer.name => peer.peer_address if try(peer.labels["rack"], "") == "r9" }
}
