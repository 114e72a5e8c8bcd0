locals {
  # A pipeline that has no secret gives an empty one.
  ssh_private_key = var.ssh_private_key == "" ? null : var.ssh_private_key
  rdp_password    = var.rdp_password == "" ? null : var.rdp_password
}

resource "onprem_guacamole_connection_group" "this" {
  for_each = var.groups

  name                     = each.key
  type                     = each.value.type
  max_connections          = each.value.max_connections
  max_connections_per_user = each.value.max_connections_per_user
}

resource "onprem_guacamole_connection" "machine" {
  for_each = var.machines

  name                     = coalesce(each.value.name, each.key)
  parent_identifier        = each.value.group == null ? null : onprem_guacamole_connection_group.this[each.value.group].identifier
  max_connections          = each.value.max_connections
  max_connections_per_user = each.value.max_connections_per_user

  ssh = each.value.protocol != "ssh" ? null : {
    hostname               = each.value.address
    port                   = each.value.port
    username               = each.value.username == null ? var.ssh_username : each.value.username
    enable_sftp            = each.value.enable_sftp
    private_key_wo         = local.ssh_private_key
    private_key_wo_version = var.ssh_private_key_version
  }

  rdp = each.value.protocol != "rdp" ? null : {
    hostname            = each.value.address
    port                = each.value.port
    username            = each.value.username
    domain              = each.value.domain
    security            = each.value.security
    ignore_cert         = each.value.ignore_cert
    password_wo         = local.rdp_password
    password_wo_version = var.rdp_password_version
  }
}

# The list is read at every plan: what has started gets a connection, what has
# moved its new address, and what is gone loses it.
data "onprem_kubevirt_virtual_machine_instances" "this" {
  count = var.virtual_machines == null ? 0 : 1

  namespace      = var.virtual_machines.namespace
  label_selector = var.virtual_machines.label_selector
  with_address   = true
}

resource "onprem_guacamole_connection" "virtual_machine" {
  for_each = merge([for found in data.onprem_kubevirt_virtual_machine_instances.this : { for vm in found.instances : vm.name => vm }]...)

  name                     = each.key
  parent_identifier        = var.virtual_machines.group == null ? null : onprem_guacamole_connection_group.this[var.virtual_machines.group].identifier
  max_connections          = var.virtual_machines.max_connections
  max_connections_per_user = var.virtual_machines.max_connections_per_user

  ssh = {
    hostname               = each.value.ip_address
    username               = var.virtual_machines.username == null ? var.ssh_username : var.virtual_machines.username
    private_key_wo         = local.ssh_private_key
    private_key_wo_version = var.ssh_private_key_version
  }
}
