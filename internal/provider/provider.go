// Package provider has the provider block, the lists of everything Terraform
// can use, and the laws that every entity obeys (a test).
package provider

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/calico"
	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/gcstart"
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

type onprem struct {
	version string
	set     atomic.Pointer[clients.Set]
}

// ResourceData is what resources are configured with; nil before the provider
// is configured.
func (p *onprem) ResourceData() any {
	if set := p.set.Load(); set != nil {
		return set
	}
	return nil
}

// Close ends what the provider holds open in the systems it has spoken to.
func (p *onprem) Close(ctx context.Context) error {
	if set := p.set.Load(); set != nil {
		return set.Close(ctx)
	}
	return nil
}

var (
	_ provider.ProviderWithEphemeralResources = (*onprem)(nil)
	_ provider.ProviderWithActions            = (*onprem)(nil)
	_ provider.ProviderWithListResources      = (*onprem)(nil)
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
	gcstart.Done()
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
	if before := p.set.Swap(set); before != nil {
		_ = before.Close(ctx) // under a debugger, one process serves run after run
	}
	resp.ResourceData = set
	resp.DataSourceData = set
	resp.EphemeralResourceData = set
	resp.ActionData = set
	resp.ListResourceData = set
}

// kinds are those of all systems.
func kinds() []crud.Kind {
	return slices.Concat(cluster.Kinds(), calico.Kinds(), metallb.Kinds(), harbor.Kinds(), guacamole.Kinds(), kong.Kinds(), kubevirt.Kinds())
}

// Resources implements provider.Provider.
func (p *onprem) Resources(context.Context) []func() resource.Resource {
	var all []func() resource.Resource
	for _, k := range kinds() {
		if k.Resource != nil {
			all = append(all, k.Resource)
		}
	}
	return all
}

// DataSources implements provider.Provider.
func (p *onprem) DataSources(context.Context) []func() datasource.DataSource {
	var all []func() datasource.DataSource
	for _, k := range kinds() {
		all = append(all, k.Data...)
	}
	return all
}

// ListResources implements provider.ProviderWithListResources.
func (p *onprem) ListResources(context.Context) []func() list.ListResource {
	var all []func() list.ListResource
	for _, k := range kinds() {
		if k.List != nil {
			all = append(all, k.List)
		}
	}
	return all
}

// EphemeralResources implements provider.ProviderWithEphemeralResources.
func (p *onprem) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return cluster.EphemeralResources()
}

// Actions implements provider.ProviderWithActions.
func (p *onprem) Actions(context.Context) []func() action.Action { return cluster.Actions() }
