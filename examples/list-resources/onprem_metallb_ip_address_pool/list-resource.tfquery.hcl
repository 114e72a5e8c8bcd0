list "onprem_metallb_ip_address_pool" "all" {
  provider = onprem

  config {
    namespace = "metallb-system"
  }
}
