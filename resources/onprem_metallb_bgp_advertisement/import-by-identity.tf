import {
  to = onprem_metallb_bgp_advertisement.this
  identity = {
    name = "name"
    namespace = "namespace"
  }
}
