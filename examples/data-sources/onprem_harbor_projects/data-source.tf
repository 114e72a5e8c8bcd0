data "onprem_harbor_projects" "all" {}

output "public" {
  value = [for p in data.onprem_harbor_projects.all.projects : p.name if p.public]
}
