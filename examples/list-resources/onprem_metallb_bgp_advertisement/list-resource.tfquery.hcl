list "onprem_metallb_bgp_advertisement" "all" {
  provider = onprem

  config {
    namespace = "metallb-system"
  }
}
