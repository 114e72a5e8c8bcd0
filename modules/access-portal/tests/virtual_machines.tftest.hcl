# The sandbox has three machines in the namespace kubevirt-test.
variables {
  groups           = { "Virtual machines" = {} }
  virtual_machines = { namespace = "kubevirt-test", group = "Virtual machines", username = "ubuntu" }

  # Terraform's tests want a value for everything ephemeral.
  ssh_private_key = ""
  rdp_password    = ""
}

run "all" {
  assert {
    condition     = toset(keys(output.virtual_machine_connections)) == toset(["test-vm-1", "test-vm-2", "ubuntu-dev-01"])
    error_message = "Each machine should have a connection, not ${join(", ", keys(output.virtual_machine_connections))}."
  }
  assert {
    condition = (
      onprem_guacamole_connection.virtual_machine["test-vm-1"].ssh.hostname == "10.244.1.21" &&
      onprem_guacamole_connection.virtual_machine["test-vm-1"].ssh.username == "ubuntu" &&
      onprem_guacamole_connection.virtual_machine["test-vm-1"].parent_identifier == output.groups["Virtual machines"]
    )
    error_message = "A machine should be reached at its own address, in the group of virtual machines."
  }
}

run "by_label" {
  variables {
    virtual_machines = { namespace = "kubevirt-test", label_selector = "team=platform" }
    ssh_username     = "operator"
  }

  assert {
    condition     = toset(keys(output.virtual_machine_connections)) == toset(["test-vm-1", "test-vm-2"])
    error_message = "The machines with the label should have connections, and no other."
  }
  assert {
    condition = (
      onprem_guacamole_connection.virtual_machine["test-vm-1"].ssh.username == "operator" &&
      onprem_guacamole_connection.virtual_machine["test-vm-1"].parent_identifier == "ROOT"
    )
    error_message = "Without an account and a group of their own they should have the common one, at the top."
  }
}
