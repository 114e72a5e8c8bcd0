package metallb_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"go4.org/netipx"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest/objecttest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

const lb = "onprem_metallb_ip_address_pool.lb"

func pool(kubeconfig, name, body string) string {
	return objecttest.Provider(kubeconfig) + fmt.Sprintf("resource \"onprem_metallb_ip_address_pool\" \"lb\" {\n  name = %q\n%s\n}\n", name, body)
}

// addresses writes a network as a range, which means the same.
func addresses(p netip.Prefix) string {
	r := netipx.RangeOfPrefix(p)
	return fmt.Sprintf("%s-%s", r.From(), r.To())
}

func poolLife(t *testing.T, c *kubetest.Cluster, block string) acctest.Life {
	t.Helper()
	all, name := objects(t, c, "lb")
	prefix := c.Prefix(t)
	return all.Life(pools, name, lb, block, fmt.Sprintf(`
		addresses       = [%q]
		auto_assign     = false
		avoid_buggy_ips = true
		labels          = { site = "seoul" }
		annotations     = { "acme.internal/owner" = "network" }
		service_allocation = {
			priority   = 10
			namespaces = ["nicepayment-frs"]
			namespace_selectors = [{ match_labels = { team = "frs" } }]
			service_selectors = [
				{ match_labels = { tier = "payment" } },
				{ match_expressions = [{ key = "public", operator = "Exists" }, { key = "zone", operator = "In", values = ["a", "b"] }] },
			]
		}`, prefix), fmt.Sprintf("addresses = [%q]", addresses(prefix)),
		acctest.Life{
			Stored: acctest.Fields{"autoAssign": false, "labels": map[string]string{"site": "seoul"}},
			Stripped: acctest.Fields{ // what leaves the configuration returns to its default
				"autoAssign": true, "serviceAllocation": nil,
			},
			Drift: []acctest.Fields{{
				"addresses": []string{fmt.Sprintf("%s/28", prefix.Addr())}, "autoAssign": true, "avoidBuggyIPs": false,
				"serviceAllocation": map[string]any{"priority": 5},
				"labels":            map[string]any{"site": nil}, "annotations": map[string]any{"acme.internal/owner": nil},
			}},
		})
}

func TestIPAddressPoolLife(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	life := poolLife(t, c, objecttest.Provider(c.Kubeconfig()))
	name := life.Name + "-new"
	steps := []resource.TestStep{
		{ResourceName: lb, ImportState: true, ImportStateId: name, ExpectError: acctest.Says("Write it as <namespace>/<name>.")},
		{ // the status is no difference
			PreConfig: func() {
				if err := life.System.(objecttest.Objects).Patch(pools, name, "metallb", usage, "status"); err != nil {
					t.Error(err)
				}
			},
			Config: life.Block + life.Replaced, PlanOnly: true,
		},
	}
	life.Run(t, append(steps, takenOver(t, life, acctest.Fields{"avoidBuggyIPs": true}, acctest.Fields{"addresses": []string{c.Prefix(t).String()}})...)...)
}

// usage is a status as MetalLB writes it.
var usage = map[string]any{"assignedIPv4": 3, "assignedIPv6": 0, "availableIPv4": 253, "availableIPv6": 0}

// TestIPAddressPoolRefused: the webhook's refusal is shown in its words.
func TestIPAddressPoolRefused(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "lb")
	taken := c.Prefix(t)
	all.Create(t, pools, name+"-old", map[string]any{"addresses": []any{taken.String()}})
	acctest.Run(t, all,
		resource.TestStep{
			Config:      pool(c.Kubeconfig(), name, fmt.Sprintf("addresses = [%q]", taken)),
			ExpectError: acctest.Says("denied the request"),
		},
		resource.TestStep{
			Config:      pool(c.Kubeconfig(), name, fmt.Sprintf("addresses = [%q]\nnamespace = \"default\"", c.Prefix(t))),
			ExpectError: acctest.Says("denied the request"),
		},
		resource.TestStep{
			Config:      pool(c.Kubeconfig(), name, fmt.Sprintf("addresses = [%q]\nnamespace = \"no-such-namespace\"", c.Prefix(t))),
			ExpectError: acctest.Says(`Create the namespace "no-such-namespace" first.`),
		},
	)
}

