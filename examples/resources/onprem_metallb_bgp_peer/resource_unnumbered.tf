# A switch without addresses on the link, found over an interface, in a VRF; any
# external AS will do. What was made by hand is taken over.
resource "onprem_metallb_bgp_peer" "leaf" {
  name           = "leaf-1"
  namespace      = "metallb-system"
  my_asn         = 64512
  dynamic_asn    = "external"
  interface      = "bond0"
  vrf            = "services"
  disable_mp     = false
  take_ownership = true

  password_secret = { name = "bgp-leaf-1", namespace = "metallb-system" }
  node_selectors = [{
    match_labels      = { rack = "r1" }
    match_expressions = [{ key = "maintenance", operator = "NotIn", values = ["planned", "now"] }]
  }]

  labels      = { site = "seoul" }
  annotations = { "example.internal/owner" = "network@example.internal" }
  timeouts    = { create = "1m", update = "1m", delete = "1m" }
}
