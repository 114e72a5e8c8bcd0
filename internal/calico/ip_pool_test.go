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

const pods = "onprem_calico_ip_pool.pods"

func pool(kubeconfig, name, body string) string {
	return objecttest.Provider(kubeconfig) + fmt.Sprintf("resource \"onprem_calico_ip_pool\" \"pods\" {\n  name = %q\n%s\n}\n", name, body)
}

func TestIPPoolLife(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	pools, name := kind(c, "ippools"), kubetest.Name(t, "pods")
	cidr, other := c.Prefix(t), c.Prefix(t)
	plain := pool(c.Kubeconfig(), name, fmt.Sprintf("cidr = %q", cidr))
	full := pool(c.Kubeconfig(), name, fmt.Sprintf(`
		cidr               = %q
		vxlan_mode         = "CrossSubnet"
		nat_outgoing       = true
		disabled           = true
		disable_bgp_export = true
		node_selector      = "has(gpu)"
		allowed_uses       = ["Workload"]
		labels             = { site = "seoul" }`, cidr))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             pools.Gone(t, name),
		Steps: []resource.TestStep{
			{ // Calico's defaults are no difference: the plan after the apply is empty
				Config: plain, ConfigPlanChecks: acctest.Action(pods, plancheck.ResourceActionCreate),
				ConfigStateChecks: []statecheck.StateCheck{
					acctest.Is(pods, "block_size", knownvalue.Int64Exact(26)),
					acctest.Is(pods, "ipip_mode", knownvalue.Null()),
				},
				Check: resource.ComposeTestCheckFunc(
					pools.Has(t, name, "Never", "spec", "ipipMode"),
					pools.Has(t, name, "all()", "spec", "nodeSelector"),
				),
			},
			{ResourceName: pods, ImportState: true, ImportStateId: name, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name"},
			{
				Config: full, ConfigPlanChecks: acctest.Action(pods, plancheck.ResourceActionUpdate),
				Check: resource.ComposeTestCheckFunc(
					pools.Has(t, name, "CrossSubnet", "spec", "vxlanMode"),
					pools.Has(t, name, true, "spec", "natOutgoing"),
					pools.Has(t, name, []any{"Workload"}, "spec", "allowedUses"),
				),
			},
			{ResourceName: pods, ImportState: true, ImportStateId: name, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name"},
			{ // what leaves the configuration returns to its default
				Config: plain, ConfigPlanChecks: acctest.Action(pods, plancheck.ResourceActionUpdate),
				Check: resource.ComposeTestCheckFunc(
					pools.Has(t, name, "Never", "spec", "vxlanMode"),
					pools.Has(t, name, nil, "spec", "natOutgoing"),
					pools.Has(t, name, "all()", "spec", "nodeSelector"),
					pools.Has(t, name, []any{"Workload", "Tunnel"}, "spec", "allowedUses"),
				),
			},
			{ // a field that somebody else sets and nobody configures is no difference
				PreConfig: pools.Patch(t, name, "kubectl-edit", `{"spec":{"natOutgoing":true}}`),
				Config:    plain, PlanOnly: true,
			},
			{ // configured, it is
				Config:      pool(c.Kubeconfig(), name, fmt.Sprintf("cidr = %q\nnat_outgoing = false", cidr)),
				ExpectError: acctest.Says(`spec.natOutgoing is managed by "kubectl-edit"`),
			},
			{
				Config:           pool(c.Kubeconfig(), name, fmt.Sprintf("cidr = %q\nblock_size = 28", cidr)),
				ConfigPlanChecks: acctest.Action(pods, plancheck.ResourceActionReplace),
				Check:            pools.Has(t, name, 28, "spec", "blockSize"),
			},
			{ // without block_size the default counts again, which takes another pool
				Config: plain, ConfigPlanChecks: acctest.Action(pods, plancheck.ResourceActionReplace),
			},
			{
				Config:           pool(c.Kubeconfig(), name, fmt.Sprintf("cidr = %q", other)),
				ConfigPlanChecks: acctest.Action(pods, plancheck.ResourceActionReplace),
				Check:            pools.Has(t, name, other, "spec", "cidr"),
			},
			{
				PreConfig: pools.Delete(t, name),
				Config:    pool(c.Kubeconfig(), name, fmt.Sprintf("cidr = %q", other)), ConfigPlanChecks: acctest.Action(pods, plancheck.ResourceActionCreate),
			},
			{Config: pool(c.Kubeconfig(), name, fmt.Sprintf("cidr = %q", other)), PlanOnly: true},
		},
	})
}

func TestIPPoolImportByIdentity(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	name := kubetest.Name(t, "pods")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		TerraformVersionChecks:   acctest.WithIdentity,
		CheckDestroy:             kind(c, "ippools").Gone(t, name),
		Steps: []resource.TestStep{
			{Config: pool(c.Kubeconfig(), name, fmt.Sprintf("cidr = %q", c.Prefix(t)))},
			{ResourceName: pods, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		},
	})
}

