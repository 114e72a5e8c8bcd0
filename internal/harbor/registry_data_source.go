package harbor

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
)

// newRegistryData reads a registry endpoint by its name.
var newRegistryData = crud.NewData(crud.DataSpec[registryData, *harborapi.Client]{
	Name: "harbor_registry", Client: (*clients.Set).Harbor, Schema: registryDataSchema, Read: readRegistryData,
})

type registryData struct {
	registry

	Status types.String `tfsdk:"status"`
}

func registryDataSchema(ctx context.Context) schema.Schema {
	attributes := crud.Computed(registrySchema(ctx).Attributes)
	attributes["name"] = schema.StringAttribute{Required: true, MarkdownDescription: "Name of the registry."}
	attributes["status"] = schema.StringAttribute{
		Computed: true, MarkdownDescription: "Whether Harbor reaches the registry: `healthy` or `unhealthy`.",
	}
	return schema.Schema{MarkdownDescription: "A registry endpoint of Harbor that something else manages.", Attributes: attributes}
}

func readRegistryData(ctx context.Context, c *harborapi.Client, m *registryData) error {
	r, err := c.Registries.Named(ctx, m.Name.ValueString())
	if err != nil {
		return missing("registry", m.Name.ValueString(), err)
	}
	m.fromAPI(r)
	m.Status = textOrNull(r.Status)
	return nil
}
