# Stage has no switches that speak BGP: its workers answer ARP for the services.
resource "onprem_metallb_ip_address_pool" "stage" {
  name      = "seoul-stage-internal"
  addresses = ["192.168.10.160-192.168.10.175"]
}

resource "onprem_metallb_l2_advertisement" "stage" {
  name             = "seoul-stage"
  ip_address_pools = [onprem_metallb_ip_address_pool.stage.name]
  interfaces       = ["bond0"]

  node_selectors = [{
    match_expressions = [{
      key      = "node-role.kubernetes.io/control-plane"
      operator = "DoesNotExist"
    }]
  }]
}
