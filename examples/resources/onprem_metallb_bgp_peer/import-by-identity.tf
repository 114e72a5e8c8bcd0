import {
  to = onprem_metallb_bgp_peer.tor
  identity = {
    namespace = "metallb-system"
    name      = "seoul-tor-1"
  }
}
