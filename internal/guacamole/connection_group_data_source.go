package guacamole

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/protocols"
)

// NewConnectionGroupDataSource finds a Guacamole connection group by name or
// path.
var NewConnectionGroupDataSource = crud.NewData(crud.DataSpec[groupData, *guacapi.Client]{
	Name: "guacamole_connection_group", Client: (*clients.Set).Guacamole,
	Schema: groupDataSchema, Read: readGroupData,
})

type groupData struct {
	Path                  types.String `tfsdk:"path"`
	Name                  types.String `tfsdk:"name"`
	ParentIdentifier      types.String `tfsdk:"parent_identifier"`
	Identifier            types.String `tfsdk:"identifier"`
	Type                  types.String `tfsdk:"type"`
	MaxConnections        types.Int64  `tfsdk:"max_connections"`
	MaxConnectionsPerUser types.Int64  `tfsdk:"max_connections_per_user"`
	EnableSessionAffinity types.Bool   `tfsdk:"enable_session_affinity"`
}

func groupDataSchema(context.Context) schema.Schema {
	attributes := findAttributes("connection group")
	for name, a := range map[string]schema.Attribute{
		"type":                     schema.StringAttribute{Computed: true, MarkdownDescription: "`ORGANIZATIONAL` for a folder, `BALANCING` for connections that share the load."},
		"max_connections":          schema.Int64Attribute{Computed: true, MarkdownDescription: "How many may use a balancing group at once; `0` for any number."},
		"max_connections_per_user": schema.Int64Attribute{Computed: true, MarkdownDescription: "How many times one user may use a balancing group at once; `0` for any number."},
		"enable_session_affinity":  schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether a balancing group brings a user back to the same connection."},
	} {
		attributes[name] = a
	}
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
	m.Identifier, m.Name = types.StringValue(g.Identifier), types.StringValue(g.Name)
	m.ParentIdentifier, m.Type = types.StringValue(g.ParentIdentifier), types.StringValue(g.Type)
	m.MaxConnections = int64Of(g.Attributes["max-connections"])
	m.MaxConnectionsPerUser = int64Of(g.Attributes["max-connections-per-user"])
	m.EnableSessionAffinity = types.BoolValue(g.Attributes["enable-session-affinity"] == protocols.True)
	return nil
}

func findGroup(ctx context.Context, c *guacapi.Client, m *groupData) (guacapi.Group, error) {
	if !m.Path.IsNull() {
		return c.FindGroup(ctx, m.Path.ValueString())
	}
	return c.GroupNamed(ctx, parentOf(m.ParentIdentifier), m.Name.ValueString())
}
