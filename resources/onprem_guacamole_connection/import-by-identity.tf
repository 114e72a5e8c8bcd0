import {
  to = onprem_guacamole_connection.this
  identity = {
    identifier = "identifier"
  }
}
