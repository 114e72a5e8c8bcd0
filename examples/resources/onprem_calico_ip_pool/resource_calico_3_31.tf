# Addresses for services, and pods of one team: needs Calico 3.31.
resource "onprem_calico_ip_pool" "services" {
  name            = "seoul-services"
  cidr            = "192.168.1.180/30"
  block_size      = 32
  allowed_uses    = ["LoadBalancer"]
  assignment_mode = "Automatic"
}

resource "onprem_calico_ip_pool" "payments" {
  name               = "seoul-payments"
  cidr               = "10.248.0.0/20"
  allowed_uses       = ["Workload"]
  namespace_selector = "team == 'payments'"
}
