import {
  to = onprem_metallb_ip_address_pool.stage
  identity = {
    namespace = "metallb-system"
    name      = "seoul-stage"
  }
}
