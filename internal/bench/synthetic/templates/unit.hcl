include "root" {
  path = find_in_parent_folders("root.hcl")
}

terraform {
  source = "${dirname(find_in_parent_folders("root.hcl"))}/modules//<% . %>"
}

inputs = {
  name         = values.name
  as_number    = values.as_number
  ip_pools     = { pods = { cidr = values.pod_cidr } }
  pools        = { default = { addresses = [values.lb_range] } }
  bgp_peers    = { for i, address in values.switches : "tor-${i + 1}" => { peer_ip = address, as_number = values.switch_as } }
  machines     = { for name, address in values.machines : name => { address = address } }
  node_cidr    = values.node_cidr
  service_cidr = values.service_cidr
  api_vip      = values.api_vip
}
