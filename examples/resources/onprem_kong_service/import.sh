# By name or by id.
terraform import onprem_kong_service.frs frs-api
terraform import onprem_kong_service.frs 8f0e2f6c-51a7-4f0e-9a55-2f6f3c1f9d10
