import {
  to = onprem_calico_ip_pool.pods
  identity = {
    name = "seoul-pods"
  }
}
