package metallb_test

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

func TestBGPPeerLife(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	peers, name, address := kind(c, "v1beta2", "bgppeers"), kubetest.Name(t, "tor"), somewhere(t, c)
	const password = "correct-horse-battery"
	plainBody := fmt.Sprintf(`
		my_asn       = 64512
		peer_asn     = 65001
		peer_address = %q`, address)
	plain := peer(c.Kubeconfig(), name, plainBody)
	full := peer(c.Kubeconfig(), name, fmt.Sprintf(`
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
		labels                    = { site = "tokyo" }`, address, password))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             peers.Gone(t, name),
		Steps: []resource.TestStep{
			{
				Config: full, ConfigPlanChecks: acctest.Action(tor, plancheck.ResourceActionCreate),
				ConfigStateChecks: []statecheck.StateCheck{
					acctest.Is(tor, "peer_asn", knownvalue.StringExact("4200000000")),
					acctest.Is(tor, "namespace", knownvalue.StringExact("metallb-system")),
					acctest.Is(tor, "password_wo", knownvalue.Null()),
				},
				Check: resource.ComposeTestCheckFunc(
					peers.Has(t, name, 4200000000, "spec", "peerASN"),
					peers.Has(t, name, password, "spec", "password"),
					acctest.NoSecrets(t, password),
				),
			},
			{
				ResourceName: tor, ImportState: true, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name",
				ImportStateIdFunc: acctest.ImportID(tor, "namespace", "name"), ImportStateVerifyIgnore: []string{"password_wo_version"},
			},
			{
				Config: plain, ConfigPlanChecks: acctest.Action(tor, plancheck.ResourceActionUpdate),
				Check: resource.ComposeTestCheckFunc(
					peers.Has(t, name, 179, "spec", "peerPort"),
					peers.Has(t, name, nil, "spec", "password"),
					peers.Has(t, name, nil, "spec", "nodeSelectors"),
				),
			},
			{ // the password is rotated by its version
				Config: peer(c.Kubeconfig(), name, plainBody+"\npassword_wo = \"new-"+password+"\"\npassword_wo_version = 2"),
				Check:  resource.ComposeTestCheckFunc(peers.Has(t, name, "new-"+password, "spec", "password"), acctest.NoSecrets(t, password)),
			},
			{Config: plain},
			{ // graceful restart takes a new object
				Config:           peer(c.Kubeconfig(), name, plainBody+"\nenable_graceful_restart = true"),
				ConfigPlanChecks: acctest.Action(tor, plancheck.ResourceActionReplace),
			},
			{Config: plain, ConfigPlanChecks: acctest.Action(tor, plancheck.ResourceActionReplace)},
			{ // the same as none
				Config:           peer(c.Kubeconfig(), name, plainBody+"\nenable_graceful_restart = false"),
				ConfigPlanChecks: acctest.Action(tor, plancheck.ResourceActionUpdate),
			},
			{Config: plain},
			{
				PreConfig: peers.Patch(t, name, "kubectl-edit", `{"spec":{"ebgpMultiHop":true}}`),
				Config:    plain, PlanOnly: true,
			},
			{
				PreConfig:   peers.Patch(t, name, "kubectl-edit", `{"spec":{"peerASN":65009}}`),
				Config:      plain,
				ExpectError: acctest.Says(`spec.peerASN is managed by "kubectl-edit"`),
			},
			{
				PreConfig: peers.Delete(t, name),
				Config:    plain, ConfigPlanChecks: acctest.Action(tor, plancheck.ResourceActionCreate),
			},
			{Config: plain, PlanOnly: true},
		},
	})
}

func TestBGPPeerImportByIdentity(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	name := kubetest.Name(t, "tor")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		TerraformVersionChecks:   acctest.WithIdentity,
		CheckDestroy:             kind(c, "v1beta2", "bgppeers").Gone(t, name),
		Steps: []resource.TestStep{
			{Config: peer(c.Kubeconfig(), name, fmt.Sprintf("my_asn = 64512\npeer_asn = 65001\npeer_address = %q", somewhere(t, c)))},
			{ResourceName: tor, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		},
	})
}

// TestBGPPeerRefused: what the webhook refuses is shown in its words.
func TestBGPPeerRefused(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	peers, name, address := kind(c, "v1beta2", "bgppeers"), kubetest.Name(t, "tor"), somewhere(t, c)
	peers.Create(t, "BGPPeer", name+"-old", map[string]any{"myASN": int64(64512), "peerASN": int64(65001), "peerAddress": address})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             peers.Gone(t, name),
		Steps: []resource.TestStep{
			{ // all peers must agree on the local AS number
				Config:      peer(c.Kubeconfig(), name, fmt.Sprintf("my_asn = 64599\npeer_asn = 65001\npeer_address = %q", somewhere(t, c))),
				ExpectError: acctest.Says("denied the request"),
			},
			{ // newer than MetalLB 0.15
				Config:      peer(c.Kubeconfig(), name, fmt.Sprintf("my_asn = 64512\npeer_asn = 65001\nlocal_asn = 64599\npeer_address = %q", somewhere(t, c))),
				ExpectError: acctest.Says("spec.localASN: the server does not know this field The MetalLB in this cluster is older than the field."),
			},
			{
				Config:      peer(c.Kubeconfig(), name+"-old", fmt.Sprintf("my_asn = 64512\npeer_asn = 65001\npeer_address = %q", address)),
				ExpectError: acctest.Says(`it exists already, managed by "kubectl-create"`),
			},
		},
	})
}

func TestBGPPeerInvalid(t *testing.T) {
	t.Parallel()
	const base = "my_asn = 64512\npeer_asn = 65001\npeer_address = \"192.168.2.1\"\n"
	objecttest.Refused(t, "onprem_metallb_bgp_peer", map[string]string{
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
	name, address := kubetest.Name(t, "tor"), somewhere(t, c)
	kind(c, "v1beta2", "bgppeers").Create(t, "BGPPeer", name, map[string]any{
		"myASN": int64(64512), "peerASN": int64(65001), "peerAddress": address, "password": "not-for-state",
		"nodeSelectors": []any{map[string]any{"matchLabels": map[string]any{"a": "b"}}},
	})
	const data = "data.onprem_metallb_bgp_peer.tor"
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps: []resource.TestStep{{
			Config: objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf("data \"onprem_metallb_bgp_peer\" \"tor\" {\n  name = %q\n}\n", name),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(data, "my_asn", knownvalue.StringExact("64512")),
				acctest.Is(data, "peer_port", knownvalue.Int64Exact(179)),
				acctest.Is(data, "node_selectors", knownvalue.ListSizeExact(1)),
			},
			Check: acctest.NoSecrets(t, "not-for-state"),
		}},
	})
}
