# By its name in a group; a name may have a slash in it.
data "onprem_guacamole_connection_group" "idc" {
  name = "IDC servers"
}

data "onprem_guacamole_connection" "storage" {
  name              = "Storage A/B"
  parent_identifier = data.onprem_guacamole_connection_group.idc.identifier
}
