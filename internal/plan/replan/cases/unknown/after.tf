variable "settings" {
  type      = object({ host = string, token = string })
  sensitive = true
  default   = { host = "harbor.example.internal", token = "tok-2222-bbbb" }
}

resource "terraform_data" "source" {
  input = "two"
}

resource "terraform_data" "takes_unknown" {
  input = terraform_data.source.output
}

resource "terraform_data" "takes_sensitive" {
  input = var.settings
}

resource "terraform_data" "takes_both" {
  input = { settings = var.settings, from = terraform_data.source.output }
}
