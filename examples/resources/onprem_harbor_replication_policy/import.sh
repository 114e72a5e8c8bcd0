# By the name of the policy, or by its number.
terraform import onprem_harbor_replication_policy.backup dockerhub-backup-team1-prod
terraform import onprem_harbor_replication_policy.mirror 2
