# All nodes peer with those that reflect routes. The object that a script had
# made is taken over.
resource "onprem_calico_bgp_peer" "reflectors" {
  name           = "route-reflectors"
  peer_selector  = "route-reflector == 'true'"
  take_ownership = true

  labels      = { site = "seoul" }
  annotations = { "example.internal/owner" = "network@example.internal" }
  timeouts    = { create = "1m", update = "1m", delete = "1m" }
}
