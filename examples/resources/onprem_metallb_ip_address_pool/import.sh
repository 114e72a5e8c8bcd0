# By namespace and name.
terraform import onprem_metallb_ip_address_pool.stage metallb-system/seoul-stage
