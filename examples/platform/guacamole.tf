locals {
  machines = {
    cp-01     = { address = "192.168.1.11", title = "CP-01 (Control Plane, GPU)" }
    cp-02     = { address = "192.168.1.12", title = "CP-02 (Control Plane)" }
    cp-03     = { address = "192.168.1.13", title = "CP-03 (Control Plane)" }
    worker-01 = { address = "192.168.1.21", title = "Worker-01 (databases)" }
    worker-02 = { address = "192.168.1.22", title = "Worker-02 (databases)" }
    gpu-01    = { address = "192.168.1.31", title = "GPU-01 (Titan)" }
    gpu-02    = { address = "192.168.1.32", title = "GPU-02 (T4)" }
  }
}

resource "onprem_guacamole_connection_group" "servers" {
  name = "IDC servers"
}

resource "onprem_guacamole_connection_group" "virtual_machines" {
  name = "Virtual machines"
}

resource "onprem_guacamole_connection_group" "windows" {
  name = "Windows"
  type = "BALANCING"
}

resource "onprem_guacamole_connection" "machine" {
  for_each = local.machines

  name                     = each.value.title
  parent_identifier        = onprem_guacamole_connection_group.servers.identifier
  max_connections          = 5
  max_connections_per_user = 3

  ssh = {
    hostname               = each.value.address
    port                   = 22
    username               = "ubuntu"
    private_key_wo         = var.ssh_private_key
    private_key_wo_version = var.secrets_version
  }
}

# One for every virtual machine that runs; the list is read at every plan.
data "onprem_kubevirt_virtual_machine_instances" "development" {
  namespace    = "kubevirt-test"
  with_address = true
}

resource "onprem_guacamole_connection" "virtual_machine" {
  for_each = { for vm in data.onprem_kubevirt_virtual_machine_instances.development.instances : vm.name => vm }

  name              = each.key
  parent_identifier = onprem_guacamole_connection_group.virtual_machines.identifier

  ssh = {
    hostname               = each.value.ip_address
    port                   = 22
    username               = "ubuntu"
    private_key_wo         = var.ssh_private_key
    private_key_wo_version = var.secrets_version
  }
}

resource "onprem_guacamole_connection" "win11" {
  name                     = "win11"
  parent_identifier        = onprem_guacamole_connection_group.windows.identifier
  max_connections          = 3
  max_connections_per_user = 2

  rdp = {
    hostname            = "192.168.1.41"
    port                = 3389
    security            = "nla"
    ignore_cert         = true
    username            = "Administrator"
    password_wo         = var.windows_password
    password_wo_version = var.secrets_version
  }
}
