# By namespace and name.
terraform import onprem_metallb_bgp_advertisement.first metallb-system/tokyo-tor-1
