data "onprem_calico_bgp_peers" "all" {}

output "peers_of_tokyo" {
  value = { for peer in data.onprem_calico_bgp_peers.all.bgp_peers : peer.name => peer.peer_ip if try(peer.labels["site"], "") == "tokyo" }
}
