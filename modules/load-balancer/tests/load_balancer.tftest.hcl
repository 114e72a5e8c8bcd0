variables {
  cluster = "prod-seoul"
}

# Production announces its addresses to both switches by BGP.
run "bgp" {
  variables {
    pools = {
      services = { addresses = ["172.22.0.180-172.22.0.200"], advertise = "bgp" }
      payments = { addresses = ["172.22.1.0/28"], advertise = "bgp", auto_assign = false, aggregation_length = 28, communities = ["65001:100"] }
      internal = { addresses = ["172.22.2.0/28", "172.22.3.0-172.22.3.9"] }
      routed   = { addresses = ["2001:db8:22::/120"], advertise = "none", avoid_buggy_ips = true }
    }
    bgp_peers = {
      seoul-tor-1 = { peer_address = "172.22.0.1", peer_asn = 65001, my_asn = 64512, bfd = true, hold_time = "9s", password_secret = "bgp-tor-1" }
      seoul-tor-2 = { peer_address = "172.22.0.2", peer_asn = 65001, my_asn = 64512, bfd = true, password_version = 1 }
      seoul-core  = { peer_address = "172.22.0.3", peer_asn = 65003, my_asn = 64512, ebgp_multi_hop = true }
    }
    bgp_passwords = { seoul-tor-2 = "correct-horse-battery" }
  }
  assert {
    condition     = output.pools["internal"] == tolist(["172.22.2.0/28", "172.22.3.0-172.22.3.9"]) && length(output.pools) == 4
    error_message = "The outputs should have the addresses of all four pools."
  }
  assert {
    condition     = output.bgp_peers == { seoul-tor-1 = "172.22.0.1", seoul-tor-2 = "172.22.0.2", seoul-core = "172.22.0.3" }
    error_message = "The outputs should have the addresses of all routers."
  }
  assert {
    condition     = keys(onprem_metallb_bgp_advertisement.this) == ["payments", "services"] && keys(onprem_metallb_l2_advertisement.this) == ["internal"]
    error_message = "Each pool should be announced once, in its way, and one not at all."
  }
  assert {
    condition = (
      onprem_metallb_bgp_advertisement.this["payments"].aggregation_length == 28 &&
      onprem_metallb_bgp_advertisement.this["payments"].peers == tolist(["seoul-core", "seoul-tor-1", "seoul-tor-2"])
    )
    error_message = "The payments' pool should be announced to all routers, as one route."
  }
  assert {
    condition = (
      onprem_metallb_bgp_peer.this["seoul-tor-1"].bfd_profile == one(onprem_metallb_bfd_profile.this).name &&
      onprem_metallb_bgp_peer.this["seoul-core"].bfd_profile == null
    )
    error_message = "BFD should watch the sessions with the switches, and no other."
  }
  assert {
    condition     = onprem_metallb_bgp_peer.this["seoul-tor-2"].password_wo == null
    error_message = "The state should not have the password."
  }
}

# A profile that no session needs any more goes after they have let go of it.
run "without_bfd" {
  variables {
    pools         = { services = { addresses = ["172.22.0.180-172.22.0.200"], advertise = "bgp" } }
    bgp_peers     = { seoul-tor-1 = { peer_address = "172.22.0.1", peer_asn = 65001, my_asn = 64512 } }
    bgp_passwords = {}
  }
  assert {
    condition     = onprem_metallb_bgp_peer.this["seoul-tor-1"].bfd_profile == null && length(onprem_metallb_bfd_profile.this) == 0
    error_message = "Nothing of BFD should be left."
  }
}

# Stage announces its own by L2. What BGP needed is taken down in the right order.
run "l2" {
  variables {
    pools         = { services = { addresses = ["172.22.0.180-172.22.0.200"], interfaces = ["bond0"] } }
    bgp_passwords = {}
  }
  assert {
    condition = (
      onprem_metallb_l2_advertisement.this["services"].interfaces == tolist(["bond0"]) &&
      length(onprem_metallb_bgp_advertisement.this) == 0 && length(onprem_metallb_bfd_profile.this) == 0 && length(output.bgp_peers) == 0
    )
    error_message = "There should be one pool, announced by L2, and nothing of BGP."
  }
}
