data "onprem_guacamole_connection_groups" "all" {}

output "balancing" {
  value = [for g in data.onprem_guacamole_connection_groups.all.connection_groups : g.name if g.type == "BALANCING"]
}
