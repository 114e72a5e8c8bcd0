package guacamole

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/protocols"
)

// ConnectionGroup manages a Guacamole connection group: a folder of
// connections, or a set of them that share the load.
var ConnectionGroup = crud.Spec[group, *guacapi.Client]{
	Name: "guacamole_connection_group", Identity: []string{"identifier"},
	Client: (*clients.Set).Guacamole, Schema: groupSchema, Review: reviewGroup,
	Rights: "The account in the provider's `guacamole` block needs the system permission `CREATE_CONNECTION_GROUP`, and `UPDATE` on the group " +
		"that this one is in, unless that is `ROOT`. What it has not created itself it may only manage with `READ`, `UPDATE` and `DELETE` on " +
		"it. The system permission `ADMINISTER` is all of it.",
	Create: createGroup, Read: readGroup, Update: updateGroup, Delete: deleteGroup, Import: importGroup,
	List: &crud.Listing[group, *guacapi.Client]{Each: eachGroup, Title: func(m *group) string { return m.Name.ValueString() }},
}.Kind(newGroupData)

type group struct {
	Identifier            types.String `tfsdk:"identifier"`
	Name                  types.String `tfsdk:"name"`
	ParentIdentifier      types.String `tfsdk:"parent_identifier"`
	Type                  types.String `tfsdk:"type"`
	MaxConnections        types.Int64  `tfsdk:"max_connections"`
	MaxConnectionsPerUser types.Int64  `tfsdk:"max_connections_per_user"`
	EnableSessionAffinity types.Bool   `tfsdk:"enable_session_affinity"`
	ForceDestroy          types.Bool   `tfsdk:"force_destroy"`
}

func groupSchema(context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A Guacamole connection group: a folder of connections and further groups, or a set of connections that share the load.",
		Attributes: map[string]schema.Attribute{
			"identifier":        identifierAttribute("group"),
			"name":              nameAttribute("group"),
			"parent_identifier": parentAttribute(),
			"type": schema.StringAttribute{
				MarkdownDescription: "`ORGANIZATIONAL` for a folder, `BALANCING` for a group that users connect to as if it were one machine. Defaults to `ORGANIZATIONAL`.",
				Optional:            true, Computed: true, Default: stringdefault.StaticString("ORGANIZATIONAL"),
				Validators: []validator.String{stringvalidator.OneOf("ORGANIZATIONAL", "BALANCING")},
			},
			"max_connections": limitAttribute(
				"How many may use a balancing group at once; `0` for any number. The server's own default applies without it."),
			"max_connections_per_user": limitAttribute(
				"How many times one user may use a balancing group at once; `0` for any number. The server's own default applies without it."),
			"enable_session_affinity": schema.BoolAttribute{
				MarkdownDescription: "Whether a balancing group brings a user back to the same connection while logged in. Defaults to `false`.",
				Optional:            true, Computed: true, Default: booldefault.StaticBool(false),
			},
			"force_destroy": schema.BoolAttribute{
				MarkdownDescription: "Whether destroying the group also destroys what is in it. Guacamole deletes all of it without asking; " +
					"with `false` a group that is not empty is not destroyed. Defaults to `false`. Takes effect once applied. " +
					"Terraform destroys a group before it updates what was in it: move objects out in an apply of its own.",
				Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			},
		},
	}
}

// reviewGroup speaks up about a new group while there is still time.
func reviewGroup(ctx context.Context, client func() (*guacapi.Client, error), ch crud.Change[group], diags *diag.Diagnostics) {
	if ch.Prior != nil {
		return
	}
	if c, err := client(); err == nil {
		warnTaken(ctx, "connection group", c.PlanGroup, ch.Plan.ParentIdentifier, ch.Plan.Name, diags)
	}
}

func createGroup(ctx context.Context, c *guacapi.Client, ch crud.Change[group]) error {
	var sent guacapi.Group
	ch.Plan.toAPI(&sent)
	made, err := c.CreateGroup(ctx, sent)
	if err != nil {
		return atParent(err)
	}
	ch.Plan.Identifier = types.StringValue(made.Identifier)
	return nil
}

