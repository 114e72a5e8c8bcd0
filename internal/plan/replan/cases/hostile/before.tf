resource "terraform_data" "text" {
  input = "first\nsecond\n"
}
