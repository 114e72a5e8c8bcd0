# By the name of the project.
terraform import onprem_harbor_project.team1_prod team1-prod
