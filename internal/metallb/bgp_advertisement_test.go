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

const announced = "onprem_metallb_bgp_advertisement.lb"

// bgpAdvertisement announces one pool: the webhook compares the advertisements
// of each pool, those of other tests too.
func bgpAdvertisement(kubeconfig, name, pool, body string) string {
	return objecttest.Provider(kubeconfig) +
		fmt.Sprintf("resource \"onprem_metallb_bgp_advertisement\" \"lb\" {\n  name = %q\n  ip_address_pools = [%q]\n%s\n}\n", name, pool, body)
}

func TestBGPAdvertisementLife(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	advertisements, name := kind(c, "v1beta1", "bgpadvertisements"), kubetest.Name(t, "lb")
	kind(c, "v1beta1", "ipaddresspools").Create(t, "IPAddressPool", name, map[string]any{"addresses": []any{c.Prefix(t).String()}})
	plain := bgpAdvertisement(c.Kubeconfig(), name, name, `local_pref = 100`)
	full := bgpAdvertisement(c.Kubeconfig(), name, name, fmt.Sprintf(`
		ip_address_pool_selectors = [{ match_labels = { pool = %q } }]
		node_selectors            = [{ match_labels = { zone = "a" } }]
		aggregation_length        = 24
		aggregation_length_v6     = 120
		local_pref                = 4294967295
		communities               = ["65001:100", "large:4200000000:100:1", "no-export"]
		peers                     = ["tor-1", "tor-2"]
		labels                    = { site = "seoul" }`, name))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             advertisements.Gone(t, name, name+"-new"),
		Steps: []resource.TestStep{
			{
				Config: full, ConfigPlanChecks: acctest.Action(announced, plancheck.ResourceActionCreate),
				ConfigStateChecks: []statecheck.StateCheck{acctest.Is(announced, "namespace", knownvalue.StringExact("metallb-system"))},
				Check: resource.ComposeTestCheckFunc(
					advertisements.Has(t, name, 24, "spec", "aggregationLength"),
					advertisements.Has(t, name, 4294967295, "spec", "localPref"),
					advertisements.Has(t, name, []any{"tor-1", "tor-2"}, "spec", "peers"),
				),
			},
			{
				ResourceName: announced, ImportState: true, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name",
				ImportStateIdFunc: acctest.ImportID(announced, "namespace", "name"),
			},
			{ // what leaves the configuration returns to its default
				Config: plain, ConfigPlanChecks: acctest.Action(announced, plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{acctest.Is(announced, "aggregation_length", knownvalue.Null())},
				Check: resource.ComposeTestCheckFunc(
					advertisements.Has(t, name, 32, "spec", "aggregationLength"),
					advertisements.Has(t, name, 128, "spec", "aggregationLengthV6"),
					advertisements.Has(t, name, nil, "spec", "communities"),
				),
			},
			{ // a field that others set and nobody configures is no difference
				PreConfig: advertisements.Patch(t, name, "kubectl-edit", `{"spec":{"peers":["tor-9"]}}`),
				Config:    plain, PlanOnly: true,
			},
			{ // drift is found, and putting it right is refused, until taken over
				PreConfig:   advertisements.Patch(t, name, "kubectl-edit", `{"spec":{"localPref":50}}`),
				Config:      plain,
				ExpectError: acctest.Says(`spec.localPref is managed by "kubectl-edit"`),
			},
			{
				Config:           bgpAdvertisement(c.Kubeconfig(), name, name, "local_pref = 100\ntake_ownership = true"),
				ConfigPlanChecks: acctest.Action(announced, plancheck.ResourceActionUpdate),
				Check:            advertisements.Has(t, name, 100, "spec", "localPref"),
			},
			{
				PreConfig: advertisements.Delete(t, name),
				Config:    plain, ConfigPlanChecks: acctest.Action(announced, plancheck.ResourceActionCreate),
			},
			{Config: plain, PlanOnly: true},
			{
				Config:           bgpAdvertisement(c.Kubeconfig(), name+"-new", name, ""),
				ConfigPlanChecks: acctest.Action(announced, plancheck.ResourceActionReplace),
			},
		},
	})
}

func TestBGPAdvertisementImportByIdentity(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	name := kubetest.Name(t, "lb")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		TerraformVersionChecks:   acctest.WithIdentity,
		CheckDestroy:             kind(c, "v1beta1", "bgpadvertisements").Gone(t, name),
		Steps: []resource.TestStep{
			{Config: bgpAdvertisement(c.Kubeconfig(), name, name, "")},
			{ResourceName: announced, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		},
	})
}

// TestBGPAdvertisementRefused: the webhook knows the networks of the pools, and
// its refusal is shown in its words.
func TestBGPAdvertisementRefused(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	advertisements, name := kind(c, "v1beta1", "bgpadvertisements"), kubetest.Name(t, "lb")
	kind(c, "v1beta1", "ipaddresspools").Create(t, "IPAddressPool", name, map[string]any{"addresses": []any{c.Prefix(t).String()}})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             advertisements.Gone(t, name),
		Steps: []resource.TestStep{{
			Config:      bgpAdvertisement(c.Kubeconfig(), name, name, `aggregation_length = 16`),
			ExpectError: acctest.Says("invalid aggregation length 16"),
		}},
	})
}

func TestBGPAdvertisementInvalid(t *testing.T) {
	t.Parallel()
	objecttest.Refused(t, "onprem_metallb_bgp_advertisement", map[string]string{
		`aggregation_length = 33`:                "aggregation_length value must be between 1 and 32, got: 33",
		`aggregation_length_v6 = 129`:            "aggregation_length_v6 value must be between 1 and 128, got: 129",
		`local_pref = 4294967296`:                "between 0 and 4294967295, got: 4294967296",
		`communities = ["65536:1"]`:              `"65536:1": want a community`,
		`communities = ["65001:100:1"]`:          `"65001:100:1": want a community`,
		`communities = ["large:65001:100"]`:      `"large:65001:100": want a community`,
		`communities = ["large:1:2:5000000000"]`: `"large:1:2:5000000000": want a community`,
		`communities = ["65001:1", "65001:1"]`:   "duplicate",
		`communities = [""]`:                     "string length must be at least 1",
		`ip_address_pools = ["Prod"]`:            `"Prod": a lowercase RFC 1123 subdomain`,
		`peers = ["tor-1", "tor-1"]`:             "duplicate",
		`node_selectors = [{ match_expressions = [{ key = "a", operator = "NotIn" }] }]`: "NotIn needs values.",
	})
}

func TestBGPAdvertisementDataSource(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	name := kubetest.Name(t, "lb")
	kind(c, "v1beta1", "bgpadvertisements").Create(t, "BGPAdvertisement", name, map[string]any{
		"ipAddressPools": []any{name}, "communities": []any{"65001:100"},
	})
	const data = "data.onprem_metallb_bgp_advertisement.lb"
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps: []resource.TestStep{{
			Config: objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf("data \"onprem_metallb_bgp_advertisement\" \"lb\" {\n  name = %q\n}\n", name),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(data, "communities", knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("65001:100")})),
				acctest.Is(data, "aggregation_length", knownvalue.Int64Exact(32)),
				acctest.Is(data, "peers", knownvalue.Null()),
			},
		}},
	})
}
