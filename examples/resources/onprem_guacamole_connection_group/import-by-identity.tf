import {
  to = onprem_guacamole_connection_group.idc
  identity = {
    identifier = "1"
  }
}
