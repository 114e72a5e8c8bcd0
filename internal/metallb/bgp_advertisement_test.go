package metallb_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest/objecttest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

const announced = "onprem_metallb_bgp_advertisement.lb"

// bgpAdvertisement announces one pool: the webhook compares the bgps
// of each pool, those of other tests too.
func bgpAdvertisement(kubeconfig, name, pool, body string) string {
	return objecttest.Provider(kubeconfig) +
		fmt.Sprintf("resource \"onprem_metallb_bgp_advertisement\" \"lb\" {\n  name = %q\n  ip_address_pools = [%q]\n%s\n}\n", name, pool, body)
}

func bgpLife(t *testing.T, c *kubetest.Cluster, block string) acctest.Life {
	t.Helper()
	all, name := objects(t, c, "lb")
	all.Create(t, pools, name, map[string]any{"addresses": []any{c.Prefix(t).String()}})
	return all.Life(bgps, name, announced, block, fmt.Sprintf(`
		ip_address_pools          = [%q]
		ip_address_pool_selectors = [{ match_labels = { pool = %q } }]
		node_selectors            = [{ match_labels = { zone = "a" } }]
		aggregation_length        = 24
		aggregation_length_v6     = 120
		local_pref                = 4294967295
		communities               = ["65001:100", "large:4200000000:100:1", "no-export"]
		peers                     = ["tor-1", "tor-2"]
		labels                    = { site = "seoul" }
		annotations               = { "acme.internal/owner" = "network" }`, name, name),
		fmt.Sprintf("ip_address_pools = [%q]\nlocal_pref = 100", name),
		acctest.Life{
			Stored: acctest.Fields{"aggregationLength": 24, "localPref": 4294967295, "peers": []string{"tor-1", "tor-2"}},
			Stripped: acctest.Fields{ // what leaves the configuration returns to its default
				"aggregationLength": 32, "aggregationLengthV6": 128, "communities": nil, "localPref": 100,
			},
			Drift: []acctest.Fields{{
				"ipAddressPools": []string{name + "-other"}, "ipAddressPoolSelectors": nil, "nodeSelectors": nil, "aggregationLength": 32,
				"aggregationLengthV6": 128, "localPref": 50, "communities": nil, "peers": []string{"tor-9"},
				"labels": map[string]any{"site": nil}, "annotations": map[string]any{"acme.internal/owner": nil},
			}},
		})
}

func TestBGPAdvertisementLife(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	life := bgpLife(t, c, objecttest.Provider(c.Kubeconfig()))
	life.Run(t, takenOver(t, life, acctest.Fields{"peers": []string{"tor-9"}}, acctest.Fields{"localPref": 50})...)
}

// TestBGPAdvertisementRefused: the webhook knows the networks of the pools, and
// its refusal is shown in its words.
func TestBGPAdvertisementRefused(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "lb")
	all.Create(t, pools, name, map[string]any{"addresses": []any{c.Prefix(t).String()}})
	acctest.Run(t, all,
		resource.TestStep{
			Config:      bgpAdvertisement(c.Kubeconfig(), name, name, `aggregation_length = 16`),
			ExpectError: acctest.Says("invalid aggregation length 16"),
		},
	)
}

func TestBGPAdvertisementInvalid(t *testing.T) {
	t.Parallel()
	acctest.Refuses(t, objecttest.Nowhere, "onprem_metallb_bgp_advertisement", `name = "a"`, map[string]string{
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
	all, name := objects(t, c, "lb")
	all.Create(t, bgps, name, map[string]any{
		"ipAddressPools": []any{name}, "communities": []any{"65001:100"},
	})
	const data = "data.onprem_metallb_bgp_advertisement.lb"
	acctest.Run(t, all,
		resource.TestStep{
			Config: objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf("data \"onprem_metallb_bgp_advertisement\" \"lb\" {\n  name = %q\n}\n", name),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(data, "communities", knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("65001:100")})),
				acctest.Is(data, "aggregation_length", knownvalue.Int64Exact(32)),
				acctest.Is(data, "peers", knownvalue.Null()),
			},
		},
	)
}
