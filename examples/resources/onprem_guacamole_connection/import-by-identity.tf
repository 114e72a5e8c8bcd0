import {
  to = onprem_guacamole_connection.cp_01
  identity = {
    identifier = "5"
  }
}
