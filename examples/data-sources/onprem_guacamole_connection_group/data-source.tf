# By its name, at the top.
data "onprem_guacamole_connection_group" "virtual_machines" {
  name = "Virtual machines"
}

resource "onprem_guacamole_connection" "test_vm_1" {
  name              = "test-vm-1"
  parent_identifier = data.onprem_guacamole_connection_group.virtual_machines.identifier

  ssh = { hostname = "10.244.3.17" }
}
