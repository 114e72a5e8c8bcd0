import {
  to = onprem_calico_bgp_peer.tor
  identity = {
    name = "seoul-tor-1"
  }
}
