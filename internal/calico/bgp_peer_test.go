package calico_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest/objecttest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

const tor = "onprem_calico_bgp_peer.tor"

// peer is a configuration with one peer.
func peer(kubeconfig, name, body string) string {
	return objecttest.Provider(kubeconfig) + fmt.Sprintf("resource \"onprem_calico_bgp_peer\" \"tor\" {\n  name = %q\n%s\n}\n", name, body)
}

func peerLife(t *testing.T, c *kubetest.Cluster, block string) acctest.Life {
	t.Helper()
	all, name := objects(t, c, "tor")
	all.Create(t, filters, name, nil)
	return all.Life(peers, name, tor, block, `
		peer_ip                      = "192.168.1.1:1790"
		as_number                    = 4200000000
		node_selector                = "service == 'payment'"
		keep_original_next_hop       = true
		source_address               = "None"
		max_restart_time             = "120s"
		num_allowed_local_as_numbers = 1
		ttl_security                 = 255
		reachable_by                 = "192.168.1.254"
		filters                      = ["`+name+`"]
		labels                       = { site = "seoul" }
		annotations                  = { "acme.internal/owner" = "network" }
		password_secret              = { name = "bgp-passwords", key = "tor", optional = true }`, `
		peer_ip   = "192.168.1.1"
		as_number = 65001`,
		acctest.Life{
			Stored: acctest.Fields{
				"asNumber": 4200000000, "labels": map[string]string{"site": "seoul"}, "ttlSecurity": 255,
				"password": map[string]any{"secretKeyRef": map[string]any{"name": "bgp-passwords", "key": "tor", "optional": true}},
			},
			Stripped: acctest.Fields{"asNumber": 65001, "ttlSecurity": nil, "password": nil, "labels": nil, "filters": nil},
			Drift: []acctest.Fields{{
				"peerIP": "192.168.1.2", "asNumber": 65009, "nodeSelector": "all()", "keepOriginalNextHop": false, "sourceAddress": "UseNodeIP",
				"maxRestartTime": "1s", "numAllowedLocalASNumbers": 2, "ttlSecurity": 1, "reachableBy": "192.168.1.253", "filters": nil,
				"password": map[string]any{"secretKeyRef": map[string]any{"name": "other"}},
				"labels":   map[string]any{"site": "tokyo"}, "annotations": map[string]any{"acme.internal/owner": nil},
			}},
			Steady: map[string]string{
				"node": "excludes node_selector", "peer_selector": "excludes peer_ip", "local_workload_selector": newer,
				"keepalive_time": newer, "local_as_number": newer, "next_hop_mode": newer, "reverse_peering": newer,
			},
			Unread: []string{"max_restart_time"}, // the same, in Calico's spelling
		})
}

const newer = "newer than Calico 3.28"

func TestBGPPeerLife(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	life := peerLife(t, c, objecttest.Provider(c.Kubeconfig()))
	life.Run(t,
		resource.TestStep{Config: life.Block + life.Full, ConfigStateChecks: []statecheck.StateCheck{
			acctest.Is(tor, "as_number", knownvalue.StringExact("4200000000")),
			acctest.Is(tor, "max_restart_time", knownvalue.StringExact("120s")), // Calico answers 2m0s
			acctest.Is(tor, "uid", knownvalue.NotNull()),
			acctest.Is(tor, "next_hop_mode", knownvalue.Null()),
		}},
		resource.TestStep{ResourceName: tor, ImportState: true, ImportStateId: "no-such-peer", ExpectError: acctest.Says("Cannot import non-existent remote object")},
		resource.TestStep{Config: life.Block + life.Bare},
		resource.TestStep{ // a field and a label that others set and nobody configures are no difference
			PreConfig: acctest.Edit(t, life.System, peers, life.Name, acctest.Fields{"labels": map[string]any{"team": "network"}, "numAllowedLocalASNumbers": 2}),
			Config:    life.Block + life.Bare, PlanOnly: true,
		},
	)
}

