list "onprem_calico_bgp_peer" "all" {
  provider = onprem
}
