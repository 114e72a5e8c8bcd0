# By namespace and name.
terraform import onprem_metallb_l2_advertisement.stage metallb-system/seoul-stage
