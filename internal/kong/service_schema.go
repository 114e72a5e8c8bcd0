package kong

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func serviceSchema(context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A Kong service: an upstream application behind the gateway. Routes say which requests reach it.\n\n" +
			"The id is chosen by the provider, so that a create can be repeated after a lost answer without making a second service. " +
			"Give services a `name`: it is what a service is found by when a run was killed before it could note the id.",
		Attributes: map[string]schema.Attribute{
			"id":         idAttribute("service"),
			"created_at": createdAttribute(),
			"name":       nameAttribute("service"),
			"url": schema.StringAttribute{
				MarkdownDescription: "Shorthand for `protocol`, `host`, `port` and `path`: `https://billing.example.internal/v1`. Without a port, " +
					"`https` has 443 and every other protocol 80. This or `host` is needed. Filled from the parts when they are given instead; beside it they have to say the same.",
				Optional: true, Computed: true,
				Validators: []validator.String{
					urlRule,
					stringvalidator.AtLeastOneOf(path.MatchRoot("host")),
				},
			},
			"protocol": schema.StringAttribute{
				MarkdownDescription: "How the upstream is spoken to: one of " + protocolList + ". Defaults to `http`.",
				Optional:            true, Computed: true,
				Validators: []validator.String{stringvalidator.OneOf(protocols...)},
			},
			"host": schema.StringAttribute{
				MarkdownDescription: "Host name or IP address of the upstream, or the name of a Kong upstream. No port.",
				Optional:            true, Computed: true,
				Validators: []validator.String{hostRule},
			},
			"port": schema.Int64Attribute{
				MarkdownDescription: "Port of the upstream, 0 to 65535. Defaults to `80`, whatever the protocol.",
				Optional:            true, Computed: true,
				Validators: []validator.Int64{int64validator.Between(0, 65535)},
			},
			"path": schema.StringAttribute{
				MarkdownDescription: "Path put in front of the requests' own. Starts with `/`. None by default; none is possible with tcp, tls, udp, grpc and grpcs.",
				Optional:            true, Computed: true,
				Validators: []validator.String{pathRule},
			},
			"retries": schema.Int64Attribute{
				MarkdownDescription: "How often a failed request is tried again, 0 to 32767. Defaults to `5`.",
				Optional:            true, Computed: true, Default: int64default.StaticInt64(5),
				Validators: []validator.Int64{int64validator.Between(0, 32767)},
			},
			"connect_timeout": timeoutAttribute("to connect to the upstream"),
			"write_timeout":   timeoutAttribute("between two writes to the upstream"),
			"read_timeout":    timeoutAttribute("between two reads from the upstream, which WebSockets want long"),
			"enabled": schema.BoolAttribute{
				MarkdownDescription: "Whether the service's routes are served. Defaults to `true`.",
				Optional:            true, Computed: true, Default: booldefault.StaticBool(true),
			},
			"client_certificate": referenceAttribute("The certificate shown to the upstream. Only with https and tls."),
			"tls_verify": schema.BoolAttribute{
				MarkdownDescription: "Whether the upstream's certificate is verified. By default the gateway's `nginx_proxy_proxy_ssl_verify` decides. " +
					"Only with https and tls.",
				Optional: true,
			},
			"tls_verify_depth": schema.Int64Attribute{
				MarkdownDescription: "How many authorities the upstream's certificate may have above it, 0 to 64. By default the gateway decides. " +
					"Only with https and tls.",
				Optional:   true,
				Validators: []validator.Int64{int64validator.Between(0, 64)},
			},
			"ca_certificates": schema.ListAttribute{
				MarkdownDescription: "Ids of the CA certificates that the upstream's certificate is verified with. Only with https and tls.",
				ElementType:         types.StringType, Optional: true,
				Validators: []validator.List{listvalidator.ValueStringsAre(uuidRule)},
			},
			"tags": tagsAttribute(),
		},
	}
}

// timeoutAttribute has milliseconds, as Kong: a bare number of the system's own unit keeps its documentation usable.
func timeoutAttribute(what string) schema.Int64Attribute {
	return schema.Int64Attribute{
		MarkdownDescription: "Longest time " + what + ", in milliseconds, 1 to 2147483646. Defaults to `60000`.",
		Optional:            true, Computed: true, Default: int64default.StaticInt64(60000),
		Validators: []validator.Int64{int64validator.Between(1, 2147483646)},
	}
}

func idAttribute(what string) schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: "UUID of the " + what + ".",
		Computed:            true,
		PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

// createdAttribute has no sibling updated_at: it would be unknown in every plan that changes anything.
func createdAttribute() schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: "When it was created, in RFC 3339.",
		Computed:            true,
		PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

func nameAttribute(what string) schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: "Name of the " + what + ", unique among all of them: letters, digits and `.` `-` `_` `~`. None by default.",
		Optional:            true,
		Validators:          []validator.String{nameRule},
	}
}

func tagsAttribute() schema.SetAttribute {
	return schema.SetAttribute{
		MarkdownDescription: "Tags to find it by; no commas and slashes.",
		ElementType:         types.StringType, Optional: true,
		Validators: []validator.Set{setvalidator.ValueStringsAre(tagRule)},
	}
}

func referenceAttribute(description string) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: description,
		Optional:            true,
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				MarkdownDescription: "Its id, a UUID.",
				Required:            true,
				Validators:          []validator.String{uuidRule},
			},
		},
	}
}
