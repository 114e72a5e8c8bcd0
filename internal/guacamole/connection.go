package guacamole

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/protocols"
)

// Connection manages a Guacamole connection: a machine that users reach
// through the portal.
var Connection = crud.Spec[connection, *guacapi.Client]{
	Name: "guacamole_connection", Identity: []string{"identifier"},
	Client: (*clients.Set).Guacamole, Schema: connectionSchema,
	Rights: "The account in the provider's `guacamole` block needs the system permission `CREATE_CONNECTION`, and `UPDATE` on the group that " +
		"the connection is in, unless that is `ROOT`. What it has not created itself it may only manage with `READ`, `UPDATE` and `DELETE` on " +
		"it: without `UPDATE`, Guacamole does not show the parameters. The system permission `ADMINISTER` is all of it.",
	Check: (*connection).check, Secrets: (*connection).secrets, Review: reviewConnection,
	Create: createConnection, Read: readConnection, Update: updateConnection, Delete: deleteConnection,
	Import: importConnection,
	List: &crud.Listing[connection, *guacapi.Client]{
		Each: eachConnection, Partly: true, Title: func(m *connection) string { return m.Name.ValueString() },
	},
}.Kind(newConnectionData)

type connection struct {
	Identifier            types.String `tfsdk:"identifier"`
	Name                  types.String `tfsdk:"name"`
	ParentIdentifier      types.String `tfsdk:"parent_identifier"`
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

// check wants the parameters of one protocol.
func (m *connection) check(diags *diag.Diagnostics) {
	var set []string
	for _, protocol := range protocols.Names {
		if o := m.parameters(protocol); o.IsUnknown() {
			return // may turn out to be null
		} else if !o.IsNull() {
			set = append(set, "`"+protocol+"`")
		}
	}
	names := "`" + strings.Join(protocols.Names, "`, `") + "`"
	switch {
	case len(set) == 0:
		diags.AddError("Connection without a protocol", "Exactly one of "+names+" must be set: it says how the machine is reached.")
	case len(set) > 1:
		diags.AddError("Connection with several protocols", fmt.Sprintf(
			"Exactly one of %s must be set, not %s. Make a connection for each protocol.", names, strings.Join(set, " and ")))
	}
}

// secrets are those of all protocols.
func (m *connection) secrets() []crud.SecretField {
	var all []crud.SecretField
	for _, protocol := range protocols.Names {
		o := m.parameters(protocol)
		for _, p := range protocols.Of(protocol) {
			if p.Secret && !o.IsNull() {
				all = append(all, m.secret(protocol, p))
			}
		}
	}
	return all
}

// reviewConnection speaks up about a new connection while there is still time.
func reviewConnection(ctx context.Context, client func() (*guacapi.Client, error), ch crud.Change[connection], diags *diag.Diagnostics) {
	if ch.Plan == nil {
		return
	}
	c, err := client()
	switch {
	case err != nil: // which the apply will say
	case ch.Prior == nil:
		warnTaken(ctx, "connection", c.PlanConnection, ch.Plan.ParentIdentifier, ch.Plan.Name, diags)
	default:
		warnOfPlaces(ctx, c, ch, diags)
	}
}

// warnOfPlaces warns of secrets that somebody else has stored in a connection,
// which is about to lead elsewhere.
func warnOfPlaces(ctx context.Context, c *guacapi.Client, ch crud.Change[connection], diags *diag.Diagnostics) {
	protocol := ch.Plan.protocol()
	var stored guacapi.Values // asked for when it matters
	for _, p := range protocols.Of(protocol) {
		if !p.Secret {
			continue
		}
		planned, prior := ch.Plan.secret(protocol, p), ch.Prior.secret(protocol, p)
		if planned.To.Equal(prior.To) {
			continue
		}
		if stored == nil {
			found, err := c.Connection(ctx, ch.Prior.Identifier.ValueString())
			if err != nil {
				return // which the apply will say
			}
			stored = found.Parameters
		}
		if stored[p.Name] != "" {
			crud.WarnOfPlace(planned, prior, diags)
		}
	}
}

// secret is one of a protocol.
func (m *connection) secret(protocol string, p protocols.Parameter) crud.SecretField {
	return secretField(protocol, p, m.parameters(protocol).Attributes())
}

// warnTaken warns of a name that is taken. It is no error yet: what has the
// name may be about to go in the same apply.
func warnTaken(
	ctx context.Context, kind string, plan func(ctx context.Context, parent, name string) (string, bool, error),
	parent, name types.String, diags *diag.Diagnostics,
) {
	if parent.IsUnknown() || name.IsUnknown() {
		return
	}
	existing, twice, err := plan(ctx, parent.ValueString(), name.ValueString())
	switch {
	case err != nil: // the apply will say it, if it is still true then
	case existing != "":
		diags.AddAttributeWarning(path.Root("name"), "Name is taken", fmt.Sprintf(
			"The %s %q exists in this group already, with the identifier %s, and names are unique within a group. "+
				"Unless the same apply removes or renames it, creating this one will fail.\n\n"+
				"To manage the existing one, import it: terraform import <address> %s.", kind, name.ValueString(), existing, existing))
	case twice:
		diags.AddAttributeWarning(path.Root("name"), "Name is used twice", fmt.Sprintf(
			"Another %s of this configuration is to be created as %q in the same group. Names are unique within a group, so one of them will fail.\n\n"+
				"Choose another name.", kind, name.ValueString()))
	}
}

func createConnection(ctx context.Context, c *guacapi.Client, ch crud.Change[connection]) error {
	var sent guacapi.Connection
	if err := ch.Plan.toAPI(ch, &sent); err != nil {
		return err
	}
	made, err := c.CreateConnection(ctx, sent)
	if err != nil {
		return atParent(err)
	}
	ch.Plan.Identifier = types.StringValue(made.Identifier)
	return nil
}

func readConnection(ctx context.Context, c *guacapi.Client, m *connection) error {
	stored, err := c.Connection(ctx, m.Identifier.ValueString())
	if err != nil {
		return err
	}
	m.fromAPI(stored)
	return nil
}

func updateConnection(ctx context.Context, c *guacapi.Client, ch crud.Change[connection]) error {
	err := c.UpdateConnection(ctx, ch.Prior.Identifier.ValueString(), func(current *guacapi.Connection) error {
		return ch.Plan.toAPI(ch, current)
	})
	return atParent(err)
}

func deleteConnection(ctx context.Context, c *guacapi.Client, m *connection) error {
	return c.DeleteConnection(ctx, m.Identifier.ValueString())
}

// importConnection takes an identifier, or the path of a connection: "IDC
// servers/CP-01". A path that looks like an identifier is one, if it exists.
func importConnection(ctx context.Context, c *guacapi.Client, id string, m *connection) error {
	all, err := c.Connections(ctx)
	if err != nil {
		return err
	}
	found, ok := all[id]
	if !ok {
		if found, err = c.FindConnection(ctx, id); err != nil {
			return err
		}
	}
	if protocols.Of(found.Protocol) == nil {
		return fmt.Errorf("connection %s has the protocol %q, which this resource does not know.\n\nIt manages ssh, rdp, vnc, telnet and kubernetes", found.Identifier, found.Protocol)
	}
	m.Identifier = types.StringValue(found.Identifier)
	return nil
}

// eachConnection leaves out those of protocols that the resource does not know.
func eachConnection(ctx context.Context, c *guacapi.Client, _ *connection, found func(func(*connection) error) bool) error {
	all, err := c.Connections(ctx)
	if err != nil {
		return err
	}
	ids := slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(id string) bool { return protocols.Of(all[id].Protocol) == nil })
	crud.Visit(ids, func(m *connection, id string) error {
		m.Identifier, m.Name = types.StringValue(id), types.StringValue(all[id].Name)
		return nil
	}, found)
	return nil
}

