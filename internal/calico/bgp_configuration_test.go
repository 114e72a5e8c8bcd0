package calico_test

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

const configuration = "onprem_calico_bgp_configuration.this"

// bgp is a configuration with one BGPConfiguration.
func bgp(kubeconfig, body string) string {
	return objecttest.Provider(kubeconfig) + fmt.Sprintf("resource \"onprem_calico_bgp_configuration\" \"this\" {\n%s\n}\n", body)
}

func configurationLife(t *testing.T, c *kubetest.Cluster, block string) acctest.Life {
	t.Helper()
	c.Borrow(t, kubetest.BGPConfiguration)
	all, node := objects(t, c, "node.worker", "default")
	life := all.Life(configurations, "default", configuration, block, `
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
		labels                    = { site = "seoul" }
		annotations               = { "acme.internal/owner" = "network" }`, `as_number = 64512`,
		acctest.Life{
			Stored: acctest.Fields{
				"asNumber": 4200000000, "nodeToNodeMeshEnabled": false, "serviceClusterIPs": []any{map[string]any{"cidr": "10.96.0.0/16"}},
				"prefixAdvertisements": []any{map[string]any{"cidr": "10.96.128.0/24", "communities": []string{"payments", "64512:100:1"}}},
			},
			Stripped: acctest.Fields{"asNumber": 64512, "nodeToNodeMeshEnabled": nil, "serviceClusterIPs": nil, "listenPort": nil},
			Drift: []acctest.Fields{{
				"asNumber": 64999, "nodeToNodeMeshEnabled": true, "serviceClusterIPs": nil, "serviceExternalIPs": nil, "serviceLoadBalancerIPs": nil,
				"communities":          []any{map[string]any{"name": "payments", "value": "64512:101"}},
				"prefixAdvertisements": []any{map[string]any{"cidr": "10.96.128.0/24", "communities": []string{"payments"}}}, "listenPort": 179,
				"bindMode": "None", "ignoredInterfaces": []string{"eth*"}, "logSeverityScreen": "Info",
				"labels": map[string]any{"site": nil}, "annotations": map[string]any{"acme.internal/owner": nil},
			}},
			Steady: map[string]string{
				"node_mesh_max_restart_time": "excludes node_to_node_mesh_enabled = false", "node_mesh_password_secret": "the same",
				"service_load_balancer_aggregation": newer,
			},
		})
	life.Replaced = fmt.Sprintf("resource \"onprem_calico_bgp_configuration\" \"this\" {\n  name = %q\n  log_severity_screen = \"Debug\"\n}\n", node)
	return life
}

func TestBGPConfigurationLife(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	life := configurationLife(t, c, objecttest.Provider(c.Kubeconfig()))
	all, plain := life.System, bgp(c.Kubeconfig(), `as_number = 64512`)
	life.Run(t,
		resource.TestStep{Config: plain, ConfigStateChecks: []statecheck.StateCheck{
			acctest.Is(configuration, "name", knownvalue.StringExact("default")),
		}},
		resource.TestStep{ // Calico's own default, written out, is no difference
			Config: bgp(c.Kubeconfig(), "as_number = 64512\nnode_to_node_mesh_enabled = true\nnode_mesh_max_restart_time = \"90s\"\n"+
				"node_mesh_password_secret = { name = \"bgp-passwords\", key = \"mesh\" }"),
			Check: acctest.Has(all, configurations, "default", acctest.Fields{
				"nodeMeshPassword": map[string]any{"secretKeyRef": map[string]any{"name": "bgp-passwords", "key": "mesh"}},
			}),
		},
		resource.TestStep{Config: plain},
		resource.TestStep{ // a field that others set and nobody configures is no difference
			PreConfig: acctest.Edit(t, all, configurations, "default", acctest.Fields{"logSeverityScreen": "Fatal"}),
			Config:    plain, PlanOnly: true,
		},
		resource.TestStep{ // drift is found, and putting it right is refused, until taken over
			PreConfig: acctest.Edit(t, all, configurations, "default", acctest.Fields{"asNumber": 64999}),
			Config:    plain, ExpectError: acctest.Says(`spec.asNumber is managed by "kubectl-edit"`),
		},
	)
}

// TestBGPConfigurationRefused: someone else's configuration is not taken over
// without a word, and a field that this Calico has not is named.
func TestBGPConfigurationRefused(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, node := objects(t, c, "node.worker")
	all.Create(t, configurations, node, map[string]any{"listenPort": int64(1790)})
	acctest.Run(t, all,
		resource.TestStep{
			Config:      bgp(c.Kubeconfig(), fmt.Sprintf("name = %q\nlisten_port = 1790", node)),
			ExpectError: acctest.Says(`it exists already, managed by "kubectl-create"`),
		},
		resource.TestStep{
			Config:      bgp(c.Kubeconfig(), fmt.Sprintf("name = %q\nservice_load_balancer_aggregation = \"Disabled\"", node+"-new")),
			ExpectError: acctest.Says("spec.serviceLoadBalancerAggregation: the server does not know this field"),
		},
	)
}

func TestBGPConfigurationInvalid(t *testing.T) {
	t.Parallel()
	acctest.Refuses(t, objecttest.Nowhere, "onprem_calico_bgp_configuration", `name = "other"`, map[string]string{
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
	all, node := objects(t, c, "node.worker")
	all.Create(t, configurations, node, map[string]any{"ignoredInterfaces": []any{"docker*"}})
	const data = "data.onprem_calico_bgp_configuration.this"
	acctest.Run(t, all,
		resource.TestStep{
			Config: objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf("data \"onprem_calico_bgp_configuration\" \"this\" {\n  name = %q\n}\n", node),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(data, "ignored_interfaces", knownvalue.ListSizeExact(1)),
				acctest.Is(data, "node_to_node_mesh_enabled", knownvalue.Bool(true)),
				acctest.Is(data, "as_number", knownvalue.StringExact("64512")),
				acctest.Is(data, "listen_port", knownvalue.Int64Exact(179)),
			},
		},
	)
}
