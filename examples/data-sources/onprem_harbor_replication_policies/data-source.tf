data "onprem_harbor_replication_policies" "all" {}

output "paused" {
  value = [for p in data.onprem_harbor_replication_policies.all.replication_policies : p.name if !p.enabled]
}
