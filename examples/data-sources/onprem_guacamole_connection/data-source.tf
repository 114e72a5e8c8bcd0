# By the names of the groups that lead to it, and its own.
data "onprem_guacamole_connection" "cp_01" {
  path = "IDC servers/CP-01 (Control Plane, GPU)"
}

output "cp_01_address" {
  value = data.onprem_guacamole_connection.cp_01.ssh.hostname
}
