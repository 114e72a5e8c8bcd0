# By name.
terraform import onprem_calico_ip_pool.pods seoul-pods
