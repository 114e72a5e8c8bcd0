variable "password" {
  type      = string
  sensitive = true
  default   = "kR7#vq2!Lw9z"
}

resource "terraform_data" "flagged" {
  input = { username = "ci-push", password = "old-kR7-password" }
}

resource "terraform_data" "unflagged" {
  input = "postgres://app:old-kR7-password@db.example.internal/app"
}
