package metallb_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest/objecttest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

const tor = "onprem_metallb_bgp_peer.tor"

func peer(kubeconfig, name, body string) string {
	return objecttest.Provider(kubeconfig) + fmt.Sprintf("resource \"onprem_metallb_bgp_peer\" \"tor\" {\n  name = %q\n%s\n}\n", name, body)
}

// somewhere is an address that no other test peers with: the webhook compares
// all peers.
func somewhere(t *testing.T, c *kubetest.Cluster) string {
	t.Helper()
	return c.Prefix(t).Addr().Next().String()
}

const password = "correct-horse-battery"

func peerLife(t *testing.T, c *kubetest.Cluster, block string) acctest.Life {
	t.Helper()
	all, name := objects(t, c, "tor")
	address := somewhere(t, c)
	return all.Life(peers, name, tor, block, fmt.Sprintf(`
		my_asn                    = 64512
		peer_asn                  = 4200000000
		peer_address              = %q
		peer_port                 = 1790
		source_address            = "192.168.2.10"
		hold_time                 = "9s"
		keepalive_time            = "3s"
		connect_time              = "10s"
		node_selectors            = [{ match_labels = { "kubernetes.io/hostname" = "worker-01" } }]
		password_wo               = %q
		password_wo_version       = 1
		bfd_profile               = "fast"
		ebgp_multi_hop            = true
		vrf                       = "red"
		dual_stack_address_family = true
		labels                    = { site = "tokyo" }
		annotations               = { "acme.internal/owner" = "network" }`, address, password),
		fmt.Sprintf("my_asn = 64512\npeer_asn = 65001\npeer_address = %q", address),
		acctest.Life{
			Stored:   acctest.Fields{"peerASN": 4200000000, "password": password},
			Stripped: acctest.Fields{"peerPort": 179, "password": nil, "nodeSelectors": nil},
			Drift: []acctest.Fields{{
				"peerASN": 65009, "peerAddress": somewhere(t, c), "peerPort": 179, "sourceAddress": "192.168.2.11", "holdTime": "90s",
				"keepaliveTime": "30s", "connectTime": "1s", "nodeSelectors": nil, "bfdProfile": nil, "ebgpMultiHop": false, "vrf": "blue",
				"dualStackAddressFamily": false, "labels": map[string]any{"site": nil}, "annotations": map[string]any{"acme.internal/owner": nil},
			}},
			Steady: map[string]string{
				"my_asn": "the webhook wants it of all peers alike", "router_id": "the same", "local_asn": "newer than MetalLB 0.15",
				"dynamic_asn": "excludes peer_asn", "interface": "excludes peer_address", "password_secret": "excludes password_wo",
				"disable_mp": "excludes dual_stack_address_family", "enable_graceful_restart": "MetalLB never changes it",
				"password_wo_version": "the provider's own",
			},
			Unread: []string{"password_wo_version"},
		})
}

func TestBGPPeerLife(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	life := peerLife(t, c, objecttest.Provider(c.Kubeconfig()))
	name, plain := life.Name+"-new", life.Block+life.Replaced
	with := func(more string) string { return strings.Replace(plain, "name =", more+"\nname =", 1) }
	life.Run(t, append(takenOver(t, life, acctest.Fields{"ebgpMultiHop": true}, acctest.Fields{"peerASN": 65009}),
		resource.TestStep{ // the password is rotated by its version
			Config: with("password_wo = \"new-" + password + "\"\npassword_wo_version = 2"),
			Check:  resource.ComposeTestCheckFunc(acctest.Has(life.System, peers, name, acctest.Fields{"password": "new-" + password}), acctest.NoSecrets(t, password)),
		},
		resource.TestStep{Config: plain},
		resource.TestStep{ // graceful restart takes a new object
			Config: with("enable_graceful_restart = true"), ConfigPlanChecks: acctest.Action(tor, plancheck.ResourceActionReplace),
		},
		resource.TestStep{Config: plain, ConfigPlanChecks: acctest.Action(tor, plancheck.ResourceActionReplace)},
		resource.TestStep{ // the same as none
			Config: with("enable_graceful_restart = false"), ConfigPlanChecks: acctest.Action(tor, plancheck.ResourceActionUpdate),
		},
	)...)
}

// TestBGPPeerRefused: what the webhook refuses is shown in its words.
func TestBGPPeerRefused(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "tor")
	address := somewhere(t, c)
	all.Create(t, peers, name+"-old", map[string]any{"myASN": int64(64512), "peerASN": int64(65001), "peerAddress": address})
	acctest.Run(t, all,
		resource.TestStep{ // all peers must agree on the local AS number
			Config:      peer(c.Kubeconfig(), name, fmt.Sprintf("my_asn = 64599\npeer_asn = 65001\npeer_address = %q", somewhere(t, c))),
			ExpectError: acctest.Says("denied the request"),
		},
		resource.TestStep{ // newer than MetalLB 0.15
			Config:      peer(c.Kubeconfig(), name, fmt.Sprintf("my_asn = 64512\npeer_asn = 65001\nlocal_asn = 64599\npeer_address = %q", somewhere(t, c))),
			ExpectError: acctest.Says("spec.localASN: the server does not know this field The MetalLB in this cluster is older than the field."),
		},
		resource.TestStep{
			Config:      peer(c.Kubeconfig(), name+"-old", fmt.Sprintf("my_asn = 64512\npeer_asn = 65001\npeer_address = %q", address)),
			ExpectError: acctest.Says(`it exists already, managed by "kubectl-create"`),
		},
	)
}

