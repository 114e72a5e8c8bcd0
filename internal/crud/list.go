package crud

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	data "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	listschema "github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
)

// Listing tells how the objects of a resource are found, for `terraform query`
// and for the data source that returns all of them.
type Listing[M, C any] struct {
	// Within names the attributes that narrow a listing: "namespace".
	Within []string
	// Each finds every object of those that within (whose other attributes are
	// null) narrows the listing to. It calls found with a function that fills a
	// model, and ends when found returns false.
	Each func(ctx context.Context, client C, within *M, found func(fill func(*M) error) bool) error
	// Partly tells that Each fills only what identifies an object and what Title
	// needs: the rest is read.
	Partly bool
	// Title is what people call an object. May be nil: its import id.
	Title func(*M) string
}

// Visit is what a Listing's Each does with the objects it has got.
func Visit[M, T any](objects []T, fill func(*M, T) error, found func(fill func(*M) error) bool) {
	for _, o := range objects {
		if !found(func(m *M) error { return fill(m, o) }) {
			return
		}
	}
}

// getter reads an attribute of a configuration, a state or an identity.
type getter func(ctx context.Context, at path.Path, target any) diag.Diagnostics

// lister is what a list resource and the data source of many have in common.
type lister[M, C any] struct {
	spec    Spec[M, C]
	clients *clients.Set
}

// NewList returns the constructor of the list resource of s, which has a Listing.
func NewList[M, C any](s Spec[M, C]) func() list.ListResource {
	return func() list.ListResource { return &listResource[M, C]{lister[M, C]{spec: s}} }
}

type listResource[M, C any] struct{ lister[M, C] }

var _ list.ListResourceWithConfigure = (*listResource[struct{}, any])(nil)

// Metadata implements list.ListResource.
func (l *listResource[M, C]) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + l.spec.Name
}

// Configure implements list.ListResourceWithConfigure.
func (l *listResource[M, C]) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	l.clients, _ = req.ProviderData.(*clients.Set)
}

// ListResourceConfigSchema implements list.ListResource.
func (l *listResource[M, C]) ListResourceConfigSchema(ctx context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	of := l.spec.Schema(ctx).Attributes
	resp.Schema = listschema.Schema{
		MarkdownDescription: "Lists every `onprem_" + l.spec.Name + "`, managed by Terraform or not.",
		Attributes:          map[string]listschema.Attribute{},
	}
	for _, name := range l.spec.List.Within {
		if isNumber(of[name]) {
			resp.Schema.Attributes[name] = listschema.Int64Attribute{Optional: true, MarkdownDescription: narrowed(of[name])}
		} else {
			resp.Schema.Attributes[name] = listschema.StringAttribute{Optional: true, MarkdownDescription: narrowed(of[name])}
		}
	}
}

// List implements list.ListResource.
func (l *listResource[M, C]) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	stream.Results = func(push func(list.ListResult) bool) {
		var diags diag.Diagnostics
		sent := int64(0)
		l.each(ctx, req.Config.GetAttribute, req.IncludeResource, &diags, func(m *M, state tfsdk.State) bool {
			result := req.NewListResult(ctx)
			result.DisplayName = l.title(ctx, m, state)
			r := Resource[M, C]{Spec: l.spec, typeName: "onprem_" + l.spec.Name}
			r.identify(ctx, state, result.Identity, &result.Diagnostics)
			if req.IncludeResource {
				result.Resource.Raw = state.Raw
			}
			sent++
			return push(result) && (req.Limit == 0 || sent < req.Limit)
		})
		if len(diags) > 0 {
			push(list.ListResult{Diagnostics: diags})
		}
	}
}

// each visits every object with its model and its state: all of it when whole,
// else what Listing.Each has filled. An object that goes while it is listed is not there.
func (l *lister[M, C]) each(
	ctx context.Context, config getter, whole bool, diags *diag.Diagnostics, visit func(*M, tfsdk.State) bool,
) {
	s := l.spec.Schema(ctx)
	fail := func(err error) { Report(ctx, diags, "Unable to list onprem_"+l.spec.Name, err) }
	client, err := l.spec.Client(l.clients)
	if err != nil {
		fail(err)
		return
	}
	within := l.within(ctx, s, config, diags)
	if diags.HasError() {
		return
	}
	err = l.spec.List.Each(ctx, client, within, func(fill func(*M) error) bool {
		state, m := nothing(ctx, s), new(M)
		diags.Append(state.Get(ctx, m)...)
		err := fill(m)
		if err == nil && whole && l.spec.List.Partly {
			err = l.spec.Read(ctx, client, m)
		}
		if api.IsNotFound(err) {
			return true
		}
		if err != nil {
			fail(err)
			return false
		}
		diags.Append(state.Set(ctx, m)...)
		return !diags.HasError() && visit(m, state)
	})
	if err != nil {
		fail(err)
	}
}

// within is a model with what the listing is narrowed to.
func (l *lister[M, C]) within(ctx context.Context, s schema.Schema, config getter, diags *diag.Diagnostics) *M {
	state, m := nothing(ctx, s), new(M)
	for _, name := range l.spec.List.Within {
		copyAttribute(ctx, s, name, config, &state, diags)
	}
	diags.Append(state.Get(ctx, m)...)
	return m
}

