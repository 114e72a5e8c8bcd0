import {
  to = onprem_calico_bgp_peer.this
  identity = {
    name = "name"
  }
}
