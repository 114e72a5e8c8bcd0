package platform

import (
	"strings"
	"testing"
)

func TestAddressRules(t *testing.T) {
	t.Parallel()
	onClusters(t, map[string]ruleTest{
		"nothing overlaps": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    pods      = "10.244.0.0/16"
    services  = "10.96.0.0/16"
    nodes     = "192.168.1.0/24"
    vip       = "192.168.1.100"
    pools     = { default = { addresses = ["192.168.1.180-192.168.1.200"] }, extra = { addresses = ["192.168.1.208/28"] } }
  }
  site "tokyo" {
    as_number = 64513
    pods      = "2001:db8:1::/48"
    nodes     = "2001:db8:2::/64"
    vip       = "2001:db8:2::100"
    pools     = { default = { addresses = ["2001:db8:2::180-2001:db8:2::200"] } }
  }
}`, nil},
		"pods of two sites": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    pods      = "10.244.0.0/16"
  }
  site "tokyo" {
    as_number = 64513
    pods      = "10.244.128.0/17"
  }
}`, []string{"8 network-overlap: pod range 10.244.128.0/17 of prod/tokyo, pod range 10.244.0.0/16 of prod/seoul, platform.hcl:4, a range of its own"}},
		"IPv6, between environments": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    services  = "2001:db8:96::/108"
  }
}
environment "stage" {
  site "seoul" {
    as_number = 64513
    pods      = "2001:db8::/32"
  }
}`, []string{"10 network-overlap: pod range 2001:db8::/32 of stage/seoul, service range 2001:db8:96::/108 of prod/seoul"}},
		"three sites with one range": {`
environment "prod" {
  pods = "10.9.0.0/16"
  site "a" {
    as_number = 64512
    pods      = "10.9.0.0/16"
  }
  site "b" {
    as_number = 64513
    pods      = "10.9.0.0/16"
  }
  site "c" {
    as_number = 64514
    pods      = "10.9.0.0/16"
  }
}`, []string{
			"9 network-overlap: prod/b, prod/a",
			"13 network-overlap: prod/c, prod/a, platform.hcl:5, So do 1 more",
		}},
		"one line for all sites": {`
environment "prod" {
  pods = "10.9.0.0/16"
  site "a" {
    as_number = 64512
    pods      = env.pods
  }
  site "b" {
    as_number = 64513
    pods      = env.pods
  }
  site "c" {
    as_number = 64514
    pods      = env.pods
  }
}`, []string{"2 network-overlap: pod range 10.9.0.0/16 of prod/b, pod range 10.9.0.0/16 of prod/a, So do 1 more"}},
		"pools of one site": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    pools = {
      default = { addresses = ["192.168.1.180-192.168.1.200"] }
      extra   = { addresses = ["192.168.1.192/28"] }
    }
  }
}`, []string{"6 network-overlap: load-balancer range 192.168.1.192/28, load-balancer range 192.168.1.180-192.168.1.200, platform.hcl:5"}},
		"load balancer on the nodes of another site": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    pods      = "10.1.0.0/16"
    nodes     = "192.168.1.0/24"
  }
  site "tokyo" {
    as_number = 64513
    pods      = "10.2.0.0/16"
    pools     = { default = { addresses = ["192.168.1.180-192.168.1.200"] } }
  }
}`, []string{"10 network-overlap: load-balancer range, of prod/tokyo, node range 192.168.1.0/24 of prod/seoul"}},
		"two environments on one network of machines": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    pods      = "10.1.0.0/16"
    nodes     = "192.168.1.0/24"
    pools     = { default = { addresses = ["192.168.1.180-192.168.1.200"] } }
  }
}
environment "stage" {
  site "seoul" {
    as_number = 64513
    pods      = "10.2.0.0/16"
    nodes     = "192.168.1.0/24"
    vip       = "192.168.1.10"
  }
}`, nil},
		"API address that a pool gives away": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    vip       = "192.168.1.190"
    nodes     = "192.168.1.0/24"
    pools     = { default = { addresses = ["192.168.1.180-192.168.1.200"] } }
  }
}`, []string{"4 vip-in-pool: API address 192.168.1.190 of prod/seoul, load-balancer range 192.168.1.180-192.168.1.200, platform.hcl:6, Take it out"}},
		"API address among the pods": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    vip       = "10.244.0.10"
  }
}`, []string{"4 vip-in-pool: API address 10.244.0.10, pod range 10.244.0.0/16 of prod/seoul"}},
		"API address of two sites": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    pods      = "10.1.0.0/16"
    vip       = "192.168.1.100"
  }
  site "tokyo" {
    as_number = 64513
    pods      = "10.2.0.0/16"
    vip       = "192.168.1.100"
  }
}`, []string{"10 network-overlap: API address 192.168.1.100 of prod/tokyo, API address 192.168.1.100 of prod/seoul"}},
		"API address on no network of nodes": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    nodes     = "192.168.1.0/24"
    vip       = "192.168.2.100"
  }
}`, []string{"5 vip-outside-nodes: 192.168.2.100, node range 192.168.1.0/24, platform.hcl:4"}},
		"ranges written badly": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    pods      = "2001:db8::1/64"
    services  = "10.96.0.1/16"
    pools = {
      back  = { addresses = ["192.168.1.200-192.168.1.180"] }
      mixed = { addresses = ["192.168.2.1-2001:db8:1::1"] }
    }
  }
}`, []string{
			"4 address-range: pod range, 2001:db8::/64",
			"5 address-range: service range, 10.96.0.0/16",
			"7 address-range: runs backwards, 192.168.1.180-192.168.1.200",
			"8 address-range: two ranges",
		}},
		"pools that nobody announces": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    announced = ["192.168.1.192/28"]
    pools = {
      calico = { addresses = ["192.168.1.192-192.168.1.200"], advertise = "none" }
      lost   = { addresses = ["192.168.1.180-192.168.1.190"], advertise = "none" }
    }
  }
}`, []string{`7 pool-not-announced: Pool "lost", service_load_balancer_ips`}},
		"ignored at the other range": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    # onprem:ignore onprem/network-overlap because the sites have no route to each other
    pods = "10.244.0.0/16"
  }
  site "tokyo" {
    as_number = 64513
    pods      = "10.244.0.0/16"
  }
}`, nil},
	})
}

// machines are components that take everything from their sites, for cases about
// the clusters that are made there.
const machines = header + `
component "cluster" {
  per    = "site"
  module = "builtin:cluster"
  inputs = {
    name               = "${env.name}-${site.name}"
    kubernetes_version = "1.34.4"
    virtual_ip         = { address = site.vip, mode = try(site.speaks, null), bgp = try(site.bgp, null) }
    nodes              = { for i, address in site.machines : "cp-${i + 1}" => { role = "control-plane", address = address } }
    pod_cidr           = site.pods
    service_cidr       = site.services
    node_cidr          = try(site.nodes, null)
  }
}
component "network" {
  per     = "site"
  module  = "builtin:network"
  enabled = can(site.as_number)
  inputs = {
    name         = component.cluster.outputs.name
    as_number    = try(site.as_number, 64512)
    ip_pools     = { pods = { cidr = try(site.pool, site.pods), encapsulation = "VXLAN" } }
    bgp_peers    = try(site.peers, {})
    node_cidr    = try(site.nodes, null)
    service_cidr = site.services
    api_vip      = site.vip
  }
}
component "load-balancer" {
  per     = "site"
  module  = "builtin:load-balancer"
  enabled = can(site.pools)
  inputs  = { pools = try(site.pools, {}) }
}
`

func TestClusterRules(t *testing.T) {
	t.Parallel()
	const tokyo = `
  site "tokyo" {
    machines = ["192.168.2.11"]
    vip      = "192.168.2.100"
    pods     = "10.245.0.0/16"
    services = "10.97.0.0/16"
    nodes    = "192.168.2.0/24"
  }
}`
	cases := map[string]ruleTest{
		"clusters and what runs on them": {`
