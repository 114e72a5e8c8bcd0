# What is refused before Guacamole is asked.
variables {
  groups = { "IDC servers" = {} }
}

run "unknown_type_of_group" {
  command = plan
  variables {
    groups = { Windows = { type = "balancing" } }
  }
  expect_failures = [var.groups]
}

run "unknown_protocol" {
  command = plan
  variables {
    machines = { cp-01 = { address = "192.168.1.11", protocol = "SSH" } }
  }
  expect_failures = [var.machines]
}

run "unknown_group" {
  command = plan
  variables {
    machines = { cp-01 = { address = "192.168.1.11", group = "Servers" } }
  }
  expect_failures = [var.machines]
}

run "rdp_settings_with_ssh" {
  command = plan
  variables {
    machines = { cp-01 = { address = "192.168.1.11", ignore_cert = true } }
  }
  expect_failures = [var.machines]
}

run "ssh_settings_with_rdp" {
  command = plan
  variables {
    machines = { win11 = { address = "192.168.1.41", protocol = "rdp", enable_sftp = true } }
  }
  expect_failures = [var.machines]
}

run "same_name_twice" {
  command = plan
  variables {
    machines = { cp-01 = { address = "192.168.1.11" }, copy = { address = "192.168.1.12", name = "cp-01" } }
  }
  expect_failures = [var.machines]
}

run "virtual_machines_in_an_unknown_group" {
  command = plan
  variables {
    virtual_machines = { namespace = "kubevirt-test", group = "Servers" }
  }
  expect_failures = [var.virtual_machines]
}

run "key_without_version" {
  command = plan
  variables {
    ssh_private_key = "a private key"
  }
  expect_failures = [var.ssh_private_key]
}

run "password_without_version" {
  command = plan
  variables {
    rdp_password = "a password"
  }
  expect_failures = [var.rdp_password]
}
