variable "settings" {
  type      = object({ host = string, token = string })
  sensitive = true
  default   = { host = "harbor.stage.example.internal", token = "tok-1111-aaaa" }
}

resource "terraform_data" "source" {
  input = "one"
}

resource "terraform_data" "takes_unknown" {
  input = { host = "10.0.0.1", ports = [80, 443] }
}

resource "terraform_data" "takes_sensitive" {
  input = var.settings
}
