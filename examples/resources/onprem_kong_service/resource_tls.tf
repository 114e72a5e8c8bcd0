# The bank's API: both sides show a certificate. It is prepared, and served from
# the day on which `enabled` is taken away.
resource "onprem_kong_service" "bank" {
  name    = "bank-api"
  url     = "https://api.bank.example.com/v1"
  enabled = false

  tls_verify         = true
  tls_verify_depth   = 2
  ca_certificates    = ["8f2f3f60-4a8b-4a53-a1d2-7d1f9c0f8a11"]
  client_certificate = { id = "f2a4d0b1-6c3e-4d57-9a0e-3b8f5c1d7e62" }
}
