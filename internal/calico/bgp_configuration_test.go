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

const configuration = "onprem_calico_bgp_configuration.this"

// bgp is a configuration with one BGPConfiguration.
func bgp(kubeconfig, body string) string {
	return objecttest.Provider(kubeconfig) + fmt.Sprintf("resource \"onprem_calico_bgp_configuration\" \"this\" {\n%s\n}\n", body)
}

func TestBGPConfigurationLife(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	c.Borrow(t, kubetest.BGPConfiguration)
	configurations, node := kind(c, "bgpconfigurations"), "node."+kubetest.Name(t, "worker")
	plain := bgp(c.Kubeconfig(), `as_number = 64512`)
	full := bgp(c.Kubeconfig(), `
		as_number                 = 4200000000
		node_to_node_mesh_enabled = false
		service_cluster_ips       = [{ cidr = "10.96.0.0/16" }]
		service_external_ips      = [{ cidr = "192.168.1.192/28" }, { cidr = "2001:db8::/112" }]
		service_load_balancer_ips = [{ cidr = "192.168.1.176/28" }]
		communities               = [{ name = "payments", value = "64512:100" }]
		prefix_advertisements     = [{ cidr = "10.96.128.0/24", communities = ["payments", "64512:100:1"] }]
		listen_port               = 1790
		bind_mode                 = "NodeIP"
		ignored_interfaces        = ["docker*"]
		log_severity_screen       = "Debug"
		labels                    = { site = "seoul" }`)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             configurations.Gone(t, "default", node),
		Steps: []resource.TestStep{
			{
				Config: full, ConfigPlanChecks: acctest.Action(configuration, plancheck.ResourceActionCreate),
				ConfigStateChecks: []statecheck.StateCheck{
					acctest.Is(configuration, "name", knownvalue.StringExact("default")),
					acctest.Is(configuration, "as_number", knownvalue.StringExact("4200000000")),
				},
				Check: resource.ComposeTestCheckFunc(
					configurations.Has(t, "default", 4200000000, "spec", "asNumber"),
					configurations.Has(t, "default", false, "spec", "nodeToNodeMeshEnabled"),
					configurations.Has(t, "default", "[map[cidr:10.96.0.0/16]]", "spec", "serviceClusterIPs"),
					configurations.Has(t, "default", "[map[cidr:10.96.128.0/24 communities:[payments 64512:100:1]]]", "spec", "prefixAdvertisements"),
				),
			},
			{
				ResourceName: configuration, ImportState: true, ImportStateId: "default", ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name",
			},
			{ // what leaves the configuration leaves the object
				Config: plain, ConfigPlanChecks: acctest.Action(configuration, plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{
					acctest.Is(configuration, "node_to_node_mesh_enabled", knownvalue.Null()),
					acctest.Is(configuration, "listen_port", knownvalue.Null()),
				},
				Check: resource.ComposeTestCheckFunc(
					configurations.Has(t, "default", nil, "spec", "nodeToNodeMeshEnabled"),
					configurations.Has(t, "default", nil, "spec", "serviceClusterIPs"),
				),
			},
			{ // Calico's own default, written out, is no difference
				Config: bgp(c.Kubeconfig(), "as_number = 64512\nnode_to_node_mesh_enabled = true\nnode_mesh_max_restart_time = \"90s\"\n"+
					"node_mesh_password_secret = { name = \"bgp-passwords\", key = \"mesh\" }"),
				Check: configurations.Has(t, "default", "mesh", "spec", "nodeMeshPassword", "secretKeyRef", "key"),
			},
			{Config: plain},
			{ // a field that others set and nobody configures is no difference
				PreConfig: configurations.Patch(t, "default", "kubectl-edit", `{"spec":{"logSeverityScreen":"Fatal"}}`),
				Config:    plain, PlanOnly: true,
			},
			{ // drift is found, and putting it right is refused, until taken over
				PreConfig:   configurations.Patch(t, "default", "kubectl-edit", `{"spec":{"asNumber":64999}}`),
				Config:      plain,
				ExpectError: acctest.Says(`spec.asNumber is managed by "kubectl-edit"`),
			},
			{
				Config:           bgp(c.Kubeconfig(), "as_number = 64512\ntake_ownership = true"),
				ConfigPlanChecks: acctest.Action(configuration, plancheck.ResourceActionUpdate),
				Check:            configurations.Has(t, "default", 64512, "spec", "asNumber"),
			},
			{
				PreConfig: configurations.Delete(t, "default"),
				Config:    plain, ConfigPlanChecks: acctest.Action(configuration, plancheck.ResourceActionCreate),
			},
			{Config: plain, PlanOnly: true},
			{
				Config:           bgp(c.Kubeconfig(), fmt.Sprintf("name = %q\nlog_severity_screen = \"Debug\"", node)),
				ConfigPlanChecks: acctest.Action(configuration, plancheck.ResourceActionReplace),
				Check:            configurations.Has(t, node, "Debug", "spec", "logSeverityScreen"),
			},
		},
	})
}

