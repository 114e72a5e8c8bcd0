# Another Harbor, with a certificate of the company's own authority, which it
# can be given since Harbor 2.15.
variable "company_ca" {
  type        = string
  description = "Certificate of the company's authority, in PEM form."
}

resource "onprem_harbor_registry" "stage" {
  name            = "stage"
  type            = "harbor"
  url             = "https://harbor.stage.example.internal"
  ca_certificate  = var.company_ca
  credential_type = "basic"
}
