list "onprem_calico_bgp_configuration" "all" {
  provider = onprem
}
