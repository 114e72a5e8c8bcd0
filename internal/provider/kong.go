package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

type kongBlock struct {
	httpBlock

	AdminURL   semtype.URL  `tfsdk:"admin_url"`
	AdminToken types.String `tfsdk:"admin_token"`
	Username   types.String `tfsdk:"username"`
	Password   types.String `tfsdk:"password"`
}

func kongAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "The Kong Gateway, open source.",
		Attributes: httpAttributes("KONG", map[string]schema.Attribute{
			"admin_url": schema.StringAttribute{
				CustomType: semtype.URLType{}, Optional: true,
				MarkdownDescription: "Address of the Admin API: `https://kong-admin.example.internal:8444`. Environment: `KONG_ADMIN_URL`.",
			},
			"admin_token": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "Sent as `Kong-Admin-Token`, for a proxy in front that wants it: Kong's own Admin API has no authentication. " +
					"Environment: `KONG_ADMIN_TOKEN`.",
			},
			"username": schema.StringAttribute{
				Optional: true, MarkdownDescription: "User for basic authentication, where the Admin API is behind it. Environment: `KONG_USERNAME`.",
			},
			"password": schema.StringAttribute{
				Optional: true, Sensitive: true, MarkdownDescription: "Password for basic authentication. Environment: `KONG_PASSWORD`.",
			},
		}),
	}
}

func kongSettings(ctx context.Context, o types.Object, version string, diags *diag.Diagnostics) func() (kongapi.Config, error) {
	if !configured(o, "KONG_ADMIN_URL") {
		return nil
	}
	var m kongBlock
	b := &block{name: "kong", prefix: "KONG", err: decode(ctx, "kong", o, &m, diags)}
	c := kongapi.Config{
		HTTP:     b.http(m.httpBlock, "admin_url", b.text("admin_url", m.AdminURL), version),
		Username: b.text("username", m.Username),
		Password: b.text("password", m.Password),
	}
	if token := b.text("admin_token", m.AdminToken); token != "" {
		c.HTTP.Headers["Kong-Admin-Token"] = token
	}
	b.warnInsecure(c.HTTP.Insecure, diags)
	b.warnPlain("admin_url", c.HTTP.URL, c.Password != "" || len(c.HTTP.Headers) > 1, diags)
	return func() (kongapi.Config, error) { return c, b.err }
}
