# By the names of its groups and its own, joined with "/"
terraform import onprem_guacamole_connection.cp_01 "IDC servers/CP-01 (Control Plane, GPU)"

# By identifier
terraform import onprem_guacamole_connection.cp_01 5
