data "onprem_harbor_registries" "all" {}

output "of_other_harbors" {
  value = { for r in data.onprem_harbor_registries.all.registries : r.name => r.url if r.type == "harbor" }
}