// title is what people call an object.
func (l *lister[M, C]) title(ctx context.Context, m *M, state tfsdk.State) string {
	if l.spec.List.Title != nil && l.spec.List.Title(m) != "" {
		return l.spec.List.Title(m)
	}
	return l.id(ctx, state)
}

// id is the import id of an object.
func (l *lister[M, C]) id(ctx context.Context, state tfsdk.State) string {
	parts := make([]string, len(l.spec.Identity))
	for i, name := range l.spec.Identity {
		var v attr.Value
		if diags := state.GetAttribute(ctx, path.Root(name), &v); !diags.HasError() {
			parts[i] = strings.Trim(v.String(), `"`)
		}
	}
	return strings.Join(parts, "/")
}

// narrowed describes an attribute that narrows a listing.
func narrowed(a schema.Attribute) string {
	return "List only those with this value. " + asRead(a.GetMarkdownDescription())
}

// NewPluralData returns the constructor of the data source of all objects of s,
// which has a Listing.
func NewPluralData[M, C any](s Spec[M, C]) func() datasource.DataSource {
	return func() datasource.DataSource { return &pluralData[M, C]{lister[M, C]{spec: s}} }
}

type pluralData[M, C any] struct{ lister[M, C] }

var _ datasource.DataSourceWithConfigure = (*pluralData[struct{}, any])(nil)

// Metadata implements datasource.DataSource.
func (d *pluralData[M, C]) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + Plural(d.spec.Name)
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *pluralData[M, C]) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.clients, _ = req.ProviderData.(*clients.Set)
}

// attribute is the one that has the objects: "projects" of "harbor_projects".
func (d *pluralData[M, C]) attribute() string {
	name := Plural(d.spec.Name)
	if _, object, ok := strings.Cut(name, "_"); ok {
		return object
	}
	return name
}

// Schema implements datasource.DataSource.
func (d *pluralData[M, C]) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	of := d.spec.Schema(ctx).Attributes
	resp.Schema = data.Schema{
		MarkdownDescription: "Every `onprem_" + d.spec.Name + "` that there is, managed by Terraform or not.",
		Attributes: map[string]data.Attribute{d.attribute(): data.ListNestedAttribute{
			MarkdownDescription: "All that were found, in the order of their import ids.", Computed: true,
			NestedObject: data.NestedAttributeObject{Attributes: Computed(of)},
		}},
	}
	for _, name := range d.spec.List.Within {
		if isNumber(of[name]) {
			resp.Schema.Attributes[name] = data.Int64Attribute{Optional: true, MarkdownDescription: narrowed(of[name])}
		} else {
			resp.Schema.Attributes[name] = data.StringAttribute{Optional: true, MarkdownDescription: narrowed(of[name])}
		}
	}
}

// Read implements datasource.DataSource.
func (d *pluralData[M, C]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	resp.State.Raw = req.Config.Raw
	typ, _ := resp.State.Schema.Type().TerraformType(ctx).(tftypes.Object).AttributeTypes[d.attribute()].(tftypes.List)
	found := map[string]tftypes.Value{}
	var ids []string
	d.each(ctx, req.Config.GetAttribute, true, &resp.Diagnostics, func(_ *M, state tfsdk.State) bool {
		v, err := only(state.Raw, typ.ElementType)
		if err != nil {
			resp.Diagnostics.AddError("Unable to list onprem_"+d.spec.Name, err.Error())
			return false
		}
		id := d.id(ctx, state)
		found[id] = v
		ids = append(ids, id)
		return true
	})
	if resp.Diagnostics.HasError() {
		return
	}
	slices.Sort(ids)
	all := make([]tftypes.Value, len(ids))
	for i, id := range ids {
		all[i] = found[id]
	}
	values := map[string]tftypes.Value{}
	if err := resp.State.Raw.As(&values); err != nil {
		resp.Diagnostics.AddError("Unable to list onprem_"+d.spec.Name, err.Error())
		return
	}
	values[d.attribute()] = tftypes.NewValue(typ, all)
	resp.State.Raw = tftypes.NewValue(resp.State.Raw.Type(), values)
}

// only is an object with the attributes alone that its wanted type has, at any depth.
func only(v tftypes.Value, want tftypes.Type) (tftypes.Value, error) {
	if v.Type().Equal(want) {
		return v, nil
	}
	if v.IsNull() {
		return tftypes.NewValue(want, nil), nil
	}
	switch want := want.(type) {
	case tftypes.Object:
		var has map[string]tftypes.Value
		if err := v.As(&has); err != nil {
			return v, err
		}
		kept := map[string]tftypes.Value{}
		for name, t := range want.AttributeTypes {
			var err error
			if kept[name], err = only(has[name], t); err != nil {
				return v, err
			}
		}
		return tftypes.NewValue(want, kept), nil
	case tftypes.List:
		return elements(v, want, want.ElementType)
	case tftypes.Set:
		return elements(v, want, want.ElementType)
	}
	return v, fmt.Errorf("a %s is no %s", v.Type(), want)
}

func elements(v tftypes.Value, want, element tftypes.Type) (tftypes.Value, error) {
	var has []tftypes.Value
	if err := v.As(&has); err != nil {
		return v, err
	}
	for i, e := range has {
		var err error
		if has[i], err = only(e, element); err != nil {
			return v, err
		}
	}
	return tftypes.NewValue(want, has), nil
}
