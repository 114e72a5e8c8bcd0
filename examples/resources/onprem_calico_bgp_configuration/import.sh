# By name.
terraform import onprem_calico_bgp_configuration.default default
