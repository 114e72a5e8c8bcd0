package guacamole

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/protocols"
)

// descriptions of the protocols' objects.
var descriptions = map[string]string{
	protocols.SSH:        "A terminal over SSH.",
	protocols.RDP:        "A Windows desktop or application over RDP.",
	protocols.VNC:        "A desktop over VNC.",
	protocols.Telnet:     "A terminal over Telnet.",
	protocols.Kubernetes: "A terminal in a container of a Kubernetes pod.",
}

func connectionSchema(context.Context) schema.Schema {
	attributes := map[string]schema.Attribute{
		"identifier":        identifierAttribute("connection"),
		"name":              nameAttribute("connection"),
		"parent_identifier": parentAttribute(),
		"max_connections": limitAttribute(
			"How many may use the connection at once; `0` for any number. The server's own default applies without it."),
		"max_connections_per_user": limitAttribute(
			"How many times one user may use the connection at once; `0` for any number. The server's own default applies without it."),
		"weight": schema.Int64Attribute{
			MarkdownDescription: "Share of the load in a balancing group: one with weight 2 is chosen twice as often as one with 1. Below 1 it is never chosen.",
			Optional:            true,
		},
		"failover_only": schema.BoolAttribute{
			MarkdownDescription: "Whether a balancing group uses the connection only when the others fail. Defaults to `false`.",
			Optional:            true, Computed: true, Default: booldefault.StaticBool(false),
		},
		"guacd_hostname": schema.StringAttribute{
			MarkdownDescription: "Host name or address of the guacd that makes the connection, instead of the portal's own.",
			Optional:            true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"guacd_port": schema.Int64Attribute{
			MarkdownDescription: "TCP port of that guacd. From 1 to 65535.",
			Optional:            true, Validators: []validator.Int64{int64validator.Between(1, 65535)},
		},
		"guacd_encryption": schema.StringAttribute{
			MarkdownDescription: "How to talk to that guacd: `none` or `ssl`.",
			Optional:            true, Validators: []validator.String{stringvalidator.OneOf("none", "ssl")},
		},
	}
	for protocol, description := range descriptions {
		attributes[protocol] = parameterSchema(protocol, description+" Exactly one protocol is to be set; another one in its place changes the connection.")
	}
	return schema.Schema{
		MarkdownDescription: "A Guacamole connection: a machine that users reach through the portal, by SSH, RDP, VNC, Telnet or into a Kubernetes pod.\n\n" +
			"The object of the protocol has the protocol's parameters under Guacamole's own names, with `_` for `-`. Parameters that it does not know " +
			"(of extensions, or of later versions) stay as they are on the server. Secrets are write-only: they never enter the state, " +
			"and one that was set elsewhere is left alone until the configuration has a version of it. " +
			"A secret does not follow to another host or port: change its version with it. " +
			"Mind the spelling inside the object: Terraform itself drops names that are no parameters of the protocol, without a word.\n\n" +
			"Text may hold tokens such as `${GUAC_USERNAME}`, which Guacamole replaces when a user connects; write them as `$${GUAC_USERNAME}` in HCL.",
		Attributes: attributes,
	}
}

func identifierAttribute(kind string) schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: "Number that Guacamole gives the " + kind + ", as text.",
		Computed:            true,
		PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

func nameAttribute(kind string) schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: "Name of the " + kind + " as users see it. Unique within its group; at most 128 characters.",
		Required:            true,
		Validators: []validator.String{
			stringvalidator.UTF8LengthBetween(1, 128),
			stringvalidator.RegexMatches(regexp.MustCompile(`\S`), "must not be blank"),
		},
	}
}

func parentAttribute() schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: "Identifier of the connection group it is in. Defaults to `ROOT`, the top. Changing it moves the object.",
		Optional:            true, Computed: true, Default: stringdefault.StaticString(guacapi.Root),
		Validators: []validator.String{
			stringvalidator.RegexMatches(regexp.MustCompile(`^(ROOT|[0-9]+)$`), "must be the identifier of a connection group (a number, not its name) or ROOT"),
		},
	}
}

func limitAttribute(description string) schema.Int64Attribute {
	return schema.Int64Attribute{MarkdownDescription: description, Optional: true, Validators: []validator.Int64{int64validator.AtLeast(0)}}
}
