# By the name of the registry, or by its number.
terraform import onprem_harbor_registry.dockerhub dockerhub
terraform import onprem_harbor_registry.legacy 2
