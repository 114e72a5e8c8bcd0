// Package provider has the provider block, the lists of everything Terraform
// can use, and the laws that every entity obeys (a test).
package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/calico"
	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kubevirt"
	"github.com/onprem-tools/terraform-provider-onprem/internal/metallb"
)

// New returns the constructor of the provider in the given version.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &onprem{version: version} }
}

type onprem struct{ version string }

var (
	_ provider.ProviderWithEphemeralResources = (*onprem)(nil)
	_ provider.ProviderWithActions            = (*onprem)(nil)
)

// model is the provider block. Blocks are objects, which may be unknown as a
// whole.
type model struct {
	Kubernetes types.Object `tfsdk:"kubernetes"`
	Harbor     types.Object `tfsdk:"harbor"`
	Guacamole  types.Object `tfsdk:"guacamole"`
	Kong       types.Object `tfsdk:"kong"`
	SSH        types.Object `tfsdk:"ssh"`
}

// Metadata implements provider.Provider.
func (p *onprem) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "onprem"
	resp.Version = p.version
}

// Schema implements provider.Provider.
func (p *onprem) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "One provider for an on-prem platform: Kubernetes clusters from bare machines, Calico and MetalLB networking, KubeVirt, Harbor, Guacamole and Kong. " +
			"Every block is optional, and a system is contacted only when something of it is used. " +
			"Every setting also comes from an environment variable; what is written in HCL wins.",
		Attributes: map[string]schema.Attribute{
			"kubernetes": kubernetesAttribute(),
			"harbor":     harborAttribute(),
			"guacamole":  guacamoleAttribute(),
			"kong":       kongAttribute(),
			"ssh":        sshAttribute(),
		},
	}
}

// Configure implements provider.Provider. It contacts nothing: a plan that uses
// one system must not depend on the others.
func (p *onprem) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	set := clients.New(clients.Settings{
		Kubernetes: kubernetesSettings(ctx, m.Kubernetes, p.version, &resp.Diagnostics),
		Harbor:     harborSettings(ctx, m.Harbor, p.version, &resp.Diagnostics),
		Guacamole:  guacamoleSettings(ctx, m.Guacamole, p.version, &resp.Diagnostics),
		Kong:       kongSettings(ctx, m.Kong, p.version, &resp.Diagnostics),
		SSH:        sshSettings(ctx, m.SSH, &resp.Diagnostics),
	})
	resp.ResourceData = set
	resp.DataSourceData = set
	resp.EphemeralResourceData = set
	resp.ActionData = set
}

// Resources implements provider.Provider.
func (p *onprem) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		calico.NewBGPConfiguration,
		calico.NewBGPPeer,
		calico.NewIPPool,
		metallb.NewBFDProfile,
		metallb.NewBGPAdvertisement,
		metallb.NewBGPPeer,
		metallb.NewIPAddressPool,
		metallb.NewL2Advertisement,
		harbor.NewProject,
		harbor.NewRegistry,
		harbor.NewReplicationPolicy,
		guacamole.NewConnection,
		guacamole.NewConnectionGroup,
		kong.NewService,
		kong.NewRoute,
		cluster.NewCluster,
	}
}

// DataSources implements provider.Provider.
func (p *onprem) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		calico.NewBGPConfigurationDataSource,
		calico.NewBGPPeerDataSource,
		calico.NewIPPoolDataSource,
		kubevirt.NewVirtualMachineInstancesDataSource,
		metallb.NewBFDProfileDataSource,
		metallb.NewBGPAdvertisementDataSource,
		metallb.NewBGPPeerDataSource,
		metallb.NewIPAddressPoolDataSource,
		metallb.NewL2AdvertisementDataSource,
		harbor.NewProjectDataSource,
		harbor.NewRegistryDataSource,
		harbor.NewReplicationPolicyDataSource,
		guacamole.NewConnectionDataSource,
		guacamole.NewConnectionGroupDataSource,
		kong.NewServiceDataSource,
		kong.NewRouteDataSource,
		cluster.NewClusterDataSource,
	}
}

// EphemeralResources implements provider.ProviderWithEphemeralResources.
func (p *onprem) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		cluster.NewKubeconfigEphemeral,
		cluster.NewJoinTokenEphemeral,
	}
}

// Actions implements provider.ProviderWithActions.
func (p *onprem) Actions(context.Context) []func() action.Action {
	return []func() action.Action{
		cluster.NewNodeDrain,
		cluster.NewNodeUncordon,
		cluster.NewEtcdSnapshot,
		cluster.NewCertificateRenewal,
	}
}
