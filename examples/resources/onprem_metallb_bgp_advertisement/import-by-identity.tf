import {
  to = onprem_metallb_bgp_advertisement.first
  identity = {
    namespace = "metallb-system"
    name      = "tokyo-tor-1"
  }
}
