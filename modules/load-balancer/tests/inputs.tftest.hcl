# What is refused before MetalLB is asked.
run "pool_with_a_bad_name" {
  command = plan
  variables {
    pools = { Services = { addresses = ["172.22.4.0/28"] } }
  }
  expect_failures = [var.pools]
}

run "pool_without_addresses" {
  command = plan
  variables {
    pools = { services = { addresses = [] } }
  }
  expect_failures = [var.pools]
}

run "pool_of_one_address" {
  command = plan
  variables {
    pools = { services = { addresses = ["172.22.4.1"] } }
  }
  expect_failures = [var.pools]
}

run "range_without_an_end" {
  command = plan
  variables {
    pools = { services = { addresses = ["172.22.4.1-"] } }
  }
  expect_failures = [var.pools]
}

run "unknown_advertisement" {
  command = plan
  variables {
    pools = { services = { addresses = ["172.22.4.0/28"], advertise = "arp" } }
  }
  expect_failures = [var.pools]
}

run "bgp_without_peers" {
  command = plan
  variables {
    pools = { services = { addresses = ["172.22.4.0/28"], advertise = "bgp" } }
  }
  expect_failures = [var.pools]
}

run "interfaces_with_bgp" {
  command = plan
  variables {
    pools     = { services = { addresses = ["172.22.4.0/28"], advertise = "bgp", interfaces = ["bond0"] } }
    bgp_peers = { tor = { peer_address = "172.22.4.1", peer_asn = 65001, my_asn = 64512 } }
  }
  expect_failures = [var.pools]
}

run "communities_with_l2" {
  command = plan
  variables {
    pools = { services = { addresses = ["172.22.4.0/28"], communities = ["65001:100"] } }
  }
  expect_failures = [var.pools]
}

run "peer_that_is_a_name" {
  command = plan
  variables {
    bgp_peers = { tor = { peer_address = "tor.example.internal", peer_asn = 65001, my_asn = 64512 } }
  }
  expect_failures = [var.bgp_peers]
}

run "peer_without_an_as" {
  command = plan
  variables {
    bgp_peers = { tor = { peer_address = "172.22.4.1", peer_asn = 0, my_asn = 64512 } }
  }
  expect_failures = [var.bgp_peers]
}

run "two_as_numbers_of_its_own" {
  command = plan
  variables {
    bgp_peers = {
      tor-1 = { peer_address = "172.22.4.1", peer_asn = 65001, my_asn = 64512 }
      tor-2 = { peer_address = "172.22.4.2", peer_asn = 65001, my_asn = 64513 }
    }
  }
  expect_failures = [var.bgp_peers]
}

run "two_passwords" {
  command = plan
  variables {
    bgp_peers     = { tor = { peer_address = "172.22.4.1", peer_asn = 65001, my_asn = 64512, password_secret = "bgp", password_version = 1 } }
    bgp_passwords = { tor = "correct-horse-battery" }
  }
  expect_failures = [var.bgp_peers]
}

run "no_password_for_a_version" {
  command = plan
  variables {
    bgp_peers = { tor = { peer_address = "172.22.4.1", peer_asn = 65001, my_asn = 64512, password_version = 1 } }
  }
  expect_failures = [var.bgp_passwords]
}

run "no_version_for_a_password" {
  command = plan
  variables {
    bgp_peers     = { tor = { peer_address = "172.22.4.1", peer_asn = 65001, my_asn = 64512 } }
    bgp_passwords = { tor = "correct-horse-battery" }
  }
  expect_failures = [var.bgp_passwords]
}
