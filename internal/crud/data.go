package crud

import (
	"context"
	"maps"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
)

// DataSpec describes a data source with model M on a system with client C. M has
// a field for every attribute, and may have more: it can embed the resource's model.
type DataSpec[M, C any] struct {
	// Name is the type name without the provider's: "harbor_project".
	Name   string
	Client func(*clients.Set) (C, error)
	Schema func(context.Context) schema.Schema
	// Read gets the model with what the user wrote and fills the rest.
	Read func(context.Context, C, *M) error
}

// Data implements datasource.DataSource over a DataSpec.
type Data[M, C any] struct {
	Spec DataSpec[M, C]

	clients *clients.Set
}

var _ datasource.DataSourceWithConfigure = (*Data[struct{}, any])(nil)

// NewData returns the constructor of the data source that s describes.
func NewData[M, C any](s DataSpec[M, C]) func() datasource.DataSource {
	return func() datasource.DataSource { return &Data[M, C]{Spec: s} }
}

// Metadata implements datasource.DataSource.
func (d *Data[M, C]) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.Spec.Name
}

// Schema implements datasource.DataSource.
func (d *Data[M, C]) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = d.Spec.Schema(ctx)
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *Data[M, C]) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.clients, _ = req.ProviderData.(*clients.Set)
}

// Read implements datasource.DataSource. A missing object is an error here:
// someone depends on it.
func (d *Data[M, C]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	ctx = Guard(ctx, tfsdk.State(req.Config))
	var m M
	fields := fieldsOf(reflect.ValueOf(&m).Elem())
	for name := range d.Spec.Schema(ctx).Attributes {
		resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(name), fields[name].Addr().Interface())...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	client, err := d.Spec.Client(d.clients)
	if err == nil {
		err = d.Spec.Read(ctx, client, &m)
	}
	if err != nil {
		Report(ctx, &resp.Diagnostics, "Unable to read onprem_"+d.Spec.Name, err)
		return
	}
	for name := range d.Spec.Schema(ctx).Attributes {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), fields[name].Interface())...)
	}
}

// fieldsOf are the fields of a model by the names of their attributes, those of
// embedded models too.
func fieldsOf(model reflect.Value) map[string]reflect.Value {
	all := map[string]reflect.Value{}
	for i := range model.NumField() {
		f := model.Type().Field(i)
		if f.Anonymous {
			maps.Copy(all, fieldsOf(model.Field(i)))
		} else if name := f.Tag.Get("tfsdk"); name != "" {
			all[name] = model.Field(i)
		}
	}
	return all
}
