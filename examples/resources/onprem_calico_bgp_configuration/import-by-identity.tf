import {
  to = onprem_calico_bgp_configuration.default
  identity = {
    name = "default"
  }
}
