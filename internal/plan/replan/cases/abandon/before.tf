resource "terraform_data" "project" {
  triggers_replace = "team1-dev"

  lifecycle {
    destroy = false
  }
}