func TestBGPConfigurationImportByIdentity(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	node := "node." + kubetest.Name(t, "worker")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		TerraformVersionChecks:   acctest.WithIdentity,
		CheckDestroy:             kind(c, "bgpconfigurations").Gone(t, node),
		Steps: []resource.TestStep{
			{Config: bgp(c.Kubeconfig(), fmt.Sprintf("name = %q\nlisten_port = 1790", node))},
			{ResourceName: configuration, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		},
	})
}

// TestBGPConfigurationRefused: someone else's configuration is not taken over
// without a word, and a field that this Calico has not is named.
func TestBGPConfigurationRefused(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	configurations, node := kind(c, "bgpconfigurations"), "node."+kubetest.Name(t, "worker")
	configurations.Create(t, "BGPConfiguration", node, map[string]any{"listenPort": int64(1790)})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             configurations.Gone(t, node+"-new"),
		Steps: []resource.TestStep{
			{
				Config:      bgp(c.Kubeconfig(), fmt.Sprintf("name = %q\nlisten_port = 1790", node)),
				ExpectError: acctest.Says(`it exists already, managed by "kubectl-create"`),
			},
			{
				Config:      bgp(c.Kubeconfig(), fmt.Sprintf("name = %q\nservice_load_balancer_aggregation = \"Disabled\"", node+"-new")),
				ExpectError: acctest.Says("spec.serviceLoadBalancerAggregation: the server does not know this field"),
			},
		},
	})
}

func TestBGPConfigurationInvalid(t *testing.T) {
	t.Parallel()
	objecttest.Refused(t, "onprem_calico_bgp_configuration", map[string]string{
		`as_number = 0`: `"0" is not an AS number`,
		`service_cluster_ips = [{ cidr = "10.96.0.1/16" }]`:                                            "did you mean 10.96.0.0/16?",
		`service_cluster_ips = []`:                                                                     "at least 1",
		`service_external_ips = [{ cidr = "192.168.1.1" }]`:                                            `"192.168.1.1" is not a network`,
		`communities = [{ name = "a", value = "64512:1" }]`:                                            "Nothing uses these names",
		`communities = [{ name = "b", value = "65536:1" }]`:                                            `"65536:1": want a community`,
		`communities = [{ name = "c", value = "1:2:3:4" }]`:                                            `"1:2:3:4": want a community`,
		`communities = [{ name = "D", value = "64512:1" }]`:                                            `"D": a lowercase RFC 1123 subdomain`,
		`listen_port = 65536`:                                                                          "between 1 and 65535",
		`bind_mode = "All"`:                                                                            `"None" "NodeIP"`,
		`log_severity_screen = "info"`:                                                                 `"Info" "Warning"`,
		`ignored_interfaces = ["*"]`:                                                                   "none of",
		`ignored_interfaces = ["wireguard interface"]`:                                                 "must be the name of an interface",
		`service_load_balancer_aggregation = "On"`:                                                     `"Enabled" "Disabled"`,
		`prefix_advertisements = [{ cidr = "10.96.1.0/24", communities = ["nobody"] }]`:                `"nobody" is neither a community`,
		"node_to_node_mesh_enabled = false\nnode_mesh_max_restart_time = \"120s\"":                     "leave node_mesh_max_restart_time out",
		"node_to_node_mesh_enabled = false\nnode_mesh_password_secret = { name = \"a\", key = \"b\" }": "leave node_mesh_password_secret out",
		"communities = [{ name = \"e\", value = \"64512:1\" }]\nprefix_advertisements = [{ cidr = \"10.96.2.0/24\", communities = [\"f\", \"1:2\"] }]": `"f" is neither`,
		// The resources of this test have other names than default.
		`bind_mode = "NodeIP"`:             `Calico reads "default", which is for all nodes, and "node."`,
		`node_to_node_mesh_enabled = true`: `set it in the configuration named "default"`,
	})
}

func TestBGPConfigurationDataSource(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	node := "node." + kubetest.Name(t, "worker")
	kind(c, "bgpconfigurations").Create(t, "BGPConfiguration", node, map[string]any{"ignoredInterfaces": []any{"docker*"}})
	const data = "data.onprem_calico_bgp_configuration.this"
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps: []resource.TestStep{{
			Config: objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf("data \"onprem_calico_bgp_configuration\" \"this\" {\n  name = %q\n}\n", node),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(data, "ignored_interfaces", knownvalue.ListSizeExact(1)),
				acctest.Is(data, "node_to_node_mesh_enabled", knownvalue.Bool(true)),
				acctest.Is(data, "as_number", knownvalue.StringExact("64512")),
				acctest.Is(data, "listen_port", knownvalue.Int64Exact(179)),
			},
		}},
	})
}