// atParent points a missing group at the attribute that names it.
func atParent(err error) error {
	var missing *guacapi.ParentError
	if errors.As(err, &missing) {
		return crud.At(path.Root("parent_identifier"), err)
	}
	return err
}

// parameters returns the object of a protocol.
func (m *connection) parameters(protocol string) *types.Object {
	switch protocol {
	case protocols.SSH:
		return &m.SSH
	case protocols.RDP:
		return &m.RDP
	case protocols.VNC:
		return &m.VNC
	case protocols.Telnet:
		return &m.Telnet
	default:
		return &m.Kubernetes
	}
}

// protocol is the one whose object is set.
func (m *connection) protocol() string {
	for _, protocol := range protocols.Names {
		if !m.parameters(protocol).IsNull() {
			return protocol
		}
	}
	return ""
}

// attributes are the connection's attributes by Guacamole's names.
func (m *connection) attributes() map[string]attr.Value {
	return map[string]attr.Value{
		"max-connections": m.MaxConnections, "max-connections-per-user": m.MaxConnectionsPerUser,
		"weight": m.Weight, "failover-only": m.FailoverOnly,
		"guacd-hostname": m.GuacdHostname, "guacd-port": m.GuacdPort, "guacd-encryption": m.GuacdEncryption,
	}
}

// toAPI changes c into what is planned. Parameters and attributes that the
// provider does not know stay.
func (m *connection) toAPI(ch crud.Change[connection], c *guacapi.Connection) error {
	protocol := m.protocol()
	parameters, err := writeParameters(protocol, ch, *c)
	if err != nil {
		return err
	}
	c.Name, c.ParentIdentifier, c.Protocol, c.Parameters = m.Name.ValueString(), m.ParentIdentifier.ValueString(), protocol, parameters
	c.Attributes = writeAttributes(c.Attributes, m.attributes())
	return nil
}

// writeAttributes sets the known attributes in a copy of the stored ones.
func writeAttributes(stored guacapi.Values, values map[string]attr.Value) guacapi.Values {
	out := guacapi.Values{}
	for name, value := range stored {
		if _, known := values[name]; !known {
			out[name] = value
		}
	}
	for name, v := range values {
		if value := writeParameter(v); value != "" {
			out[name] = value
		}
	}
	return out
}

func (m *connection) fromAPI(c guacapi.Connection) {
	m.Name, m.ParentIdentifier = types.StringValue(c.Name), types.StringValue(c.ParentIdentifier)
	m.MaxConnections = int64Of(c.Attributes["max-connections"])
	m.MaxConnectionsPerUser = int64Of(c.Attributes["max-connections-per-user"])
	m.Weight = int64Of(c.Attributes["weight"])
	m.FailoverOnly = types.BoolValue(c.Attributes["failover-only"] == protocols.True)
	m.GuacdHostname = stringOf(c.Attributes["guacd-hostname"])
	m.GuacdPort = int64Of(c.Attributes["guacd-port"])
	m.GuacdEncryption = stringOf(c.Attributes["guacd-encryption"])
	for _, protocol := range protocols.Names {
		o := m.parameters(protocol)
		if protocol == c.Protocol {
			*o = readParameters(protocol, c.Parameters, *o)
		} else {
			*o = types.ObjectNull(parameterTypes(protocol))
		}
	}
}

func int64Of(s string) types.Int64 {
	v, _ := readParameter(protocols.Parameter{Type: protocols.Numeric}, s, nil).(types.Int64)
	return v
}

func stringOf(s string) types.String {
	v, _ := readParameter(protocols.Parameter{Type: protocols.Text}, s, nil).(types.String)
	return v
}
