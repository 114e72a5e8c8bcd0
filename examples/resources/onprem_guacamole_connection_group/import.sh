# By the names of its groups and its own, joined with "/"
terraform import onprem_guacamole_connection_group.idc "IDC servers"

# By identifier
terraform import onprem_guacamole_connection_group.idc 1
