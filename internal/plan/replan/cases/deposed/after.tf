resource "terraform_data" "pool" {
  input = "10.64.0.0/16"
}
