import {
  to = onprem_metallb_ip_address_pool.this
  identity = {
    name = "name"
    namespace = "namespace"
  }
}
