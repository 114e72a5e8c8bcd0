# All pools of a site, now and in future, are announced by the nodes of one rack
# that are not being repaired. What was made by hand is taken over.
resource "onprem_metallb_l2_advertisement" "rack" {
  name           = "rack-r1"
  namespace      = "metallb-system"
  take_ownership = true

  ip_address_pool_selectors = [{
    match_labels      = { site = "seoul" }
    match_expressions = [{ key = "announce", operator = "NotIn", values = ["bgp"] }]
  }]
  node_selectors = [{
    match_labels      = { rack = "r1" }
    match_expressions = [{ key = "maintenance", operator = "NotIn", values = ["planned", "now"] }]
  }]

  labels      = { site = "seoul" }
  annotations = { "example.internal/owner" = "network@example.internal" }
  timeouts    = { create = "1m", update = "1m", delete = "1m" }
}
