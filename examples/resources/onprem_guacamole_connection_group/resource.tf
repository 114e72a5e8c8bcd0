resource "onprem_guacamole_connection_group" "idc" {
  name = "IDC servers"
}

resource "onprem_guacamole_connection_group" "windows" {
  name                     = "Windows"
  type                     = "BALANCING"
  max_connections          = 3
  max_connections_per_user = 2
  enable_session_affinity  = true
}

resource "onprem_guacamole_connection" "worker_01" {
  name              = "Worker-01"
  parent_identifier = onprem_guacamole_connection_group.idc.identifier

  ssh = {
    hostname = "192.168.1.21"
    port     = 22
  }
}
