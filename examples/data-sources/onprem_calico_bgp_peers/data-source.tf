data "onprem_calico_bgp_peers" "all" {}

# What the router of each session has to know.
output "sessions" {
  value = { for p in data.onprem_calico_bgp_peers.all.bgp_peers : p.name => p.as_number if p.peer_ip != null }
}
