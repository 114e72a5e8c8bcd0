data "onprem_harbor_label" "released" {
  name = "released"
}

data "onprem_harbor_project" "base" {
  name = "base-images"
}

data "onprem_harbor_label" "keep" {
  name       = "keep"
  project_id = data.onprem_harbor_project.base.project_id
}
