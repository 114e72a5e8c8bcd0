# What is refused before Calico is asked.
variables {
  name      = "prod-seoul"
  as_number = 64512
}

run "name_in_capitals" {
  command = plan
  variables {
    name = "Prod Seoul"
  }
  expect_failures = [var.name]
}

run "as_number_too_large" {
  command = plan
  variables {
    as_number = 4294967296
  }
  expect_failures = [var.as_number]
}

run "as_number_with_a_fraction" {
  command = plan
  variables {
    as_number = 65001.10
  }
  expect_failures = [var.as_number]
}

run "neither_mesh_nor_peers" {
  command = plan
  variables {
    node_to_node_mesh = false
    ip_pools          = { pods = { cidr = "172.20.0.0/16" } }
  }
  expect_failures = [var.node_to_node_mesh]
}

run "vxlan_needs_neither" {
  command = plan
  variables {
    node_to_node_mesh = false
    ip_pools          = { pods = { cidr = "172.20.0.0/16", encapsulation = "VXLAN" } }
  }
}

run "pool_with_host_bits" {
  command = plan
  variables {
    ip_pools = { pods = { cidr = "172.20.0.1/16" } }
  }
  expect_failures = [var.ip_pools]
}

run "pool_that_is_an_address" {
  command = plan
  variables {
    ip_pools = { pods = { cidr = "172.20.0.1" } }
  }
  expect_failures = [var.ip_pools]
}

run "pool_with_a_bad_name" {
  command = plan
  variables {
    ip_pools = { Pods = { cidr = "172.20.0.0/16" } }
  }
  expect_failures = [var.ip_pools]
}

run "block_size_of_the_other_family" {
  command = plan
  variables {
    ip_pools = { pods = { cidr = "2001:db8::/64", block_size = 26 } }
  }
  expect_failures = [var.ip_pools]
}

run "unknown_encapsulation" {
  command = plan
  variables {
    ip_pools = { pods = { cidr = "172.20.0.0/16", encapsulation = "vxlan" } }
  }
  expect_failures = [var.ip_pools]
}

run "peer_that_is_a_network" {
  command = plan
  variables {
    bgp_peers = { tor = { peer_ip = "192.168.1.0/24", as_number = 65001 } }
  }
  expect_failures = [var.bgp_peers]
}

run "peer_that_is_a_name" {
  command = plan
  variables {
    bgp_peers = { tor = { peer_ip = "tor.example.internal", as_number = 65001 } }
  }
  expect_failures = [var.bgp_peers]
}

run "peers_of_every_spelling" {
  command = plan
  variables {
    bgp_peers = {
      v4      = { peer_ip = "192.168.1.1", as_number = 65001 }
      v4-port = { peer_ip = "192.168.1.1:1790", as_number = 65001 }
      v6      = { peer_ip = "2001:db8::1", as_number = 65001 }
      v6-port = { peer_ip = "[2001:db8::1]:1790", as_number = 65001 }
    }
  }
}

run "peer_without_an_as" {
  command = plan
  variables {
    bgp_peers = { tor = { peer_ip = "192.168.1.1", as_number = 0 } }
  }
  expect_failures = [var.bgp_peers]
}

run "services_that_are_addresses" {
  command = plan
  variables {
    service_cidrs             = ["10.96.0.1"]
    service_load_balancer_ips = ["192.168.1.180-192.168.1.200"]
  }
  expect_failures = [var.service_cidrs, var.service_load_balancer_ips]
}

run "checks_across_sites" {
  command = plan
  variables {
    node_cidr    = "192.168.1.1"
    service_cidr = "10.96.0.0"
    api_vip      = "192.168.1.0/24"
  }
  expect_failures = [var.node_cidr, var.service_cidr, var.api_vip]
}
