package metallb_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
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

func TestIPAddressPoolLife(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	pools, name := kind(c, "v1beta1", "ipaddresspools"), kubetest.Name(t, "lb")
	prefix := c.Prefix(t)
	plain := pool(c.Kubeconfig(), name, fmt.Sprintf("addresses = [%q]", addresses(prefix)))
	full := pool(c.Kubeconfig(), name, fmt.Sprintf(`
		addresses       = [%q]
		auto_assign     = false
		avoid_buggy_ips = true
		labels          = { site = "seoul" }
		service_allocation = {
			priority   = 10
			namespaces = ["nicepayment-frs"]
			namespace_selectors = [{ match_labels = { team = "frs" } }]
			service_selectors = [
				{ match_labels = { tier = "payment" } },
				{ match_expressions = [{ key = "public", operator = "Exists" }, { key = "zone", operator = "In", values = ["a", "b"] }] },
			]
		}`, prefix))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             pools.Gone(t, name),
		Steps: []resource.TestStep{
			{
				Config: plain, ConfigPlanChecks: acctest.Action(lb, plancheck.ResourceActionCreate),
				ConfigStateChecks: []statecheck.StateCheck{
					acctest.Is(lb, "namespace", knownvalue.StringExact("metallb-system")),
					acctest.Is(lb, "auto_assign", knownvalue.Null()),
				},
				Check: pools.Has(t, name, true, "spec", "autoAssign"),
			},
			{
				ResourceName: lb, ImportState: true, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name",
				ImportStateIdFunc: acctest.ImportID(lb, "namespace", "name"),
			},
			{ResourceName: lb, ImportState: true, ImportStateId: name, ExpectError: acctest.Says("Write it as <namespace>/<name>.")},
			{
				Config: full, ConfigPlanChecks: acctest.Action(lb, plancheck.ResourceActionUpdate),
				Check: resource.ComposeTestCheckFunc(
					pools.Has(t, name, false, "spec", "autoAssign"),
					pools.Has(t, name, 10, "spec", "serviceAllocation", "priority"),
					pools.Has(t, name, "seoul", "metadata", "labels", "site"),
				),
			},
			{
				ResourceName: lb, ImportState: true, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name",
				ImportStateIdFunc: acctest.ImportID(lb, "namespace", "name"),
			},
			{ // what leaves the configuration returns to its default
				Config: plain, ConfigPlanChecks: acctest.Action(lb, plancheck.ResourceActionUpdate),
				Check: resource.ComposeTestCheckFunc(
					pools.Has(t, name, true, "spec", "autoAssign"),
					pools.Has(t, name, nil, "spec", "serviceAllocation"),
				),
			},
			{ // what somebody else sets and nobody configures is no difference, nor is the status
				PreConfig: func() {
					pools.Patch(t, name, "kubectl-edit", `{"spec":{"avoidBuggyIPs":true}}`)()
					pools.Patch(t, name, "metallb", `{"status":{"assignedIPv4":3,"assignedIPv6":0,"availableIPv4":253,"availableIPv6":0}}`, "status")()
				},
				Config: plain, PlanOnly: true,
			},
			{ // drift of what is configured is found; putting it right is refused, until taken over
				PreConfig:   pools.Patch(t, name, "kubectl-edit", fmt.Sprintf(`{"spec":{"addresses":["%s/28"]}}`, prefix.Addr())),
				Config:      plain,
				ExpectError: acctest.Says(`spec.addresses is managed by "kubectl-edit"`),
			},
			{
				Config:           pool(c.Kubeconfig(), name, fmt.Sprintf("addresses = [%q]\ntake_ownership = true", addresses(prefix))),
				ConfigPlanChecks: acctest.Action(lb, plancheck.ResourceActionUpdate),
				Check:            pools.Has(t, name, []any{addresses(prefix)}, "spec", "addresses"),
			},
			{Config: plain, ConfigPlanChecks: acctest.Action(lb, plancheck.ResourceActionUpdate)},
			{
				PreConfig: pools.Delete(t, name),
				Config:    plain, ConfigPlanChecks: acctest.Action(lb, plancheck.ResourceActionCreate),
			},
			{Config: plain, PlanOnly: true},
			{
				Config:           pool(c.Kubeconfig(), name+"-new", fmt.Sprintf("addresses = [%q]", addresses(prefix))),
				ConfigPlanChecks: acctest.Action(lb, plancheck.ResourceActionReplace),
			},
		},
	})
}

