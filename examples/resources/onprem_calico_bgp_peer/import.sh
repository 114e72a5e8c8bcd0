# By name.
terraform import onprem_calico_bgp_peer.tor seoul-tor-1
