package calico

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/object"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

var bgpConfigurationKind = kind("bgpconfigurations", "BGPConfiguration")

// clusterConfiguration is the one BGPConfiguration that is for all nodes.
const clusterConfiguration = "default"

// BGPConfiguration manages a Calico BGPConfiguration: how the nodes of the
// cluster, or one of them, speak BGP.
var BGPConfiguration = object.Of(object.Spec[bgpConfiguration]{
	Name: "calico_bgp_configuration", Kind: bgpConfigurationKind, Schema: bgpConfigurationSchema,
	Meta:   func(m *bgpConfiguration) *object.Meta { return &m.Meta },
	Fields: func(m *bgpConfiguration) []object.Field { return m.fields() },
	Check:  checkBGPConfiguration,
}, object.DataSpec[bgpConfigurationData]{
	Description: "A Calico BGPConfiguration as it is in the cluster. What it does not set has Calico's defaults.",
	Meta:        func(m *bgpConfigurationData) *object.DataMeta { return &m.DataMeta },
	Fields:      func(m *bgpConfigurationData) []object.Field { return m.fields() },
})

type bgpConfiguration struct {
	object.Meta
	bgpConfigurationSpec
}

type bgpConfigurationData struct {
	object.DataMeta
	bgpConfigurationSpec
}

type bgpConfigurationSpec struct {
	ASNumber                       semtype.ASNumber `tfsdk:"as_number"`
	NodeToNodeMeshEnabled          types.Bool       `tfsdk:"node_to_node_mesh_enabled"`
	NodeMeshPasswordSecret         types.Object     `tfsdk:"node_mesh_password_secret"`
	NodeMeshMaxRestartTime         semtype.Duration `tfsdk:"node_mesh_max_restart_time"`
	ServiceClusterIPs              types.List       `tfsdk:"service_cluster_ips"`
	ServiceExternalIPs             types.List       `tfsdk:"service_external_ips"`
	ServiceLoadBalancerIPs         types.List       `tfsdk:"service_load_balancer_ips"`
	ServiceLoadBalancerAggregation types.String     `tfsdk:"service_load_balancer_aggregation"`
	Communities                    types.List       `tfsdk:"communities"`
	PrefixAdvertisements           types.List       `tfsdk:"prefix_advertisements"`
	ListenPort                     types.Int64      `tfsdk:"listen_port"`
	BindMode                       types.String     `tfsdk:"bind_mode"`
	IgnoredInterfaces              types.List       `tfsdk:"ignored_interfaces"`
	LogSeverityScreen              types.String     `tfsdk:"log_severity_screen"`
}

func (m *bgpConfigurationSpec) fields() []object.Field {
	return []object.Field{
		object.Bind(&m.ASNumber, "spec", "asNumber").Default(int64(64512)),
		object.Bind(&m.NodeToNodeMeshEnabled, "spec", "nodeToNodeMeshEnabled").Default(true),
		object.Bind(&m.NodeMeshPasswordSecret, "spec", "nodeMeshPassword", "secretKeyRef"),
		object.Bind(&m.NodeMeshMaxRestartTime, "spec", "nodeMeshMaxRestartTime"),
		object.Bind(&m.ServiceClusterIPs, "spec", "serviceClusterIPs"),
		object.Bind(&m.ServiceExternalIPs, "spec", "serviceExternalIPs"),
		object.Bind(&m.ServiceLoadBalancerIPs, "spec", "serviceLoadBalancerIPs"),
		object.Bind(&m.ServiceLoadBalancerAggregation, "spec", "serviceLoadBalancerAggregation").Default("Enabled"),
		object.Bind(&m.Communities, "spec", "communities"),
		object.Bind(&m.PrefixAdvertisements, "spec", "prefixAdvertisements"),
		object.Bind(&m.ListenPort, "spec", "listenPort").Default(int64(179)),
		object.Bind(&m.BindMode, "spec", "bindMode").Default("None"),
		object.Bind(&m.IgnoredInterfaces, "spec", "ignoredInterfaces"),
		object.Bind(&m.LogSeverityScreen, "spec", "logSeverityScreen").Default("Info"),
	}
}

// clusterWide are the attributes that Calico takes from the configuration of
// the cluster only.
func (m *bgpConfigurationSpec) clusterWide() map[string]attr.Value {
	return map[string]attr.Value{
		"as_number":                  m.ASNumber,
		"node_to_node_mesh_enabled":  m.NodeToNodeMeshEnabled,
		"node_mesh_password_secret":  m.NodeMeshPasswordSecret,
		"node_mesh_max_restart_time": m.NodeMeshMaxRestartTime,
		"service_cluster_ips":        m.ServiceClusterIPs,
		"service_external_ips":       m.ServiceExternalIPs,
		"service_load_balancer_ips":  m.ServiceLoadBalancerIPs,
	}
}

// checkBGPConfiguration has the rules of Calico's validator and of its client
// (libcalico-go, validator/v3 and clientv3).
func checkBGPConfiguration(m *bgpConfiguration, diags *diag.Diagnostics) {
	if known(m.Name) && m.Name.ValueString() != clusterConfiguration {
		for attribute, value := range m.clusterWide() {
			if known(value) {
				refuse(diags, attribute, fmt.Sprintf("%s holds for the whole cluster: set it in the configuration named %q.", attribute, clusterConfiguration))
			}
		}
	}
	if known(m.NodeToNodeMeshEnabled) && !m.NodeToNodeMeshEnabled.ValueBool() {
		if known(m.NodeMeshPasswordSecret) {
			refuse(diags, "node_mesh_password_secret", "Without the node-to-node mesh there is no session to protect: leave node_mesh_password_secret out.")
		}
		if known(m.NodeMeshMaxRestartTime) {
			refuse(diags, "node_mesh_max_restart_time", "Without the node-to-node mesh there is no session to restart: leave node_mesh_max_restart_time out.")
		}
	}
	if known(m.Communities) && m.PrefixAdvertisements.IsNull() {
		refuse(diags, "communities", "Nothing uses these names: add prefix_advertisements, or leave communities out.")
	}
	checkAdvertisedCommunities(m, diags)
}

// checkAdvertisedCommunities finds communities that are neither a value nor a
// name from communities.
func checkAdvertisedCommunities(m *bgpConfiguration, diags *diag.Diagnostics) {
	names, complete := communityNames(m.Communities)
	for i, e := range m.PrefixAdvertisements.Elements() {
		advertisement, ok := e.(types.Object)
		if !ok || !known(advertisement) {
			continue
		}
		communities, _ := advertisement.Attributes()["communities"].(types.List)
		for j, e := range communities.Elements() {
			c, ok := e.(types.String)
			if !ok || !known(c) || names[c.ValueString()] || isCommunity(c.ValueString()) || !complete {
				continue
			}
			diags.AddAttributeError(path.Root("prefix_advertisements").AtListIndex(i).AtName("communities").AtListIndex(j), "Invalid value",
				fmt.Sprintf("%q is neither a community such as 65001:100 or 65001:100:1, nor a name from communities.", c.ValueString()))
		}
	}
}

// communityNames are the names that communities gives, and whether they are
// all known yet.
func communityNames(communities types.List) (names map[string]bool, complete bool) {
	names, complete = map[string]bool{}, !communities.IsUnknown()
	for _, e := range communities.Elements() {
		community, ok := e.(types.Object)
		if !ok || !known(community) {
			complete = false
			continue
		}
		name, ok := community.Attributes()["name"].(types.String)
		if !ok || !known(name) {
			complete = false
			continue
		}
		names[name.ValueString()] = true
	}
	return names, complete
}
