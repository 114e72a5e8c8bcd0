data "onprem_kubevirt_virtual_machine_instances" "ubuntu" {
  namespace      = "kubevirt-test"
  label_selector = "os=ubuntu"
  phase          = "Running"
  with_address   = true
}

# One SSH connection per virtual machine.
resource "onprem_guacamole_connection" "vm" {
  for_each = { for vm in data.onprem_kubevirt_virtual_machine_instances.ubuntu.instances : vm.name => vm }

  name = each.key
  ssh = {
    hostname = each.value.ip_address
    username = "ubuntu"
  }
}