// TestBGPPeerConflict: another manager has changed a field that is configured.
// The error names both, and take_ownership takes the field back.
func TestBGPPeerConflict(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "tor")
	body := `
		peer_ip   = "192.168.1.1"
		as_number = 65001`
	acctest.Run(t, all,
		resource.TestStep{Config: peer(c.Kubeconfig(), name, body)},
		resource.TestStep{ // drift is found, and putting it right is refused
			PreConfig:   acctest.Edit(t, all, peers, name, acctest.Fields{"asNumber": 65002}),
			Config:      peer(c.Kubeconfig(), name, body),
			ExpectError: acctest.Says(`spec.asNumber is managed by "kubectl-edit"`),
		},
		resource.TestStep{
			Config:           peer(c.Kubeconfig(), name, body+"\ntake_ownership = true"),
			ConfigPlanChecks: acctest.Action(tor, plancheck.ResourceActionUpdate),
			Check:            acctest.Has(all, peers, name, acctest.Fields{"asNumber": 65001}),
		},
		resource.TestStep{Config: peer(c.Kubeconfig(), name, body), ConfigPlanChecks: acctest.Action(tor, plancheck.ResourceActionUpdate)},
		resource.TestStep{Config: peer(c.Kubeconfig(), name, body), PlanOnly: true},
	)
}

// TestBGPPeerExists: someone else's object is not taken over without a word.
func TestBGPPeerExists(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "tor")
	all.Create(t, peers, name, map[string]any{"peerIP": "192.168.1.1", "asNumber": int64(65001)})
	config := peer(c.Kubeconfig(), name, `
		peer_ip   = "192.168.1.1"
		as_number = 65001`)
	acctest.Run(t, all,
		resource.TestStep{Config: config, ExpectError: acctest.Says(fmt.Sprintf(`it exists already, managed by "kubectl-create" Import it with the id "%s", or set`, name))},
		resource.TestStep{Config: config, ResourceName: tor, ImportState: true, ImportStateId: name, ImportStatePersist: true},
		resource.TestStep{Config: config, PlanOnly: true},
		resource.TestStep{
			Config:      peer(c.Kubeconfig(), name, "peer_ip = \"192.168.1.1\"\nas_number = 65009"),
			ExpectError: acctest.Says(`spec.asNumber is managed by "kubectl-create"`),
		},
		resource.TestStep{
			Config: peer(c.Kubeconfig(), name, "peer_ip = \"192.168.1.1\"\nas_number = 65009\ntake_ownership = true"),
			Check:  acctest.Has(all, peers, name, acctest.Fields{"asNumber": 65009}),
		},
	)
}

// TestBGPPeerTakeOwnership: with take_ownership a create takes over what exists.
func TestBGPPeerTakeOwnership(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "tor")
	all.Create(t, peers, name, map[string]any{"peerIP": "192.168.1.1", "asNumber": int64(65001)})
	acctest.Run(t, all,
		resource.TestStep{
			Config: peer(c.Kubeconfig(), name, "peer_ip = \"192.168.1.1\"\nas_number = 65009\ntake_ownership = true"),
			Check:  acctest.Has(all, peers, name, acctest.Fields{"asNumber": 65009}),
		},
	)
}

// TestBGPPeerRefused: what only Calico can know is shown at the attribute.
func TestBGPPeerRefused(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "tor")
	acctest.Run(t, all,
		resource.TestStep{
			Config:      peer(c.Kubeconfig(), name, "peer_ip = \"192.168.1.1\"\nas_number = 65001\nfilters = [\"no-such-filter\"]"),
			ExpectError: acctest.Says("no-such-filter"),
		},
		resource.TestStep{ // newer than Calico 3.28
			Config:      peer(c.Kubeconfig(), name, "peer_ip = \"192.168.1.1\"\nas_number = 65001\nlocal_as_number = 64999"),
			ExpectError: acctest.Says("spec.localASNumber: the server does not know this field The calico-apiserver in this cluster is older than the field."),
		},
	)
}

