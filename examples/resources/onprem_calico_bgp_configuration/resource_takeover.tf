# The configuration that the installation made is taken over.
resource "onprem_calico_bgp_configuration" "default" {
  as_number      = 64512
  take_ownership = true

  labels      = { site = "seoul" }
  annotations = { "example.internal/owner" = "network@example.internal" }
  timeouts    = { create = "1m", update = "1m", delete = "1m" }
}
