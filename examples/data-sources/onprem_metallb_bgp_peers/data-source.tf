data "onprem_metallb_bgp_peers" "all" {
  namespace = "metallb-system"
}

output "without_bfd" {
  value = [for p in data.onprem_metallb_bgp_peers.all.bgp_peers : p.name if p.bfd_profile == null]
}