// TestBGPPeerInvalid: rules that a configuration breaks are found at plan.
func TestBGPPeerInvalid(t *testing.T) {
	t.Parallel()
	acctest.Refuses(t, objecttest.Nowhere, "onprem_calico_bgp_peer", `name = "tor"`, map[string]string{
		`as_number = 65001`:                                                                  "Nothing says whom to peer with",
		"peer_ip = \"192.168.1.1\"\nas_number = 0":                                           `"0" is not an AS number`,
		"peer_ip = \"192.168.1.1\"\nas_number = 4294967296":                                  `"4294967296" is not an AS number`,
		`peer_ip = "192.168.1.0/24"`:                                                         `"192.168.1.0/24": want an address`,
		`peer_ip = "192.168.1.1:70000"`:                                                      `"192.168.1.1:70000": want an address`,
		`peer_ip = "2001:db8::1:port"`:                                                       "want an address",
		"peer_ip = \"192.168.1.1\"\nnode = \"a\"\nnode_selector = \"all()\"":                 "node and node_selector exclude each other",
		"peer_ip = \"192.168.1.1\"\nnode_selector = \"service = 'payment'\"":                 "not a Calico selector: ==, !=, in",
		`peer_ip = "192.168.1.2"`:                                                            "needs its AS number",
		"peer_ip = \"192.168.1.1\"\npeer_selector = \"all()\"":                               "peer_ip and peer_selector exclude each other",
		"peer_selector = \"all()\"\nas_number = 65001":                                       "leave as_number out",
		"local_workload_selector = \"all()\"":                                                "set as_number",
		"local_workload_selector = \"all()\"\nas_number = 65001\npeer_ip = \"10.0.0.1\"":     "excludes peer_ip",
		"peer_ip = \"192.168.1.1\"\nreachable_by = \"2001:db8::1\"":                          "must both be IPv4 or both be IPv6",
		"peer_selector = \"all()\"\nreachable_by = \"192.168.1.1\"":                          "which is not set",
		"peer_ip = \"192.168.1.1\"\nttl_security = 256":                                      "between 0 and 255",
		"peer_ip = \"192.168.1.1\"\nmax_restart_time = \"10x\"":                              `"10x" is not a duration`,
		"peer_ip = \"192.168.1.1\"\nkeep_original_next_hop = true\nnext_hop_mode = \"Self\"": "takes the place",
		"peer_ip = \"192.168.1.1\"\nsource_address = \"192.168.1.9\"":                        `"UseNodeIP" "None"`,
		"peer_ip = \"192.168.1.1\"\nnum_allowed_local_as_numbers = -1":                       "between 0",
		"peer_ip = \"192.168.1.1\"\nfilters = [\"a\", \"a\"]":                                "duplicate",
		"peer_ip = \"192.168.1.1\"\nlabels = { \"a b\" = \"c\" }":                            "name part must consist of",
	})
}

func TestBGPPeerDataSource(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "tor")
	all.Create(t, peers, name, map[string]any{
		"peerIP": "192.168.1.1", "asNumber": int64(65001), "password": map[string]any{"secretKeyRef": map[string]any{"name": "bgp", "key": "tor"}},
	})
	const data = "data.onprem_calico_bgp_peer.tor"
	acctest.Run(t, all,
		resource.TestStep{
			Config: objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf("data \"onprem_calico_bgp_peer\" \"tor\" {\n  name = %q\n}\n", name),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(data, "peer_ip", knownvalue.StringExact("192.168.1.1")),
				acctest.Is(data, "as_number", knownvalue.StringExact("65001")),
				acctest.Is(data, "password_secret", knownvalue.ObjectPartial(map[string]knownvalue.Check{"key": knownvalue.StringExact("tor")})),
				acctest.Is(data, "keep_original_next_hop", knownvalue.Bool(false)),
				acctest.Is(data, "source_address", knownvalue.StringExact("UseNodeIP")),
			},
		},
		resource.TestStep{
			Config:      objecttest.Provider(c.Kubeconfig()) + `data "onprem_calico_bgp_peer" "none" { name = "no-such-peer" }`,
			ExpectError: acctest.Says(`get BGPPeer "no-such-peer": kubernetes answered 404`),
		},
	)
}
