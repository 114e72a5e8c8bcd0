package calico_test

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

const pods = "onprem_calico_ip_pool.pods"

func pool(kubeconfig, name, body string) string {
	return objecttest.Provider(kubeconfig) + fmt.Sprintf("resource \"onprem_calico_ip_pool\" \"pods\" {\n  name = %q\n%s\n}\n", name, body)
}

func poolLife(t *testing.T, c *kubetest.Cluster, block string) acctest.Life {
	t.Helper()
	all, name := objects(t, c, "pods")
	cidr := c.Prefix(t)
	bare := fmt.Sprintf("cidr = %q", cidr)
	return all.Life(pools, name, pods, block, bare+`
		vxlan_mode         = "CrossSubnet"
		nat_outgoing       = true
		disabled           = true
		disable_bgp_export = true
		node_selector      = "has(gpu)"
		allowed_uses       = ["Workload"]
		labels             = { site = "seoul" }
		annotations        = { "acme.internal/owner" = "network" }`, bare,
		acctest.Life{
			Stored: acctest.Fields{"vxlanMode": "CrossSubnet", "natOutgoing": true, "allowedUses": []string{"Workload"}},
			Stripped: acctest.Fields{
				"vxlanMode": "Never", "ipipMode": "Never", "natOutgoing": nil, "nodeSelector": "all()", "allowedUses": []string{"Workload", "Tunnel"},
			},
			Drift: []acctest.Fields{{
				"vxlanMode": "Never", "natOutgoing": false, "disabled": false, "disableBGPExport": false, "nodeSelector": "all()",
				"allowedUses": []string{"Tunnel"}, "labels": map[string]any{"site": nil}, "annotations": map[string]any{"acme.internal/owner": "x"},
			}},
			Steady: map[string]string{
				"cidr": "Calico never changes it", "block_size": "the same", "ipip_mode": "excludes vxlan_mode",
				"assignment_mode": newer, "namespace_selector": newer,
			},
		})
}

func TestIPPoolLife(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	life := poolLife(t, c, objecttest.Provider(c.Kubeconfig()))
	name, bare, other := life.Name+"-new", life.Block+life.Replaced, c.Prefix(t)
	with := func(more string) string { return strings.Replace(bare, "cidr", more+"\ncidr", 1) }
	moved := pool(c.Kubeconfig(), name, fmt.Sprintf("cidr = %q", other))
	life.Run(t,
		resource.TestStep{Config: bare, ConfigStateChecks: []statecheck.StateCheck{
			acctest.Is(pods, "block_size", knownvalue.Int64Exact(26)),
			acctest.Is(pods, "ipip_mode", knownvalue.Null()),
		}},
		resource.TestStep{ // a field that somebody else sets and nobody configures is no difference
			PreConfig: acctest.Edit(t, life.System, pools, name, acctest.Fields{"natOutgoing": true}),
			Config:    bare, PlanOnly: true,
		},
		resource.TestStep{ // configured, it is
			Config: with("nat_outgoing = false"), ExpectError: acctest.Says(`spec.natOutgoing is managed by "kubectl-edit"`),
		},
		resource.TestStep{
			Config: with("block_size = 28"), ConfigPlanChecks: acctest.Action(pods, plancheck.ResourceActionReplace),
			Check: acctest.Has(life.System, pools, name, acctest.Fields{"blockSize": 28}),
		},
		resource.TestStep{ // a size that is left out stays: the addresses are in use
			Config: bare, PlanOnly: true,
		},
		resource.TestStep{ // and what else changes does not give it up
			Config: with("nat_outgoing = true\ntake_ownership = true"), ConfigPlanChecks: acctest.Action(pods, plancheck.ResourceActionUpdate),
			Check: acctest.Has(life.System, pools, name, acctest.Fields{"blockSize": 28}),
		},
		resource.TestStep{
			Config: moved, ConfigPlanChecks: acctest.Action(pods, plancheck.ResourceActionReplace),
			Check: acctest.Has(life.System, pools, name, acctest.Fields{"cidr": other}),
		},
	)
}

// TestIPPoolRefused: an overlap is for Calico to find; its words end up at the
// attribute. IPv6 has its own block size.
func TestIPPoolRefused(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "pods")
	taken := c.Prefix(t)
	all.Create(t, pools, name+"-old", map[string]any{"cidr": taken.String()})
	acctest.Run(t, all,
		resource.TestStep{
			Config:      pool(c.Kubeconfig(), name, fmt.Sprintf("cidr = %q", taken)),
			ExpectError: acctest.Says(fmt.Sprintf(`IPPool.Spec.CIDR: Calico refuses "%s": IPPool(%s) CIDR overlaps with IPPool(%s-old)`, taken, name, name)),
		},
		resource.TestStep{
			Config:      pool(c.Kubeconfig(), name, "cidr = \"10.255.0.0/24\"\nassignment_mode = \"Manual\""),
			ExpectError: acctest.Says("spec.assignmentMode: the server does not know this field"),
		},
	)
}