func TestIPAddressPoolImportByIdentity(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	name := kubetest.Name(t, "lb")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		TerraformVersionChecks:   acctest.WithIdentity,
		CheckDestroy:             kind(c, "v1beta1", "ipaddresspools").Gone(t, name),
		Steps: []resource.TestStep{
			{Config: pool(c.Kubeconfig(), name, fmt.Sprintf("addresses = [%q]", c.Prefix(t)))},
			{ResourceName: lb, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		},
	})
}

// TestIPAddressPoolRefused: the webhook's refusal is shown in its words.
func TestIPAddressPoolRefused(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	pools, name := kind(c, "v1beta1", "ipaddresspools"), kubetest.Name(t, "lb")
	taken := c.Prefix(t)
	pools.Create(t, "IPAddressPool", name+"-old", map[string]any{"addresses": []any{taken.String()}})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             pools.Gone(t, name),
		Steps: []resource.TestStep{
			{
				Config:      pool(c.Kubeconfig(), name, fmt.Sprintf("addresses = [%q]", taken)),
				ExpectError: acctest.Says("denied the request"),
			},
			{
				Config:      pool(c.Kubeconfig(), name, fmt.Sprintf("addresses = [%q]\nnamespace = \"default\"", c.Prefix(t))),
				ExpectError: acctest.Says("denied the request"),
			},
			{
				Config:      pool(c.Kubeconfig(), name, fmt.Sprintf("addresses = [%q]\nnamespace = \"no-such-namespace\"", c.Prefix(t))),
				ExpectError: acctest.Says(`Create the namespace "no-such-namespace" first.`),
			},
		},
	})
}

// TestIPAddressPoolWebhook: a webhook that cannot be reached is waited for, and
// not for ever.
func TestIPAddressPoolWebhook(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	pools, name := kind(c, "v1beta1", "ipaddresspools"), kubetest.Name(t, "lb")
	prefix := c.Prefix(t)
	restore := c.BreakWebhook(t, name)
	body := fmt.Sprintf("addresses = [%q]\n", prefix)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             pools.Gone(t, name),
		Steps: []resource.TestStep{
			{
				Config:      pool(c.Kubeconfig(), name, body+`timeouts = { create = "1s" }`),
				ExpectError: acctest.Says(`The admission webhook "ipaddresspoolvalidationwebhook.metallb.io" could not be asked.`),
			},
			{ // it comes back while the apply waits
				PreConfig: func() { time.AfterFunc(time.Second, restore) },
				Config:    pool(c.Kubeconfig(), name, body+`timeouts = { create = "1m" }`),
				Check:     pools.Has(t, name, []any{prefix}, "spec", "addresses"),
			},
		},
	})
}

func TestIPAddressPoolInvalid(t *testing.T) {
	t.Parallel()
	objecttest.Refused(t, "onprem_metallb_ip_address_pool", map[string]string{
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
	pools, name, prefix := kind(c, "v1beta1", "ipaddresspools"), kubetest.Name(t, "lb"), c.Prefix(t)
	pools.Create(t, "IPAddressPool", name, map[string]any{
		"addresses": []any{prefix.String()}, "serviceAllocation": map[string]any{"priority": int64(5)},
	})
	pools.Patch(t, name, "metallb", `{"status":{"assignedIPv4":3,"assignedIPv6":0,"availableIPv4":253,"availableIPv6":0}}`, "status")()
	const data = "data.onprem_metallb_ip_address_pool.lb"
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps: []resource.TestStep{{
			Config: objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf("data \"onprem_metallb_ip_address_pool\" \"lb\" {\n  name = %q\n}\n", name),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(data, "addresses", knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact(prefix.String())})),
				acctest.Is(data, "auto_assign", knownvalue.Bool(true)),
				acctest.Is(data, "service_allocation", knownvalue.ObjectPartial(map[string]knownvalue.Check{"priority": knownvalue.Int64Exact(5)})),
				acctest.Is(data, "available_ipv4", knownvalue.Int64Exact(253)),
			},
		}},
	})
}
