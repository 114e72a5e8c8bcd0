# All pools of a site, in both families, from two racks. Within our own AS the
# route over these has preference. What was made by hand is taken over.
resource "onprem_metallb_bgp_advertisement" "site" {
  name                  = "seoul-site"
  namespace             = "metallb-system"
  local_pref            = 200
  aggregation_length_v6 = 124
  take_ownership        = true

  ip_address_pool_selectors = [{
    match_labels      = { site = "seoul" }
    match_expressions = [{ key = "announce", operator = "In", values = ["bgp", "both"] }]
  }]
  node_selectors = [{
    match_labels      = { "node.kubernetes.io/speaker" = "true" }
    match_expressions = [{ key = "rack", operator = "In", values = ["r1", "r2"] }]
  }]

  labels      = { site = "seoul" }
  annotations = { "example.internal/owner" = "network@example.internal" }
  timeouts    = { create = "1m", update = "1m", delete = "1m" }
}
