package object

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dataschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube"
)

// DataSpec describes the data source of a kind with model M: the object as it
// is, whoever has set its fields.
type DataSpec[M any] struct {
	// Description starts the documentation.
	Description string
	// Extra are attributes that the resource has not, its status say.
	Extra  map[string]dataschema.Attribute
	Meta   func(*M) *DataMeta
	Fields func(*M) []Field
	// Namespace is the namespace of namespaced kinds, the default where the
	// configuration has none; nil for others.
	Namespace func(*M) *types.String
	// DefaultNamespace is used where the configuration has none.
	DefaultNamespace string

	// Of the resource, whose own attributes the data source has too.
	name string
	kind kube.Kind
	like func(context.Context) schema.Schema
}

// DataMeta is what the models of all data sources embed.
type DataMeta struct {
	Name        types.String `tfsdk:"name"`
	UID         types.String `tfsdk:"uid"`
	Labels      types.Map    `tfsdk:"labels"`
	Annotations types.Map    `tfsdk:"annotations"`
}

func (s DataSpec[M]) dataSource() func() datasource.DataSource {
	return crud.NewData(crud.DataSpec[M, *kube.Client]{
		Name: s.name, Client: (*clients.Set).Kubernetes, Schema: s.schema, Read: s.read,
	})
}

func (s DataSpec[M]) read(ctx context.Context, c *kube.Client, m *M) error {
	d := s.Meta(m)
	key := kube.Key{Name: d.Name.ValueString()}
	if s.Namespace != nil {
		namespace := s.Namespace(m)
		if namespace.IsNull() {
			*namespace = types.StringValue(s.DefaultNamespace)
		}
		key.Namespace = namespace.ValueString()
	}
	o, err := c.Get(ctx, s.kind, key)
	if err != nil {
		return err
	}
	meta := &Meta{}
	r := &reader{ctx: ctx, object: o, owners: c.Owners(o), everything: true}
	if err := r.fill(meta, s.Fields(m)); err != nil {
		return err
	}
	d.UID, d.Labels, d.Annotations = meta.UID, meta.Labels, meta.Annotations
	return nil
}

func (s DataSpec[M]) schema(ctx context.Context) dataschema.Schema {
	attributes := crud.Computed(s.like(ctx).Attributes)
	attributes["name"] = dataschema.StringAttribute{
		MarkdownDescription: "Name of the " + s.kind.Kind + ".", Required: true, Validators: []validator.String{NameValidator()},
	}
	attributes["labels"] = dataschema.MapAttribute{MarkdownDescription: "All its labels.", ElementType: types.StringType, Computed: true}
	attributes["annotations"] = dataschema.MapAttribute{MarkdownDescription: "All its annotations, but those in which kubectl, Argo CD and Helm keep their books.", ElementType: types.StringType, Computed: true}
	if s.Namespace != nil {
		attributes["namespace"] = dataschema.StringAttribute{
			MarkdownDescription: "Namespace of the " + s.kind.Kind + ". Defaults to `" + s.DefaultNamespace + "`.",
			Optional:            true, Computed: true, Validators: []validator.String{NamespaceValidator()},
		}
	}
	maps.Copy(attributes, s.Extra)
	return dataschema.Schema{MarkdownDescription: s.Description, Attributes: attributes}
}
