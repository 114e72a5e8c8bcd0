list "onprem_harbor_replication_policy" "all" {
  provider = onprem
}
