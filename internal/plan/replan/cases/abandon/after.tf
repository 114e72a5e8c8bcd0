resource "terraform_data" "project" {
  triggers_replace = "team1-prod"

  lifecycle {
    destroy = false
  }
}
