list "onprem_calico_ip_pool" "all" {
  provider = onprem
}
