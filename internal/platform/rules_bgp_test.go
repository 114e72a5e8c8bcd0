package platform

import "testing"

func TestBGPRules(t *testing.T) {
	t.Parallel()
	onClusters(t, map[string]ruleTest{
		"two sites and their switches": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    nodes     = "192.168.1.0/24"
    gateway   = "203.0.113.2"
    peers = {
      tor-1 = { peer_ip = "192.168.1.1", as_number = 65001 }
      tokyo = { peer_ip = "203.0.113.1", as_number = 64513 }
      bank  = { peer_ip = "198.51.100.1", as_number = 3356, node_selector = "service == 'payment'" }
    }
  }
  site "tokyo" {
    as_number = 64513
    pods      = "10.245.0.0/16"
    nodes     = "192.168.2.0/24"
    gateway   = "203.0.113.1"
    peers = {
      tor-1 = { peer_ip = "192.168.2.1:1790", as_number = 65002 }
      seoul = { peer_ip = "203.0.113.2", as_number = 64512 }
    }
    pools   = { default = { addresses = ["192.168.2.180-192.168.2.200"], advertise = "bgp" } }
    routers = { tor-2 = { peer_address = "192.168.2.2", peer_asn = 65002, my_asn = 64513 } }
  }
}`, nil},
		"two speakers": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    nodes     = "192.168.1.0/24"
    peers     = { tor = { peer_ip = "192.168.1.1:1790", as_number = 65001, node_selector = "a == 'b'" } }
    pools     = { default = { addresses = ["192.168.1.180-192.168.1.200"], advertise = "bgp" } }
    routers   = { tor = { peer_address = "192.168.1.1", peer_asn = 65001, my_asn = 64512 } }
  }
}`, []string{"7 bgp-two-speakers: prod/seoul/network and prod/seoul/load-balancer both peer with 192.168.1.1, one session with an address"}},
		"reserved": {`
environment "prod" {
  site "seoul" {
    as_number = 64500
    peers     = { tor = { peer_ip = "192.168.1.1", as_number = 23456 } }
    pools     = { default = { addresses = ["192.168.1.180-192.168.1.200"], advertise = "bgp" } }
    routers   = { tor = { peer_address = "192.168.1.2", peer_asn = 65535, my_asn = 4294967295 } }
  }
}`, []string{
			"3 bgp-asn-reserved: 64500, documentation (RFC 5398), 64512 to 65534",
			"4 bgp-asn-reserved: 23456",
			"6 bgp-asn-reserved: 65535, RFC 7300",
			"6 bgp-asn-reserved: 4294967295, RFC 7300",
		}},
		"reserved, in 32 bits": {`
environment "prod" {
  site "seoul" {
    as_number = 65550
    peers     = { tor = { peer_ip = "192.168.1.1", as_number = 70000 } }
  }
}`, []string{
			"3 bgp-asn-reserved: 65550, documentation",
			"4 bgp-asn-reserved: 70000, IANA",
		}},
		"the edges of what is private": {`
environment "prod" {
  site "a" { as_number = 64512 }
  site "b" {
    as_number = 65534
    pods      = "10.245.0.0/16"
  }
  site "c" {
    as_number = 4200000000
    pods      = "10.246.0.0/16"
  }
  site "d" {
    as_number = 4294967294
    pods      = "10.247.0.0/16"
  }
}`, nil},
		"public": {`
environment "prod" {
  site "seoul" { as_number = 3356 }
}`, []string{"2 bgp-asn-public: 3356, belongs to somebody"}},
		"same at both ends of a session that leaves the site": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    nodes     = "192.168.1.0/24"
    peers     = { bank = { peer_ip = "198.51.100.1", as_number = 64512 } }
  }
}`, []string{"5 bgp-asn-same-both-ends: prod/seoul, 198.51.100.1, 64512"}},
		"same as the switch, which reflects routes": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    nodes     = "192.168.1.0/24"
    peers     = { tor = { peer_ip = "192.168.1.1", as_number = 64512 } }
  }
}`, nil},
		"same at both ends of several hops": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    routers   = { tor = { peer_address = "192.168.1.1", peer_asn = 64512, my_asn = 64512, ebgp_multi_hop = true } }
  }
}`, []string{"4 bgp-asn-same-both-ends: 192.168.1.1"}},
		"one number for two sites that peer": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    gateway   = "203.0.113.2"
    peers     = { tokyo = { peer_ip = "203.0.113.1", as_number = 64512 } }
  }
  site "tokyo" {
    as_number = 64512
    pods      = "10.245.0.0/16"
    gateway   = "203.0.113.1"
    peers     = { seoul = { peer_ip = "203.0.113.2", as_number = 64512 } }
  }
}`, []string{"8 bgp-asn-twice: prod/tokyo has AS number 64512, prod/seoul, platform.hcl:3, They peer with each other"}},
		"one number for two sites behind the same switches": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    peers     = { tor = { peer_ip = "192.168.1.1", as_number = 65001 } }
  }
}
environment "stage" {
  site "seoul" {
    as_number = 64512
    pods      = "10.245.0.0/16"
    peers     = { tor = { peer_ip = "192.168.10.1", as_number = 65001 } }
    pools     = { default = { addresses = ["192.168.10.180-192.168.10.200"], advertise = "bgp" } }
    routers   = { tor = { peer_address = "192.168.10.2", peer_asn = 65001, my_asn = 64512 } }
  }
}`, []string{"9 bgp-asn-twice: stage/seoul, prod/seoul, Both peer with AS 65001"}},
		"one number for two sites behind route reflectors of the same": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    nodes     = "192.168.1.0/24"
    peers     = { tor = { peer_ip = "192.168.1.1", as_number = 64512 } }
  }
  site "tokyo" {
    as_number = 64512
    pods      = "10.245.0.0/16"
    nodes     = "192.168.2.0/24"
    peers     = { tor = { peer_ip = "192.168.2.1", as_number = 64512 } }
  }
}`, nil},
		"one number for two sites that never meet": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    peers     = { tor = { peer_ip = "192.168.1.1", as_number = 65001 } }
  }
}
environment "stage" {
  site "seoul" {
    as_number = 64512
    pods      = "10.245.0.0/16"
    peers     = { tor = { peer_ip = "192.168.10.1", as_number = 65002 } }
  }
}`, nil},
		"no peer back, found by AS number": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    nodes     = "192.168.1.0/24"
    peers     = { tokyo = { peer_ip = "203.0.113.1", as_number = 64513 } }
  }
  site "tokyo" {
    as_number = 64513
    pods      = "10.245.0.0/16"
    peers     = { bank = { peer_ip = "198.51.100.1", as_number = 65000 } }
  }
}`, []string{"5 bgp-peer-not-mutual: prod/seoul peers with 203.0.113.1, which is prod/tokyo, no peer with AS number 64512, platform.hcl:10"}},
		"no peer back, found by address": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    peers     = { tokyo = { peer_ip = "203.0.113.1", as_number = 64513 } }
  }
  site "tokyo" {
    as_number = 64513
    pods      = "10.245.0.0/16"
    gateway   = "203.0.113.1"
  }
}`, []string{"4 bgp-peer-not-mutual: prod/tokyo has no peer"}},
		"a switch on the nodes' own network with the AS number of another site": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    nodes     = "192.168.1.0/24"
    peers     = { tor = { peer_ip = "192.168.1.1", as_number = 64513 } }
  }
  site "tokyo" {
    as_number = 64513
    pods      = "10.245.0.0/16"
  }
}`, nil},
		"another AS number than the site has": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    gateway   = "203.0.113.2"
    peers     = { tokyo = { peer_ip = "203.0.113.1", as_number = 64514 } }
  }
  site "tokyo" {
    as_number = 64513
    pods      = "10.245.0.0/16"
    gateway   = "203.0.113.1"
    peers     = { seoul = { peer_ip = "203.0.113.2", as_number = 64512 } }
  }
}`, []string{"5 bgp-peer-wrong-asn: prod/seoul names 203.0.113.1 with AS number 64514, belongs to prod/tokyo, has 64513, platform.hcl:8"}},
		"the switch of another site is not the site": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    peers     = { edge = { peer_ip = "192.168.2.1", as_number = 65002 } }
  }
  site "tokyo" {
    as_number = 64513
    pods      = "10.245.0.0/16"
    nodes     = "192.168.2.0/24"
    tor       = "192.168.2.1"
    peers     = { tor = { peer_ip = "192.168.2.1", as_number = 65002 } }
  }
}`, nil},
		"mesh beside switches": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    nodes     = "192.168.1.0/24"
    peers     = { tor = { peer_ip = "192.168.1.1", as_number = 65001 } }
    mesh      = true
  }
}`, []string{"6 bgp-mesh-with-switches: All nodes peer with a switch, node_to_node_mesh = false, Found in prod/seoul/network"}},
		"mesh beside routers of some nodes, and of other networks": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    nodes     = "192.168.1.0/24"
    mesh      = true
    peers = {
      bank = { peer_ip = "192.168.1.254", as_number = 65000, node_selector = "service == 'payment'" }
      wan  = { peer_ip = "203.0.113.1", as_number = 65000 }
    }
  }
}`, nil},
		"ignored at a peer": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    nodes     = "192.168.1.0/24"
    peers = {
      # onprem:ignore onprem/bgp-asn-reserved because the lab router is set up like its manual
      tor = { peer_ip = "192.168.1.1", as_number = 64496 }
    }
  }
}`, nil},
	})
}

// TestMeshByDefault looks for the mesh that a module has without being told.
func TestMeshByDefault(t *testing.T) {
	t.Parallel()
	testRules(t, map[string]ruleTest{"in an override": {`component "network" {
  per    = "environment"
  module = "builtin:network"
  inputs = {
    name      = env.name
    as_number = 64512
  }
  override "prod" {
    inputs = { bgp_peers = { tor = { peer_ip = "192.168.1.1", as_number = 65001 } } }
  }
}
environment "prod" {}
` + header, []string{"1 bgp-mesh-with-switches: All nodes, Found in prod/network"}}})
}

func TestWhyReserved(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]bool{
		-1: true, 0: true, 1: false, 23455: false, 23456: true, 23457: false, 64495: false, 64496: true, 64511: true, 64512: false,
		65534: false, 65535: true, 65536: true, 65551: true, 131071: true, 131072: false, 4294967294: false, 4294967295: true, 4294967296: true,
	} {
		if got := whyReserved(n) != ""; got != want {
			t.Errorf("%d: got %t, want %t", n, got, want)
		}
	}
}