func readGroup(ctx context.Context, c *guacapi.Client, m *group) error {
	g, err := c.Group(ctx, m.Identifier.ValueString())
	if err != nil {
		return err
	}
	m.fromAPI(g)
	return nil
}

func updateGroup(ctx context.Context, c *guacapi.Client, ch crud.Change[group]) error {
	if onlyForceDestroy(*ch.Plan, *ch.Prior) {
		return nil
	}
	return atParent(c.UpdateGroup(ctx, ch.Prior.Identifier.ValueString(), ch.Plan.toAPI))
}

// onlyForceDestroy reports whether nothing has changed that Guacamole knows of.
func onlyForceDestroy(plan, prior group) bool {
	prior.ForceDestroy = plan.ForceDestroy
	return plan == prior
}

// deleteGroup keeps Guacamole from deleting everything in the group as well,
// which it does without a warning.
func deleteGroup(ctx context.Context, c *guacapi.Client, m *group) error {
	id := m.Identifier.ValueString()
	if !m.ForceDestroy.ValueBool() {
		names, err := c.Contents(ctx, id)
		if err != nil {
			return err
		}
		if len(names) > 0 {
			return fmt.Errorf("the group %q is not empty, and Guacamole would delete all that is in it: %s.\n\n"+
				"Move or remove these objects first, in an apply of its own: Terraform destroys a group before it updates what was in it. "+
				"Or apply force_destroy = true to this resource, and destroy it then", m.Name.ValueString(), listed(names))
		}
	}
	return c.DeleteGroup(ctx, id)
}

// listed names the first few.
func listed(names []string) string {
	const most = 5
	if len(names) <= most {
		return `"` + strings.Join(names, `", "`) + `"`
	}
	return fmt.Sprintf(`"%s" and %d more`, strings.Join(names[:most], `", "`), len(names)-most)
}

// importGroup takes an identifier, or the path of a group: "IDC
// servers/Tokyo". A path that looks like an identifier is one, if it exists.
func importGroup(ctx context.Context, c *guacapi.Client, id string, m *group) error {
	if id == guacapi.Root {
		return fmt.Errorf("%s is the top of the tree, which Guacamole provides and cannot change.\n\nUse %q as parent_identifier without importing it", id, id)
	}
	all, err := c.Groups(ctx)
	if err != nil {
		return err
	}
	found, ok := all[id]
	if !ok {
		if found, err = c.FindGroup(ctx, id); err != nil {
			return err
		}
	}
	m.Identifier = types.StringValue(found.Identifier)
	return nil
}

// eachGroup finds every group but the top of the tree, which is nobody's.
func eachGroup(ctx context.Context, c *guacapi.Client, _ *group, found func(func(*group) error) bool) error {
	all, err := c.Groups(ctx)
	if err != nil {
		return err
	}
	crud.Visit(slices.Sorted(maps.Keys(all)), func(m *group, id string) error {
		m.Identifier = types.StringValue(id)
		m.fromAPI(all[id])
		return nil
	}, found)
	return nil
}

func (m *group) toAPI(g *guacapi.Group) {
	g.Name, g.ParentIdentifier, g.Type = m.Name.ValueString(), m.ParentIdentifier.ValueString(), m.Type.ValueString()
	g.Attributes = writeAttributes(g.Attributes, map[string]attr.Value{
		"max-connections": m.MaxConnections, "max-connections-per-user": m.MaxConnectionsPerUser,
		"enable-session-affinity": m.EnableSessionAffinity,
	})
}

func (m *group) fromAPI(g guacapi.Group) {
	m.Name, m.ParentIdentifier, m.Type = types.StringValue(g.Name), types.StringValue(g.ParentIdentifier), types.StringValue(g.Type)
	m.MaxConnections = int64Of(g.Attributes["max-connections"])
	m.MaxConnectionsPerUser = int64Of(g.Attributes["max-connections-per-user"])
	m.EnableSessionAffinity = types.BoolValue(g.Attributes["enable-session-affinity"] == protocols.True)
	if m.ForceDestroy.IsNull() {
		m.ForceDestroy = types.BoolValue(false) // after an import
	}
}
