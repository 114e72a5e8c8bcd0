output "services" {
  description = "Ids of the services, by name."
  value       = { for name, service in onprem_kong_service.this : name => service.id }
}

output "routes" {
  description = "Ids of the routes, by name."
  value       = { for name, route in onprem_kong_route.this : name => route.id }
}
