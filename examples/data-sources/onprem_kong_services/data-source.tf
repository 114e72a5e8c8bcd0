data "onprem_kong_services" "all" {}

output "without_tls" {
  value = [for s in data.onprem_kong_services.all.services : s.name if s.protocol == "http"]
}
