list "onprem_harbor_label" "all" {
  provider = onprem

  config {
    project_id = 1
  }
}
