import {
  to = onprem_calico_ip_pool.this
  identity = {
    name = "name"
  }
}
