list "onprem_guacamole_connection_group" "all" {
  provider = onprem
}
