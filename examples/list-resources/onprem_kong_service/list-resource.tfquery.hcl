list "onprem_kong_service" "all" {
  provider = onprem
}
