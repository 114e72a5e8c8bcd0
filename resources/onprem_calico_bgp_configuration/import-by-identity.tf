import {
  to = onprem_calico_bgp_configuration.this
  identity = {
    name = "name"
  }
}
