# For the images of every project.
resource "onprem_harbor_label" "released" {
  name        = "released"
  description = "May be deployed to production"
  color       = "#48960C"
}

resource "onprem_harbor_project" "team1" {
  name = "team1-prod"
}

resource "onprem_harbor_label" "keep" {
  name       = "keep"
  project_id = onprem_harbor_project.team1.project_id
}