// TestIPPoolRefused: an overlap is for Calico to find; its words end up at the
// attribute. IPv6 has its own block size.
func TestIPPoolRefused(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	pools, name := kind(c, "ippools"), kubetest.Name(t, "pods")
	taken := c.Prefix(t)
	pools.Create(t, "IPPool", name+"-old", map[string]any{"cidr": taken.String()})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             pools.Gone(t, name),
		Steps: []resource.TestStep{
			{
				Config:      pool(c.Kubeconfig(), name, fmt.Sprintf("cidr = %q", taken)),
				ExpectError: acctest.Says(fmt.Sprintf(`IPPool.Spec.CIDR: Calico refuses "%s": IPPool(%s) CIDR overlaps with IPPool(%s-old)`, taken, name, name)),
			},
			{
				Config:      pool(c.Kubeconfig(), name, "cidr = \"10.255.0.0/24\"\nassignment_mode = \"Manual\""),
				ExpectError: acctest.Says("spec.assignmentMode: the server does not know this field"),
			},
		},
	})
}

func TestIPPoolIPv6(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	pools, name := kind(c, "ippools"), kubetest.Name(t, "pods")
	four := c.Prefix(t).Addr().As4()
	network := fmt.Sprintf("fd00:%02x%02x::/64", four[1], four[2])
	shouted := fmt.Sprintf("FD00:%02X%02X::/64", four[1], four[2])
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             pools.Gone(t, name),
		Steps: []resource.TestStep{
			{
				Config:            pool(c.Kubeconfig(), name, fmt.Sprintf("cidr = %q", network)),
				ConfigStateChecks: []statecheck.StateCheck{acctest.Is(pods, "block_size", knownvalue.Int64Exact(122))},
			},
			{ // another spelling is the same network
				Config: pool(c.Kubeconfig(), name, fmt.Sprintf("cidr = %q", shouted)), ConfigPlanChecks: acctest.Action(pods, plancheck.ResourceActionUpdate),
			},
		},
	})
}

func TestIPPoolInvalid(t *testing.T) {
	t.Parallel()
	objecttest.Refused(t, "onprem_calico_ip_pool", map[string]string{
		`cidr = "10.64.0.1/16"`:                        `"10.64.0.1/16" is not a network: it has host bits set; did you mean 10.64.0.0/16?`,
		`cidr = "10.64.0.0"`:                           "want CIDR notation",
		`cidr = "169.254.8.0/24"`:                      "169.254.8.0/24 overlaps the link-local addresses 169.254.0.0/16",
		`cidr = "fe80::/64"`:                           "overlaps the link-local addresses fe80::/10",
		`cidr = "10.65.0.0/27"`:                        "10.65.0.0/27 is smaller than one block of /26: choose a larger network, or a block_size from 27 to 32",
		"cidr = \"10.66.0.0/16\"\nblock_size = 19":     "Blocks of IPv4 are from 20 to 32, not 19",
		"cidr = \"fd00::/64\"\nblock_size = 26":        "Blocks of IPv6 are from 116 to 128, not 26",
		"cidr = \"fd01::/64\"\nipip_mode = \"Always\"": "IP in IP carries IPv4 only",
		"cidr = \"10.67.0.0/16\"\nipip_mode = \"Always\"\nvxlan_mode = \"Always\"":                                       "cannot both encapsulate",
		"cidr = \"10.68.0.0/16\"\nnode_selector = \"global()\"":                                                          "global() selects no nodes",
		"cidr = \"10.69.0.0/16\"\nnode_selector = \"gpu\"":                                                               "not a Calico selector",
		"cidr = \"10.70.0.0/16\"\nallowed_uses = [\"LoadBalancer\", \"Workload\"]":                                       "LoadBalancer allows no other use",
		"cidr = \"10.71.0.0/16\"\nallowed_uses = [\"LoadBalancer\"]":                                                     "needs disable_bgp_export = true",
		"cidr = \"10.72.0.0/16\"\nallowed_uses = [\"Pods\"]":                                                             `"Workload" "Tunnel" "LoadBalancer"`,
		"cidr = \"10.73.0.0/16\"\nallowed_uses = [\"LoadBalancer\"]\ndisable_bgp_export = true\nvxlan_mode = \"Always\"": "leave vxlan_mode out",
		"cidr = \"10.74.0.0/16\"\nallowed_uses = [\"Tunnel\"]\nnamespace_selector = \"all()\"":                           "belong to no namespace",
		"cidr = \"10.75.0.0/16\"\nipip_mode = \"always\"":                                                                `"Always" "CrossSubnet" "Never"`,
	})
}

func TestIPPoolDataSource(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	name, cidr := kubetest.Name(t, "pods"), c.Prefix(t)
	kind(c, "ippools").Create(t, "IPPool", name, map[string]any{"cidr": cidr.String()})
	const data = "data.onprem_calico_ip_pool.pods"
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps: []resource.TestStep{{
			Config: objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf("data \"onprem_calico_ip_pool\" \"pods\" {\n  name = %q\n}\n", name),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(data, "cidr", knownvalue.StringExact(cidr.String())),
				acctest.Is(data, "block_size", knownvalue.Int64Exact(26)),
				acctest.Is(data, "ipip_mode", knownvalue.StringExact("Never")),
				acctest.Is(data, "nat_outgoing", knownvalue.Bool(false)),
				acctest.Is(data, "allowed_uses", knownvalue.SetSizeExact(2)),
			},
		}},
	})
}
