variables {
  groups = {
    "IDC servers" = {}
    Windows       = { type = "BALANCING", max_connections = 3 }
  }

  machines = merge(
    { for key, m in {
      cp-01     = { address = "192.168.1.11", name = "CP-01 (Control Plane, GPU)" }
      cp-02     = { address = "192.168.1.12", name = "CP-02 (Control Plane)" }
      worker-01 = { address = "192.168.1.21", name = "Worker-01 (databases)" }
    } : key => merge(m, { group = "IDC servers", max_connections = 5, max_connections_per_user = 3 }) },
    {
      win11 = {
        address     = "192.168.1.41"
        group       = "Windows"
        protocol    = "rdp"
        username    = "Administrator"
        security    = "nla"
        ignore_cert = true
      }
      jump = { address = "jump.example.internal", port = 2222, username = "operator", enable_sftp = true }
    },
  )

  ssh_username            = "ubuntu"
  ssh_private_key         = "a private key"
  ssh_private_key_version = 1
  rdp_password            = "a password"
  rdp_password_version    = 1
}

run "everything" {
  assert {
    condition     = length(output.groups) == 2 && length(output.connections) == 5 && length(output.virtual_machine_connections) == 0
    error_message = "There should be 2 groups and 5 connections."
  }
  assert {
    condition = (
      onprem_guacamole_connection.machine["cp-01"].name == "CP-01 (Control Plane, GPU)" &&
      onprem_guacamole_connection.machine["cp-01"].parent_identifier == output.groups["IDC servers"] &&
      onprem_guacamole_connection.machine["jump"].name == "jump" &&
      onprem_guacamole_connection.machine["jump"].parent_identifier == "ROOT"
    )
    error_message = "A machine should have its name and its group, or else its key and the top."
  }
  assert {
    condition = (
      onprem_guacamole_connection.machine["cp-01"].ssh.username == "ubuntu" &&
      onprem_guacamole_connection.machine["jump"].ssh.username == "operator"
    )
    error_message = "The account should be the common one where the machine has none of its own."
  }
  assert {
    condition = (
      onprem_guacamole_connection.machine["win11"].ssh == null &&
      onprem_guacamole_connection.machine["win11"].rdp.security == "nla" &&
      onprem_guacamole_connection.machine["cp-01"].rdp == null
    )
    error_message = "Each machine should have its own protocol alone."
  }
}

run "renamed_without_secrets" {
  variables {
    groups               = { "IDC servers" = {} }
    machines             = { cp-01 = { address = "192.168.1.11", name = "CP-01", group = "IDC servers" } }
    ssh_private_key      = ""
    rdp_password         = ""
    rdp_password_version = null
  }

  assert {
    condition     = keys(output.connections) == ["cp-01"] && onprem_guacamole_connection.machine["cp-01"].name == "CP-01"
    error_message = "The machine should have its new name, and a key of the same version should not be needed."
  }
}

run "users_give_their_own_password" {
  variables {
    machines                = { cp-02 = { address = "192.168.1.12" }, win11 = { address = "192.168.1.41", protocol = "rdp" } }
    ssh_private_key         = ""
    ssh_private_key_version = null
    rdp_password            = ""
    rdp_password_version    = null
  }

  assert {
    condition     = length(output.connections) == 2
    error_message = "Connections should need no secrets."
  }
}
