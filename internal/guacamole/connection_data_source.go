package guacamole

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/protocols"
)

// newConnectionData finds a Guacamole connection by name or path.
var newConnectionData = crud.NewData(crud.DataSpec[connectionData, *guacapi.Client]{
	Name: "guacamole_connection", Client: (*clients.Set).Guacamole,
	Schema: connectionDataSchema, Read: readConnectionData,
})

type connectionData struct {
	Path                  types.String `tfsdk:"path"`
	Name                  types.String `tfsdk:"name"`
	ParentIdentifier      types.String `tfsdk:"parent_identifier"`
	Identifier            types.String `tfsdk:"identifier"`
	Protocol              types.String `tfsdk:"protocol"`
	MaxConnections        types.Int64  `tfsdk:"max_connections"`
	MaxConnectionsPerUser types.Int64  `tfsdk:"max_connections_per_user"`
	Weight                types.Int64  `tfsdk:"weight"`
	FailoverOnly          types.Bool   `tfsdk:"failover_only"`
	GuacdHostname         types.String `tfsdk:"guacd_hostname"`
	GuacdPort             types.Int64  `tfsdk:"guacd_port"`
	GuacdEncryption       types.String `tfsdk:"guacd_encryption"`
	SSH                   types.Object `tfsdk:"ssh"`
	RDP                   types.Object `tfsdk:"rdp"`
	VNC                   types.Object `tfsdk:"vnc"`
	Telnet                types.Object `tfsdk:"telnet"`
	Kubernetes            types.Object `tfsdk:"kubernetes"`
}

func connectionDataSchema(context.Context) schema.Schema {
	attributes := findAttributes("connection")
	for name, a := range map[string]schema.Attribute{
		"protocol":                 schema.StringAttribute{Computed: true, MarkdownDescription: "Protocol of the connection; its object below has the parameters."},
		"max_connections":          schema.Int64Attribute{Computed: true, MarkdownDescription: "How many may use the connection at once; `0` for any number."},
		"max_connections_per_user": schema.Int64Attribute{Computed: true, MarkdownDescription: "How many times one user may use the connection at once; `0` for any number."},
		"weight":                   schema.Int64Attribute{Computed: true, MarkdownDescription: "Share of the load in a balancing group."},
		"failover_only":            schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether a balancing group uses the connection only when the others fail."},
		"guacd_hostname":           schema.StringAttribute{Computed: true, MarkdownDescription: "Host name or address of the guacd that makes the connection."},
		"guacd_port":               schema.Int64Attribute{Computed: true, MarkdownDescription: "TCP port of that guacd."},
		"guacd_encryption":         schema.StringAttribute{Computed: true, MarkdownDescription: "How to talk to that guacd: `none` or `ssl`."},
	} {
		attributes[name] = a
	}
	for protocol, description := range descriptions {
		attributes[protocol] = parameterDataSchema(protocol, description+" Null for the other protocols.")
	}
	return schema.Schema{
		MarkdownDescription: "A Guacamole connection, found by its name and group or by its path. Secrets are not read.",
		Attributes:          attributes,
	}
}

// findAttributes are the ways to find an object, for both data sources.
func findAttributes(kind string) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"path": schema.StringAttribute{
			MarkdownDescription: "Names of the groups and of the " + kind + ", joined with `/`. Either this or `name` is to be given.",
			Optional:            true, Computed: true,
			Validators: []validator.String{
				stringvalidator.LengthAtLeast(1),
				stringvalidator.ExactlyOneOf(path.MatchRoot("name")),
				stringvalidator.ConflictsWith(path.MatchRoot("parent_identifier")),
			},
		},
		"name": schema.StringAttribute{
			MarkdownDescription: "Name of the " + kind + " in its group.", Optional: true, Computed: true,
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"parent_identifier": schema.StringAttribute{
			MarkdownDescription: "Identifier of the group that holds the " + kind + ". Defaults to `ROOT`, the top.", Optional: true, Computed: true,
		},
		"identifier": schema.StringAttribute{MarkdownDescription: "Number that Guacamole has given the " + kind + ", as text.", Computed: true},
	}
}

func readConnectionData(ctx context.Context, c *guacapi.Client, m *connectionData) error {
	found, err := findConnection(ctx, c, m)
	if err != nil {
		return err
	}
	if found, err = c.Connection(ctx, found.Identifier); err != nil {
		return err
	}
	where, err := c.PathOf(ctx, found.ParentIdentifier, found.Name)
	if err != nil {
		return err
	}
	m.Path = types.StringValue(where)
	m.fromAPI(found)
	return nil
}

func findConnection(ctx context.Context, c *guacapi.Client, m *connectionData) (guacapi.Connection, error) {
	if !m.Path.IsNull() {
		return c.FindConnection(ctx, m.Path.ValueString())
	}
	return c.ConnectionNamed(ctx, parentOf(m.ParentIdentifier), m.Name.ValueString())
}

// parentOf is the group that was given, or the root.
func parentOf(s types.String) string {
	if s.IsNull() {
		return guacapi.Root
	}
	return s.ValueString()
}

func (m *connectionData) fromAPI(c guacapi.Connection) {
	m.Identifier, m.Name = types.StringValue(c.Identifier), types.StringValue(c.Name)
	m.ParentIdentifier, m.Protocol = types.StringValue(c.ParentIdentifier), types.StringValue(c.Protocol)
	m.MaxConnections = int64Of(c.Attributes["max-connections"])
	m.MaxConnectionsPerUser = int64Of(c.Attributes["max-connections-per-user"])
	m.Weight = int64Of(c.Attributes["weight"])
	m.FailoverOnly = types.BoolValue(c.Attributes["failover-only"] == protocols.True)
	m.GuacdHostname = stringOf(c.Attributes["guacd-hostname"])
	m.GuacdPort = int64Of(c.Attributes["guacd-port"])
	m.GuacdEncryption = stringOf(c.Attributes["guacd-encryption"])
	for protocol, o := range map[string]*types.Object{
		protocols.SSH: &m.SSH, protocols.RDP: &m.RDP, protocols.VNC: &m.VNC, protocols.Telnet: &m.Telnet, protocols.Kubernetes: &m.Kubernetes,
	} {
		*o = types.ObjectNull(parameterDataTypes(protocol))
		if protocol == c.Protocol {
			*o = readParameterData(protocol, c.Parameters)
		}
	}
}
