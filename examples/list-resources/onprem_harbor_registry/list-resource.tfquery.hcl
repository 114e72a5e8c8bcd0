list "onprem_harbor_registry" "all" {
  provider = onprem
}