func TestBGPPeerInvalid(t *testing.T) {
	t.Parallel()
	const base = "my_asn = 64512\npeer_asn = 65001\npeer_address = \"192.168.2.1\"\n"
	acctest.Refuses(t, objecttest.Nowhere, "onprem_metallb_bgp_peer", `name = "a"`, map[string]string{
		"my_asn = 64512\npeer_asn = 65001":                             "Set peer_address, or interface",
		"my_asn = 64512\npeer_address = \"192.168.2.1\"":               "Set peer_asn, or dynamic_asn",
		"my_asn = 0\npeer_asn = 65001\npeer_address = \"192.168.2.1\"": `"0" is not an AS number`,
		"my_asn = 4294967296\npeer_asn = 1\ninterface = \"eth0\"":      `"4294967296" is not an AS number`,
		base + `interface = "bond0"`:                                   "peer_address and interface exclude each other",
		base + `dynamic_asn = "external"`:                              "peer_asn and dynamic_asn exclude each other",
		base + `peer_port = 70000`:                                     "between 1 and 16384",
		base + `hold_time = "2s"`:                                      "The hold time must be 0",
		base + "hold_time = \"9s\"\nkeepalive_time = \"10s\"":          "must not be longer than the hold time",
		base + `connect_time = "1500ms"`:                               "must be whole seconds",
		base + `hold_time = "9"`:                                       `"9" is not a duration`,
		base + `annotations = { "meta.helm.sh/release-name" = "x" }`:   "another tool keeps its books there",
		base + `router_id = "tor"`:                                     `"tor" is not an IP address`,
		base + `password_wo = "secret"`:                                "password_wo_version",
		base + "password_wo = \"x\"\npassword_wo_version = 1\npassword_secret = { name = \"bgp\" }": "keep password_secret",
		"my_asn = 64512\npeer_asn = 64512\npeer_address = \"192.168.2.2\"\nebgp_multi_hop = true":   "the session is internal",
		"my_asn = 64512\npeer_asn = 65001\npeer_address = \"192.168.2.0/24\"":                       `"192.168.2.0/24" is not an IP address`,
		base + `node_selectors = [{ match_expressions = [{ key = "a", operator = "NotIn" }] }]`:     "NotIn needs values.",
		base + `node_selectors = [{ match_labels = { a = "b" } }, { match_labels = { a = "b" } }]`:  "duplicate",
	})
}

func TestBGPPeerDataSource(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "tor")
	address := somewhere(t, c)
	all.Create(t, peers, name, map[string]any{
		"myASN": int64(64512), "peerASN": int64(65001), "peerAddress": address, "password": "not-for-state",
		"nodeSelectors": []any{map[string]any{"matchLabels": map[string]any{"a": "b"}}},
	})
	const data = "data.onprem_metallb_bgp_peer.tor"
	acctest.Run(t, all,
		resource.TestStep{
			Config: objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf("data \"onprem_metallb_bgp_peer\" \"tor\" {\n  name = %q\n}\n", name),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(data, "my_asn", knownvalue.StringExact("64512")),
				acctest.Is(data, "peer_port", knownvalue.Int64Exact(179)),
				acctest.Is(data, "node_selectors", knownvalue.ListSizeExact(1)),
			},
			Check: acctest.NoSecrets(t, "not-for-state"),
		},
	)
}

// kubectl keeps the whole object, password and all, in an annotation of its own.
func TestBooksOfOtherToolsStayOut(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "tor")
	address := somewhere(t, c)
	all.Create(t, peers, name, map[string]any{"myASN": int64(64512), "peerASN": int64(65001), "peerAddress": address, "password": "not-for-state"})
	annotate := acctest.Edit(t, all, peers, name, acctest.Fields{"annotations": map[string]any{
		"kubectl.kubernetes.io/last-applied-configuration": `{"spec":{"password":"not-for-state"}}`,
		"argocd.argoproj.io/tracking-id":                   "metallb:metallb.io/BGPPeer:metallb-system/tor",
		"acme.internal/owner":                              "network",
	}})
	annotate()
	own := knownvalue.MapExact(map[string]knownvalue.Check{"acme.internal/owner": knownvalue.StringExact("network")})
	config := peer(c.Kubeconfig(), name, fmt.Sprintf("my_asn = 64512\npeer_asn = 65001\npeer_address = %q\ntake_ownership = true\n"+
		"annotations = { \"acme.internal/owner\" = \"network\" }", address))
	acctest.Run(t, all,
		resource.TestStep{
			Config:            objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf("data \"onprem_metallb_bgp_peer\" \"tor\" {\n  name = %q\n}\n", name),
			ConfigStateChecks: []statecheck.StateCheck{acctest.Is("data.onprem_metallb_bgp_peer.tor", "annotations", own)},
			Check:             acctest.NoSecrets(t, "not-for-state"),
		},
		resource.TestStep{Config: config, ResourceName: tor, ImportState: true, ImportStateId: "metallb-system/" + name, ImportStatePersist: true},
		resource.TestStep{
			Config: config, ConfigStateChecks: []statecheck.StateCheck{acctest.Is(tor, "annotations", own)}, Check: acctest.NoSecrets(t, "not-for-state"),
		},
	)
}
