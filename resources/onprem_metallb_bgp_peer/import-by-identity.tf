import {
  to = onprem_metallb_bgp_peer.this
  identity = {
    name = "name"
    namespace = "namespace"
  }
}
