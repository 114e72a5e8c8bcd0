package kong

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func routeSchema(context.Context) schema.Schema {
	attributes := routeMatchers()
	for name, a := range map[string]schema.Attribute{
		"id":         idAttribute("route"),
		"created_at": createdAttribute(),
		"name":       nameAttribute("route"),
		"service":    referenceAttribute("The service that matching requests go to. A route without one only runs plugins."),
		"https_redirect_status_code": schema.Int64Attribute{
			MarkdownDescription: "Status of the answer to plain HTTP where only `https` is among the protocols: 426, 301, 302, 307 or 308. Defaults to `426`.",
			Optional:            true, Computed: true, Default: int64default.StaticInt64(426),
			Validators: []validator.Int64{int64validator.OneOf(426, 301, 302, 307, 308)},
		},
		"strip_path": schema.BoolAttribute{
			MarkdownDescription: "Whether the matched part of the path is cut off before the request goes upstream. Defaults to `true`; with grpc and grpcs " +
				"to `false`, which is all they allow.",
			Optional: true, Computed: true,
		},
		"preserve_host":      flagAttribute("Whether the upstream sees the request's own `Host` instead of the service's host.", false),
		"request_buffering":  flagAttribute("Whether a request is read completely before it goes upstream.", true),
		"response_buffering": flagAttribute("Whether an answer is read completely before it goes to the client.", true),
		"regex_priority": schema.Int64Attribute{
			MarkdownDescription: "Which of several matching regular expressions wins: the highest. Defaults to `0`.",
			Optional:            true, Computed: true, Default: int64default.StaticInt64(0),
		},
		"path_handling": schema.StringAttribute{
			MarkdownDescription: "How the path of the service and that of the request are joined: `v0` with one slash between them, `v1` as they are. " +
				"Defaults to `v0`.",
			Optional: true, Computed: true, Default: stringdefault.StaticString("v0"),
			Validators: []validator.String{stringvalidator.OneOf("v0", "v1")},
		},
		"tags": tagsAttribute(),
	} {
		attributes[name] = a
	}
	return schema.Schema{
		MarkdownDescription: "A Kong route: which requests reach a service.\n\nThe id is chosen by the provider, so that a create can be repeated after a lost " +
			"answer without making a second route. Give routes a `name`: it is what a route is found by when a run was killed before it could note the id.",
		Attributes: attributes,
	}
}

// routeMatchers are the attributes that say which requests a route matches.
func routeMatchers() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"protocols": schema.SetAttribute{
			MarkdownDescription: "Protocols of the requests, all of one group: http and https; grpc and grpcs; tcp, tls and udp; tls_passthrough. " +
				"They decide what else a route can match by. Defaults to `[\"http\", \"https\"]`.",
			ElementType: types.StringType, Optional: true, Computed: true,
			Default: setdefault.StaticValue(toSet([]string{"http", "https"})),
			Validators: []validator.Set{setvalidator.SizeAtLeast(1),
				setvalidator.ValueStringsAre(stringvalidator.OneOf(protocols...))},
		},
		"methods": schema.SetAttribute{
			MarkdownDescription: "HTTP methods, in capital letters. Only with http and https.",
			ElementType:         types.StringType, Optional: true,
			Validators: []validator.Set{setvalidator.ValueStringsAre(methodRule)},
		},
		"hosts": schema.ListAttribute{
			MarkdownDescription: "Host names, with or without a port; `*` may stand for the first or the last label.",
			ElementType:         types.StringType, Optional: true,
			Validators: []validator.List{listvalidator.ValueStringsAre(matchHost)},
		},
		"paths": schema.ListAttribute{
			MarkdownDescription: "Beginnings of paths, as `/v1`, in normalized form; or regular expressions (PCRE) after a `~`, as `~/users/\\d+$`.",
			ElementType:         types.StringType, Optional: true,
			Validators: []validator.List{listvalidator.ValueStringsAre(matchPath)},
		},
		"headers": schema.MapAttribute{
			MarkdownDescription: "Header names, each with the values that match; one value `~*…` is a regular expression. `host` is matched with `hosts`.",
			ElementType:         headerValues, Optional: true,
			Validators: []validator.Map{mapvalidator.KeysAre(headerRule),
				mapvalidator.ValueListsAre(listvalidator.SizeAtLeast(1), listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1)))},
		},
		"snis": schema.SetAttribute{
			MarkdownDescription: "Server names of TLS connections. Wildcards need a router flavour other than `traditional`. Only with https, grpcs, tls and " +
				"tls_passthrough.",
			ElementType: types.StringType, Optional: true,
			Validators: []validator.Set{setvalidator.ValueStringsAre(sniRule)},
		},
		"sources":      addressesAttribute("Where connections come from"),
		"destinations": addressesAttribute("Where connections go to"),
		"expression": schema.StringAttribute{
			MarkdownDescription: "Expression that requests are matched by, instead of the attributes above: `http.path ^= \"/v1\" && http.method == \"GET\"`. " +
				"Only where the gateway has `router_flavor = expressions`.",
			Optional:   true,
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"priority": schema.Int64Attribute{
			MarkdownDescription: "Which of several matching expressions wins: the highest. 0 to 70368744177663; Kong's own default is 0. Needs `expression`.",
			Optional:            true,
			Validators:          []validator.Int64{int64validator.Between(0, 1<<46-1), int64validator.AlsoRequires(path.MatchRoot("expression"))},
		},
	}
}

func flagAttribute(description string, byDefault bool) schema.BoolAttribute {
	word := map[bool]string{true: "`true`", false: "`false`"}[byDefault]
	return schema.BoolAttribute{
		MarkdownDescription: description + " Defaults to " + word + ".",
		Optional:            true, Computed: true, Default: booldefault.StaticBool(byDefault),
	}
}

func addressesAttribute(what string) schema.SetNestedAttribute {
	return schema.SetNestedAttribute{
		MarkdownDescription: what + ": each an address, a port, or both. With tcp, tls, udp and tls_passthrough; with HTTP and gRPC only where the " +
			"gateway has `router_flavor = expressions`.",
		Optional: true,
		NestedObject: schema.NestedAttributeObject{
			Attributes: map[string]schema.Attribute{
				"ip": schema.StringAttribute{
					MarkdownDescription: "IP address or range in CIDR notation.",
					Optional:            true,
					Validators:          []validator.String{addressRule},
				},
				"port": schema.Int64Attribute{
					MarkdownDescription: "Port, 0 to 65535.",
					Optional:            true,
					Validators:          []validator.Int64{int64validator.Between(0, 65535)},
				},
			},
		},
	}
}
