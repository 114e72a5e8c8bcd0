# A pool for services of some namespaces, chosen by labels. It was made by hand
# in MetalLB's namespace, and is taken over.
resource "onprem_metallb_ip_address_pool" "tenants" {
  name            = "tenants"
  namespace       = "metallb-system"
  addresses       = ["192.168.1.208/28"]
  avoid_buggy_ips = true
  take_ownership  = true

  service_allocation = {
    namespace_selectors = [
      { match_labels = { tenant = "team1" } },
      { match_expressions = [{ key = "tenant", operator = "In", values = ["team2", "team3"] }] },
    ]
    service_selectors = [{
      match_expressions = [{ key = "internal", operator = "NotIn", values = ["true"] }]
    }]
  }

  labels      = { site = "seoul" }
  annotations = { "example.internal/owner" = "network@example.internal" }
  timeouts    = { create = "1m", update = "1m", delete = "1m" }
}
