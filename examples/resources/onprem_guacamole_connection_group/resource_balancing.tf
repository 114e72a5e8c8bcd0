# Users connect to the group, and get whichever machine has room.
resource "onprem_guacamole_connection_group" "windows" {
  name                     = "Windows"
  type                     = "BALANCING"
  max_connections          = 3
  max_connections_per_user = 2
  enable_session_affinity  = true
}

resource "onprem_guacamole_connection" "windows" {
  for_each = { win11-a = "192.168.1.61", win11-b = "192.168.1.62" }

  name              = each.key
  parent_identifier = onprem_guacamole_connection_group.windows.identifier
  rdp               = { hostname = each.value, port = 3389, security = "nla" }
}
