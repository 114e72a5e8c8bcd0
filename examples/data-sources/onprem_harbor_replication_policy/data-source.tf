data "onprem_harbor_replication_policy" "backup" {
  name = "dockerhub-backup-team1-prod"
}

output "backup_enabled" {
  value = data.onprem_harbor_replication_policy.backup.enabled
}
