package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

type guacamoleBlock struct {
	httpBlock

	URL         semtype.URL  `tfsdk:"url"`
	Username    types.String `tfsdk:"username"`
	Password    types.String `tfsdk:"password"`
	DataSource  types.String `tfsdk:"data_source"`
	LoginFields types.Map    `tfsdk:"login_fields"`
}

func guacamoleAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "The Guacamole access portal, with a database back end.",
		Attributes: httpAttributes("GUACAMOLE", map[string]schema.Attribute{
			"url": schema.StringAttribute{
				CustomType: semtype.URLType{}, Optional: true,
				MarkdownDescription: "Root of the web application: `https://access.example.internal/guacamole`. Environment: `GUACAMOLE_URL`.",
			},
			"username": schema.StringAttribute{
				Optional: true, MarkdownDescription: "Account, usually an administrator's. Environment: `GUACAMOLE_USERNAME`.",
			},
			"password": schema.StringAttribute{
				Optional: true, Sensitive: true, MarkdownDescription: "The account's password. Environment: `GUACAMOLE_PASSWORD`.",
			},
			"data_source": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Database back end that holds the objects: `postgresql`, `mysql` or `sqlserver`. " +
					"Defaults to the first of them that the portal offers. Environment: `GUACAMOLE_DATA_SOURCE`.",
			},
			"login_fields": schema.MapAttribute{
				ElementType: types.StringType, Optional: true, Sensitive: true,
				MarkdownDescription: "Further fields of the login form, such as `guac-totp` for a one-time password.",
			},
		}),
	}
}

func guacamoleSettings(ctx context.Context, o types.Object, version string, diags *diag.Diagnostics) func() (guacapi.Config, error) {
	if !configured(o, "GUACAMOLE_URL") {
		return nil
	}
	var m guacamoleBlock
	b := &block{name: "guacamole", prefix: "GUACAMOLE", err: decode(ctx, "guacamole", o, &m, diags)}
	c := guacapi.Config{
		HTTP:        b.http(m.httpBlock, "url", b.text("url", m.URL), version),
		Username:    b.text("username", m.Username),
		Password:    b.text("password", m.Password),
		DataSource:  b.text("data_source", m.DataSource),
		LoginFields: b.texts("login_fields", m.LoginFields),
	}
	b.warnInsecure(c.HTTP.Insecure, diags)
	b.warnPlain("url", c.HTTP.URL, true, diags)
	return func() (guacapi.Config, error) { return c, b.err }
}
