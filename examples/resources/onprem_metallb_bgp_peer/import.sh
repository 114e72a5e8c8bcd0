# By namespace and name.
terraform import onprem_metallb_bgp_peer.tor metallb-system/seoul-tor-1
