list "onprem_metallb_bgp_peer" "all" {
  provider = onprem

  config {
    namespace = "metallb-system"
  }
}