environment "stage" {
  site "seoul" {
    machines = ["192.168.1.51"]
    vip      = "192.168.1.50"
    pods     = "10.64.0.0/16"
    services = "10.160.0.0/16"
    nodes    = "192.168.1.0/24"
  }
}
environment "prod" {
  site "seoul" {
    as_number = 64512
    machines  = ["192.168.1.11", "192.168.1.12", "192.168.1.13"]
    vip       = "192.168.1.100"
    pods      = "10.244.0.0/16"
    pool      = "10.244.0.0/17"
    services  = "10.96.0.0/16"
    nodes     = "192.168.1.0/24"
    pools     = { default = { addresses = ["192.168.1.180-192.168.1.200"] } }
  }` + tokyo, nil},
		"ranges of two clusters": {`
environment "prod" {
  site "seoul" {
    machines = ["192.168.1.11"]
    vip      = "192.168.1.100"
    pods     = "10.244.0.0/15"
    services = "10.97.128.0/20"
    nodes    = "192.168.2.0/23"
  }` + tokyo, []string{
			"4 vip-outside-nodes: API address 192.168.1.100 of prod/seoul, node range 192.168.2.0/23",
			"11 network-overlap: API address 192.168.2.100 of prod/tokyo, node range 192.168.2.0/23 of prod/seoul",
			"12 network-overlap: pod range 10.245.0.0/16 of prod/tokyo, pod range 10.244.0.0/15 of prod/seoul, platform.hcl:5, a range of its own",
			"13 network-overlap: service range 10.97.0.0/16 of prod/tokyo, service range 10.97.128.0/20 of prod/seoul",
			"14 network-overlap: node range 192.168.2.0/24 of prod/tokyo, node range 192.168.2.0/23 of prod/seoul",
		}},
		"pods and services of one cluster": {`
environment "prod" {
  site "seoul" {
    machines = ["192.168.1.11"]
    vip      = "192.168.1.100"
    pods     = "10.88.0.0/13"
    services = "10.95.0.0/16"
  }` + tokyo, []string{"6 network-overlap: service range 10.95.0.0/16 of prod/seoul, pod range 10.88.0.0/13 of prod/seoul"}},
		"a machine in two clusters": {`
environment "prod" {
  site "seoul" {
    machines = ["192.168.1.11", "192.168.2.11"]
    vip      = "192.168.1.100"
    pods     = "10.244.0.0/16"
    services = "10.96.0.0/16"
  }` + tokyo, []string{"9 network-overlap: node address 192.168.2.11 of prod/tokyo, node address 192.168.2.11 of prod/seoul, platform.hcl:3, one of them another"}},
		"API address of another cluster's node": {`
environment "prod" {
  site "seoul" {
    machines = ["192.168.1.11"]
    vip      = "192.168.2.11"
    pods     = "10.244.0.0/16"
    services = "10.96.0.0/16"
  }` + tokyo, []string{
			"9 network-overlap: node address 192.168.2.11 of prod/tokyo, API address 192.168.2.11 of prod/seoul, platform.hcl:4",
			"13 network-overlap: node range 192.168.2.0/24 of prod/tokyo, API address 192.168.2.11 of prod/seoul",
		}},
		"what MetalLB gives away": {`
environment "prod" {
  site "seoul" {
    machines = ["192.168.1.11", "192.168.1.181"]
    vip      = "192.168.1.190"
    pods     = "10.244.0.0/16"
    services = "10.96.0.0/16"
    nodes    = "192.168.1.0/24"
    pools    = { default = { addresses = ["192.168.1.180-192.168.1.200"] } }
  }` + tokyo, []string{
			"4 vip-in-pool: API address 192.168.1.190 of prod/seoul, load-balancer range 192.168.1.180-192.168.1.200, platform.hcl:8",
			"8 network-overlap: load-balancer range 192.168.1.180-192.168.1.200, node address 192.168.1.181 of prod/seoul, one of them another",
		}},
		"API address announced by BGP": {`
environment "prod" {
  site "seoul" {
    as_number = 64512
    machines  = ["192.168.1.11"]
    vip       = "203.0.113.100"
    speaks    = "bgp"
    bgp       = { as_number = 64500, peers = [{ address = "192.168.1.1", as_number = 65001 }] }
    pods      = "10.244.0.0/16"
    services  = "10.96.0.0/16"
    nodes     = "192.168.1.0/24"
    peers     = { tor = { peer_ip = "192.168.1.1", as_number = 65001, node_selector = "rack == 'r1'" } }
  }` + tokyo, []string{
			"7 bgp-asn-reserved: 64500, documentation",
			"7 bgp-two-speakers: prod/seoul/network and prod/seoul/cluster both peer with 192.168.1.1, one session with an address, kube-vip",
		}},
	}
	for name, tc := range cases {
		cases[name] = ruleTest{strings.TrimPrefix(tc.source, "\n") + "\n" + machines, tc.want}
	}
	testRules(t, cases)
}

// TestAddressesOfUnknownShape holds the rules to silence about what they cannot
// read: modules that are not at hand take anything.
func TestAddressesOfUnknownShape(t *testing.T) {
	t.Parallel()
	const source = "git::https://github.com/onprem-tools/terraform-provider-onprem.git//modules/"
	testRules(t, map[string]ruleTest{
		"wrong shapes": {header + sites + `
component "network" {
  per    = "environment"
  module = "` + source + `network?ref=v1.0.0"
  inputs = {
    as_number = "many", ip_pools = ["a"], bgp_peers = { a = null, b = "c", d = { peer_ip = 5, as_number = null } }
    node_cidr = null, service_cidr = 12, api_vip = "here", service_load_balancer_ips = "nowhere"
  }
}
component "load-balancer" {
  per    = "environment"
  module = "` + source + `load-balancer?ref=v1.0.0"
  inputs = {
    pools     = { a = { addresses = [component.network.outputs.range, null, {}, "x-y", "1.2.3.4-z", "1/2"] }, b = null, d = { addresses = [component.network.outputs.range], advertise = "none" }, c = [] }
    bgp_peers = component.network.outputs.peers
  }
}
component "gateway" {
  per    = "environment"
  module = "` + source + `gateway?ref=v1.0.0"
  inputs = { services = { a = { routes = [1] }, b = { routes = { c = component.network.outputs.route } }, d = 1, e = { routes = { f = { methods = toset(["GET", null]) } } } } }
}
component "cluster" {
  per    = "environment"
  module = "` + source + `cluster?ref=v1.0.0"
  inputs = { nodes = { a = 1, b = { address = null }, c = { address = component.network.outputs.address } }, virtual_ip = { address = [], bgp = { peers = [1] } }, pod_cidr = 5 }
}
component "registry" {
  per    = "environment"
  module = "` + source + `registry?ref=v1.0.0"
  inputs = { registries = [], replications = { a = { trigger = "scheduled" }, b = 2, c = { trigger = "scheduled", src_registry = "x", filters = "y" } } }
}`, nil},
		"bgp without peers": {`component "load-balancer" {
  per    = "environment"
  module = "` + source + `load-balancer?ref=v1.0.0"
  inputs = { pools = { a = { addresses = ["192.0.2.0/28"], advertise = "bgp" } } }
}
environment "prod" {}
` + header, []string{"4 pool-not-announced: no bgp_peers, Found in prod/load-balancer"}},
	})
}
