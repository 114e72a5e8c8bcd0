# By the names of the groups that lead to it, or by its name in one of them.
data "onprem_guacamole_connection_group" "idc" {
  path = "IDC servers"
}

data "onprem_guacamole_connection_group" "loaners" {
  name              = "Loaners"
  parent_identifier = data.onprem_guacamole_connection_group.idc.identifier
}
