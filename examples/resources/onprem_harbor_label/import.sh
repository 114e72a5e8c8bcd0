# By name, that of a project after the project's name; or by number.
terraform import onprem_harbor_label.released released
terraform import onprem_harbor_label.keep team1-prod/keep
terraform import onprem_harbor_label.keep 7
