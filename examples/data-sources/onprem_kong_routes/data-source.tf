data "onprem_kong_routes" "all" {}

output "hosts" {
  value = distinct(flatten([for r in data.onprem_kong_routes.all.routes : r.hosts if r.hosts != null]))
}
