import {
  to = onprem_guacamole_connection_group.this
  identity = {
    identifier = "identifier"
  }
}
