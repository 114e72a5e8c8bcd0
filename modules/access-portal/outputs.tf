output "groups" {
  description = "Identifiers of the connection groups, by name."
  value       = { for name, group in onprem_guacamole_connection_group.this : name => group.identifier }
}

output "connections" {
  description = "Identifiers of the connections to machines, by key."
  value       = { for key, connection in onprem_guacamole_connection.machine : key => connection.identifier }
}

output "virtual_machine_connections" {
  description = "Identifiers of the connections to virtual machines, by name."
  value       = { for name, connection in onprem_guacamole_connection.virtual_machine : name => connection.identifier }
}
