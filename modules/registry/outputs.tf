output "projects" {
  description = "Ids of the projects, by name."
  value       = { for name, project in onprem_harbor_project.this : name => project.project_id }
}

output "registries" {
  description = "Ids of the registries, by name."
  value       = { for name, registry in onprem_harbor_registry.this : name => registry.id }
}

output "replications" {
  description = "Ids of the replication policies, by name."
  value       = { for name, policy in onprem_harbor_replication_policy.this : name => policy.id }
}
