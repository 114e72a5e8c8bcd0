list "onprem_metallb_l2_advertisement" "all" {
  provider = onprem

  config {
    namespace = "metallb-system"
  }
}
