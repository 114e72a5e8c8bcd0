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

const l2 = "onprem_metallb_l2_advertisement.lb"

func l2Advertisement(kubeconfig, name, body string) string {
	return objecttest.Provider(kubeconfig) + fmt.Sprintf("resource \"onprem_metallb_l2_advertisement\" \"lb\" {\n  name = %q\n%s\n}\n", name, body)
}

func l2Life(t *testing.T, c *kubetest.Cluster, block string) acctest.Life {
	t.Helper()
	all, name := objects(t, c, "lb")
	return all.Life(l2s, name, l2, block, fmt.Sprintf(`
		ip_address_pools          = [%q, "more"]
		ip_address_pool_selectors = [{ match_labels = { pool = %q } }]
		node_selectors            = [{ match_expressions = [{ key = "node-role.kubernetes.io/control-plane", operator = "DoesNotExist" }] }]
		interfaces                = ["bond0", "bond1"]
		labels                    = { site = "seoul" }
		annotations               = { "acme.internal/owner" = "network" }`, name, name), fmt.Sprintf("ip_address_pools = [%q]", name),
		acctest.Life{
			Stored:   acctest.Fields{"ipAddressPools": []string{name, "more"}, "interfaces": []string{"bond0", "bond1"}},
			Stripped: acctest.Fields{"interfaces": nil, "nodeSelectors": nil},
			Drift: []acctest.Fields{{
				"ipAddressPools": []string{"other"}, "ipAddressPoolSelectors": nil, "nodeSelectors": nil, "interfaces": []string{"eth9"},
				"labels": map[string]any{"site": nil}, "annotations": map[string]any{"acme.internal/owner": nil},
			}},
		})
}

func TestL2AdvertisementLife(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	life := l2Life(t, c, objecttest.Provider(c.Kubeconfig()))
	life.Run(t, takenOver(t, life, acctest.Fields{"interfaces": []string{"eth9"}}, acctest.Fields{"ipAddressPools": []string{"other"}})...)
}

// TestL2AdvertisementRefused: the webhook's refusal is shown in its words.
func TestL2AdvertisementRefused(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "lb")
	acctest.Run(t, all,
		resource.TestStep{
			Config:      l2Advertisement(c.Kubeconfig(), name, "ip_address_pools = [\"a\"]\nnamespace = \"default\""),
			ExpectError: acctest.Says("denied the request"),
		},
	)
}

func TestL2AdvertisementInvalid(t *testing.T) {
	t.Parallel()
	acctest.Refuses(t, objecttest.Nowhere, "onprem_metallb_l2_advertisement", `name = "a"`, map[string]string{
		`ip_address_pools = []`:                 "at least 1",
		`ip_address_pools = ["a", "a"]`:         "duplicate",
		`ip_address_pools = ["Stage"]`:          `"Stage": a lowercase RFC 1123 subdomain`,
		`interfaces = ["much-too-long-a-name"]`: "string length must be between 1 and 15",
		`ip_address_pool_selectors = [{ match_expressions = [{ key = "a", operator = "In" }] }]`:          "In needs values.",
		`node_selectors = [{ match_expressions = [{ key = "a", operator = "Exists", values = ["b"] }] }]`: "Exists takes no values.",
		`node_selectors = [{ match_labels = { a = "b" } }, { match_labels = { a = "b" } }]`:               "duplicate",
		`ip_address_pool_selectors = [{ match_expressions = [{ key = "a", operator = "Has" }] }]`:         `"In" "NotIn" "Exists" "DoesNotExist"`,
	})
}

func TestL2AdvertisementDataSource(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "lb")
	all.Create(t, l2s, name, map[string]any{
		"ipAddressPools": []any{name}, "interfaces": []any{"bond0"},
	})
	const data = "data.onprem_metallb_l2_advertisement.lb"
	acctest.Run(t, all,
		resource.TestStep{
			Config: objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf("data \"onprem_metallb_l2_advertisement\" \"lb\" {\n  name = %q\n}\n", name),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(data, "ip_address_pools", knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact(name)})),
				acctest.Is(data, "interfaces", knownvalue.ListSizeExact(1)),
				acctest.Is(data, "node_selectors", knownvalue.Null()),
			},
		},
	)
}
