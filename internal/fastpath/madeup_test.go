package fastpath_test

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/wire"
)

const thingType = "onprem_thing"

// madeUpProvider is a provider with one resource.
type madeUpProvider struct {
	resource func() resource.Resource
	set      *clients.Set
}

func (p *madeUpProvider) Metadata(_ context.Context, _ provider.MetadataRequest, r *provider.MetadataResponse) {
	r.TypeName = "onprem"
}
func (p *madeUpProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}
func (p *madeUpProvider) Configure(_ context.Context, _ provider.ConfigureRequest, r *provider.ConfigureResponse) {
	r.ResourceData = p.set
}
func (p *madeUpProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }
func (p *madeUpProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{p.resource}
}
func (p *madeUpProvider) ResourceData() any { return p.set }

// madeUp serves a resource with a schema and no rules.
func madeUp(t *testing.T, s schema.Schema) (*pair, tftypes.Type) {
	t.Helper()
	p := serve(t, &madeUpProvider{resource: func() resource.Resource { return &thing{s} }})
	return p, p.schemas[thingType].ValueType()
}

// thing has a schema only.
type thing struct{ schema schema.Schema }

func (t *thing) Metadata(_ context.Context, _ resource.MetadataRequest, r *resource.MetadataResponse) {
	r.TypeName = thingType
}
func (t *thing) Schema(_ context.Context, _ resource.SchemaRequest, r *resource.SchemaResponse) {
	r.Schema = t.schema
}
func (t *thing) Configure(context.Context, resource.ConfigureRequest, *resource.ConfigureResponse) {}
func (t *thing) Create(context.Context, resource.CreateRequest, *resource.CreateResponse)          {}
func (t *thing) Read(context.Context, resource.ReadRequest, *resource.ReadResponse)                {}
func (t *thing) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse)          {}
func (t *thing) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse)          {}

func (t *thing) Compile(*wire.Schema) error                     { return nil }
func (t *thing) ConfigFine(context.Context, []byte) bool        { return true }
func (t *thing) PlanStays(context.Context, []byte, []byte) bool { return true }
func (t *thing) ReadUnchanged(ctx context.Context, _ []byte) (context.Context, []byte, bool) {
	return ctx, nil, false
}
