variable "password" {
  type      = string
  sensitive = true
  default   = "kR7#vq2!Lw9z"
}

variable "key" {
  type      = string
  sensitive = true
  default   = <<-EOT
    -----BEGIN PRIVATE KEY-----
    MC4CAQAwBQYDK2VwBCIEIJ0xyZ2Wm3lS5bq8tN4cFakeFakeFakeFakeFakeFake
    -----END PRIVATE KEY-----
  EOT
}

variable "pin" {
  type      = number
  sensitive = true
  default   = 4815162342
}

locals {
  # The same values without their mark, as a provider that copies them gives.
  password = nonsensitive(var.password)
  pin      = nonsensitive(var.pin)
}

resource "terraform_data" "flagged" {
  input = { username = "ci-push", password = var.password, pin = var.pin }
}

resource "terraform_data" "unflagged" {
  input = "postgres://app:${local.password}@db.example.internal/app"
}

resource "terraform_data" "in_json" {
  input = jsonencode({ auths = { "harbor.example.internal" = { auth = base64encode("ci-push:${local.password}") } }, pin = local.pin })
}

resource "terraform_data" "in_yaml" {
  input = "tls:\n  key: |\n    ${indent(4, nonsensitive(var.key))}"
}

resource "terraform_data" "in_base64" {
  input = [base64encode(local.password), urlencode(local.password), "pin ${local.pin}"]
}

resource "terraform_data" "in_key" {
  for_each = toset([local.password])
  input    = { (each.key) = "as a key of a map" }
}

output "connection" {
  value = "user=app password=${local.password}"
}

output "password" {
  value     = var.password
  sensitive = true
}
