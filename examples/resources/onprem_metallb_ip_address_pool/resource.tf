# The load-balancer range of the stage environment.
resource "onprem_metallb_ip_address_pool" "stage" {
  name      = "seoul-stage"
  addresses = ["192.168.10.180-192.168.10.200"]
}

# Four addresses that only payment services get.
resource "onprem_metallb_ip_address_pool" "payments" {
  name        = "payments"
  addresses   = ["192.168.1.204/30"]
  auto_assign = false

  service_allocation = {
    priority   = 10
    namespaces = ["nicepayment-frs"]
    service_selectors = [{
      match_labels = { tier = "payment" }
    }]
  }
}
