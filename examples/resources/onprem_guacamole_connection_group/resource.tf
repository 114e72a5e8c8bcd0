# A folder with another one in it, which may be destroyed with all it holds.
resource "onprem_guacamole_connection_group" "idc" {
  name = "IDC servers"
}

resource "onprem_guacamole_connection_group" "loaners" {
  name              = "Loaners"
  parent_identifier = onprem_guacamole_connection_group.idc.identifier
  force_destroy     = true
}

resource "onprem_guacamole_connection" "worker_01" {
  name              = "Worker-01"
  parent_identifier = onprem_guacamole_connection_group.idc.identifier

  ssh = {
    hostname = "192.168.1.21"
    port     = 22
  }
}
