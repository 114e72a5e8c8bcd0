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

const l2 = "onprem_metallb_l2_advertisement.lb"

func l2Advertisement(kubeconfig, name, body string) string {
	return objecttest.Provider(kubeconfig) + fmt.Sprintf("resource \"onprem_metallb_l2_advertisement\" \"lb\" {\n  name = %q\n%s\n}\n", name, body)
}

func TestL2AdvertisementLife(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	advertisements, name := kind(c, "v1beta1", "l2advertisements"), kubetest.Name(t, "lb")
	plain := l2Advertisement(c.Kubeconfig(), name, fmt.Sprintf("ip_address_pools = [%q]", name))
	full := l2Advertisement(c.Kubeconfig(), name, fmt.Sprintf(`
		ip_address_pools          = [%q, "more"]
		ip_address_pool_selectors = [{ match_labels = { pool = %q } }]
		node_selectors            = [{ match_expressions = [{ key = "node-role.kubernetes.io/control-plane", operator = "DoesNotExist" }] }]
		interfaces                = ["bond0", "bond1"]
		labels                    = { site = "seoul" }`, name, name))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             advertisements.Gone(t, name, name+"-new"),
		Steps: []resource.TestStep{
			{
				Config: full, ConfigPlanChecks: acctest.Action(l2, plancheck.ResourceActionCreate),
				ConfigStateChecks: []statecheck.StateCheck{acctest.Is(l2, "namespace", knownvalue.StringExact("metallb-system"))},
				Check: resource.ComposeTestCheckFunc(
					advertisements.Has(t, name, []any{name, "more"}, "spec", "ipAddressPools"),
					advertisements.Has(t, name, []any{"bond0", "bond1"}, "spec", "interfaces"),
				),
			},
			{
				ResourceName: l2, ImportState: true, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name",
				ImportStateIdFunc: acctest.ImportID(l2, "namespace", "name"),
			},
			{ // what leaves the configuration leaves the object
				Config: plain, ConfigPlanChecks: acctest.Action(l2, plancheck.ResourceActionUpdate),
				Check: resource.ComposeTestCheckFunc(
					advertisements.Has(t, name, nil, "spec", "interfaces"),
					advertisements.Has(t, name, nil, "spec", "nodeSelectors"),
				),
			},
			{ // a field that others set and nobody configures is no difference
				PreConfig: advertisements.Patch(t, name, "kubectl-edit", `{"spec":{"interfaces":["eth9"]}}`),
				Config:    plain, PlanOnly: true,
			},
			{ // drift is found, and putting it right is refused, until taken over
				PreConfig:   advertisements.Patch(t, name, "kubectl-edit", `{"spec":{"ipAddressPools":["other"]}}`),
				Config:      plain,
				ExpectError: acctest.Says(`spec.ipAddressPools is managed by "kubectl-edit"`),
			},
			{
				Config:           l2Advertisement(c.Kubeconfig(), name, fmt.Sprintf("ip_address_pools = [%q]\ntake_ownership = true", name)),
				ConfigPlanChecks: acctest.Action(l2, plancheck.ResourceActionUpdate),
				Check:            advertisements.Has(t, name, []any{name}, "spec", "ipAddressPools"),
			},
			{
				PreConfig: advertisements.Delete(t, name),
				Config:    plain, ConfigPlanChecks: acctest.Action(l2, plancheck.ResourceActionCreate),
			},
			{Config: plain, PlanOnly: true},
			{
				Config:           l2Advertisement(c.Kubeconfig(), name+"-new", fmt.Sprintf("ip_address_pools = [%q]", name)),
				ConfigPlanChecks: acctest.Action(l2, plancheck.ResourceActionReplace),
			},
		},
	})
}

func TestL2AdvertisementImportByIdentity(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	name := kubetest.Name(t, "lb")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		TerraformVersionChecks:   acctest.WithIdentity,
		CheckDestroy:             kind(c, "v1beta1", "l2advertisements").Gone(t, name),
		Steps: []resource.TestStep{
			{Config: l2Advertisement(c.Kubeconfig(), name, fmt.Sprintf("ip_address_pools = [%q]", name))},
			{ResourceName: l2, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		},
	})
}

// TestL2AdvertisementRefused: the webhook's refusal is shown in its words.
func TestL2AdvertisementRefused(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	name := kubetest.Name(t, "lb")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps: []resource.TestStep{{
			Config:      l2Advertisement(c.Kubeconfig(), name, "ip_address_pools = [\"a\"]\nnamespace = \"default\""),
			ExpectError: acctest.Says("denied the request"),
		}},
	})
}

func TestL2AdvertisementInvalid(t *testing.T) {
	t.Parallel()
	objecttest.Refused(t, "onprem_metallb_l2_advertisement", map[string]string{
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
	name := kubetest.Name(t, "lb")
	kind(c, "v1beta1", "l2advertisements").Create(t, "L2Advertisement", name, map[string]any{
		"ipAddressPools": []any{name}, "interfaces": []any{"bond0"},
	})
	const data = "data.onprem_metallb_l2_advertisement.lb"
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps: []resource.TestStep{{
			Config: objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf("data \"onprem_metallb_l2_advertisement\" \"lb\" {\n  name = %q\n}\n", name),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(data, "ip_address_pools", knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact(name)})),
				acctest.Is(data, "interfaces", knownvalue.ListSizeExact(1)),
				acctest.Is(data, "node_selectors", knownvalue.Null()),
			},
		}},
	})
}