// TestIPAddressPoolWebhook: a webhook that cannot be reached is waited for, and
// not for ever.
func TestIPAddressPoolWebhook(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "lb")
	prefix := c.Prefix(t)
	restore := c.BreakWebhook(t, name)
	body := fmt.Sprintf("addresses = [%q]\n", prefix)
	acctest.Run(t, all,
		resource.TestStep{
			Config:      pool(c.Kubeconfig(), name, body+`timeouts = { create = "1s" }`),
			ExpectError: acctest.Says(`The admission webhook "ipaddresspoolvalidationwebhook.metallb.io" could not be asked.`),
		},
		resource.TestStep{ // it comes back while the apply waits
			PreConfig: func() { time.AfterFunc(time.Second, restore) },
			Config:    pool(c.Kubeconfig(), name, body+`timeouts = { create = "1m" }`),
			Check:     acctest.Has(all, pools, name, acctest.Fields{"addresses": []any{prefix}}),
		},
	)
}

func TestIPAddressPoolInvalid(t *testing.T) {
	t.Parallel()
	acctest.Refuses(t, objecttest.Nowhere, "onprem_metallb_ip_address_pool", `name = "a"`, map[string]string{
		`addresses = []`: "at least 1",
		`addresses = ["192.168.10.200-192.168.10.180"]`:                                           "it runs backwards; did you mean 192.168.10.180-192.168.10.200?",
		`addresses = ["192.168.10.1/24"]`:                                                         "it has host bits set; did you mean 192.168.10.0/24?",
		`addresses = ["192.168.10.1"]`:                                                            "is not a range of addresses",
		`addresses = ["192.168.11.1-2001:db8::1"]`:                                                "it mixes IPv4 and IPv6",
		`addresses = ["192.168.12.0/24", "192.168.12.180-192.168.12.200"]`:                        "overlaps addresses[0], 192.168.12.0-192.168.12.255",
		"addresses = [\"192.168.13.0/24\"]\nnamespace = \"MetalLB\"":                              `"MetalLB": a lowercase RFC 1123 label`,
		"addresses = [\"192.168.14.0/24\"]\nservice_allocation = { namespaces = [\"a\", \"a\"] }": "duplicate",
		"addresses = [\"192.168.15.0/24\"]\nservice_allocation = { service_selectors = [{ match_expressions = [{ key = \"a\", operator = \"In\" }] }] }":                       "In needs values.",
		"addresses = [\"192.168.16.0/24\"]\nservice_allocation = { service_selectors = [{ match_expressions = [{ key = \"a\", operator = \"Exists\", values = [\"b\"] }] }] }": "Exists takes no values.",
		"addresses = [\"192.168.17.0/24\"]\nservice_allocation = { service_selectors = [{ match_labels = { \"a b\" = \"c\" } }] }":                                             "name part must consist of",
	})
}

func TestIPAddressPoolDataSource(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "lb")
	prefix := c.Prefix(t)
	all.Create(t, pools, name, map[string]any{
		"addresses": []any{prefix.String()}, "serviceAllocation": map[string]any{"priority": int64(5)},
	})
	if err := all.Patch(pools, name, "metallb", usage, "status"); err != nil {
		t.Fatal(err)
	}
	const data = "data.onprem_metallb_ip_address_pool.lb"
	acctest.Run(t, all,
		resource.TestStep{
			Config: objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf("data \"onprem_metallb_ip_address_pool\" \"lb\" {\n  name = %q\n}\n", name),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(data, "addresses", knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact(prefix.String())})),
				acctest.Is(data, "auto_assign", knownvalue.Bool(true)),
				acctest.Is(data, "service_allocation", knownvalue.ObjectPartial(map[string]knownvalue.Check{"priority": knownvalue.Int64Exact(5)})),
				acctest.Is(data, "available_ipv4", knownvalue.Int64Exact(253)),
			},
		},
	)
}
