list "onprem_metallb_bfd_profile" "all" {
  provider = onprem

  config {
    namespace = "metallb-system"
  }
}
