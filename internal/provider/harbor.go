package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

type harborBlock struct {
	httpBlock

	URL      semtype.URL  `tfsdk:"url"`
	Username types.String `tfsdk:"username"`
	Password types.String `tfsdk:"password"`
}

func harborAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "The Harbor registry.",
		Attributes: httpAttributes("HARBOR", map[string]schema.Attribute{
			"url": schema.StringAttribute{
				CustomType: semtype.URLType{}, Optional: true,
				MarkdownDescription: "Root of the registry, without `/api`: `https://harbor.example.internal`. Environment: `HARBOR_URL`.",
			},
			"username": schema.StringAttribute{
				Optional: true, MarkdownDescription: "Account, a person's or a robot's. Environment: `HARBOR_USERNAME`.",
			},
			"password": schema.StringAttribute{
				Optional: true, Sensitive: true, MarkdownDescription: "Password or robot secret. Environment: `HARBOR_PASSWORD`.",
			},
		}),
	}
}

func harborSettings(ctx context.Context, o types.Object, version string, diags *diag.Diagnostics) func() (harborapi.Config, error) {
	if !configured(o, "HARBOR_URL") {
		return nil
	}
	var m harborBlock
	b := &block{name: "harbor", prefix: "HARBOR", err: decode(ctx, "harbor", o, &m, diags)}
	c := harborapi.Config{
		HTTP:     b.http(m.httpBlock, "url", b.text("url", m.URL), version),
		Username: b.text("username", m.Username),
		Password: b.text("password", m.Password),
	}
	b.warnInsecure(c.HTTP.Insecure, diags)
	b.warnPlain("url", c.HTTP.URL, c.Password != "", diags)
	return func() (harborapi.Config, error) { return c, b.err }
}