func TestIPPoolIPv6(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "pods")
	four := c.Prefix(t).Addr().As4()
	network := fmt.Sprintf("fd00:%02x%02x::/64", four[1], four[2])
	shouted := fmt.Sprintf("FD00:%02X%02X::/64", four[1], four[2])
	acctest.Run(t, all,
		resource.TestStep{
			Config:            pool(c.Kubeconfig(), name, fmt.Sprintf("cidr = %q", network)),
			ConfigStateChecks: []statecheck.StateCheck{acctest.Is(pods, "block_size", knownvalue.Int64Exact(122))},
		},
		resource.TestStep{ // another spelling is the same network
			Config: pool(c.Kubeconfig(), name, fmt.Sprintf("cidr = %q", shouted)), ConfigPlanChecks: acctest.Action(pods, plancheck.ResourceActionUpdate),
		},
	)
}

func TestIPPoolInvalid(t *testing.T) {
	t.Parallel()
	acctest.Refuses(t, objecttest.Nowhere, "onprem_calico_ip_pool", `name = "pods"`, map[string]string{
		`cidr = "10.64.0.1/16"`:                        `"10.64.0.1/16" is not a network: it has host bits set; did you mean 10.64.0.0/16?`,
		`cidr = "10.64.0.0"`:                           "want CIDR notation",
		`cidr = "169.254.8.0/24"`:                      "169.254.8.0/24 overlaps the link-local addresses 169.254.0.0/16",
		`cidr = "fe80::/64"`:                           "overlaps the link-local addresses fe80::/10",
		`cidr = "10.65.0.0/27"`:                        "10.65.0.0/27 is smaller than one block of /26: choose a larger network, or a block_size from 27 to 32",
		"cidr = \"10.66.0.0/16\"\nblock_size = 19":     "Blocks of IPv4 are from 20 to 32, not 19",
		"cidr = \"fd00::/64\"\nblock_size = 26":        "Blocks of IPv6 are from 116 to 128, not 26",
		"cidr = \"fd01::/64\"\nipip_mode = \"Always\"": "IP in IP carries IPv4 only",
		"cidr = \"10.67.0.0/16\"\nipip_mode = \"Always\"\nvxlan_mode = \"Always\"":              "cannot both encapsulate",
		"cidr = \"10.68.0.0/16\"\nnode_selector = \"global()\"":                                 "global() selects no nodes",
		"cidr = \"10.69.0.0/16\"\nnode_selector = \"gpu\"":                                      "not a Calico selector",
		"cidr = \"10.70.0.0/16\"\nallowed_uses = [\"LoadBalancer\", \"Workload\"]":              "LoadBalancer allows no other use",
		"cidr = \"10.71.0.0/16\"\nallowed_uses = [\"LoadBalancer\"]\ndisable_bgp_export = true": "leave it out",
		"cidr = \"10.72.0.0/16\"\nallowed_uses = [\"Pods\"]":                                    `"Workload" "Tunnel" "LoadBalancer"`,
		"cidr = \"10.73.0.0/16\"\nallowed_uses = [\"LoadBalancer\"]\nvxlan_mode = \"Always\"":   "leave vxlan_mode out",
		"cidr = \"10.74.0.0/16\"\nallowed_uses = [\"Tunnel\"]\nnamespace_selector = \"all()\"":  "belong to no namespace",
		"cidr = \"10.75.0.0/16\"\nipip_mode = \"always\"":                                       `"Always" "CrossSubnet" "Never"`,
	})
}

func TestIPPoolDataSource(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "pods")
	cidr := c.Prefix(t)
	all.Create(t, pools, name, map[string]any{"cidr": cidr.String()})
	const data = "data.onprem_calico_ip_pool.pods"
	acctest.Run(t, all,
		resource.TestStep{
			Config: objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf("data \"onprem_calico_ip_pool\" \"pods\" {\n  name = %q\n}\n", name),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(data, "cidr", knownvalue.StringExact(cidr.String())),
				acctest.Is(data, "block_size", knownvalue.Int64Exact(26)),
				acctest.Is(data, "ipip_mode", knownvalue.StringExact("Never")),
				acctest.Is(data, "nat_outgoing", knownvalue.Bool(false)),
				acctest.Is(data, "allowed_uses", knownvalue.SetSizeExact(2)),
			},
		},
	)
}
