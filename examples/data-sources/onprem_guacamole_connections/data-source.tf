data "onprem_guacamole_connections" "all" {}

output "ssh_hosts" {
  value = { for c in data.onprem_guacamole_connections.all.connections : c.name => c.ssh.hostname if c.ssh != null }
}
