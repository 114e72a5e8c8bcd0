package guacamole

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacapi"
)

// newGroupData finds a Guacamole connection group by name or path.
var newGroupData = crud.NewData(crud.DataSpec[groupData, *guacapi.Client]{
	Name: "guacamole_connection_group", Client: (*clients.Set).Guacamole,
	Schema: groupDataSchema, Read: readGroupData,
})

type groupData struct {
	group

	Path types.String `tfsdk:"path"`
}

func groupDataSchema(ctx context.Context) schema.Schema {
	attributes := crud.Computed(groupSchema(ctx).Attributes)
	maps.Copy(attributes, findAttributes("connection group"))
	return schema.Schema{
		MarkdownDescription: "A Guacamole connection group, found by its name and group or by its path.",
		Attributes:          attributes,
	}
}

func readGroupData(ctx context.Context, c *guacapi.Client, m *groupData) error {
	g, err := findGroup(ctx, c, m)
	if err != nil {
		return err
	}
	where, err := c.PathOf(ctx, g.ParentIdentifier, g.Name)
	if err != nil {
		return err
	}
	m.Path = types.StringValue(where)
	m.Identifier = types.StringValue(g.Identifier)
	m.fromAPI(g)
	return nil
}

func findGroup(ctx context.Context, c *guacapi.Client, m *groupData) (guacapi.Group, error) {
	if !m.Path.IsNull() {
		return c.FindGroup(ctx, m.Path.ValueString())
	}
	return c.GroupNamed(ctx, parentOf(m.ParentIdentifier), m.Name.ValueString())
}
