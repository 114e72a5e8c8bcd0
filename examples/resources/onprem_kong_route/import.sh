# By name or by id.
terraform import onprem_kong_route.portal portal
terraform import onprem_kong_route.portal 1d6f7c0a-8b1e-4a53-b9d2-0f5e6a7c8d21
