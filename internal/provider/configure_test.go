package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// configure configures the provider with some settings of one block.
func configure(t *testing.T, block string, settings map[string]tftypes.Value) provider.ConfigureResponse {
	t.Helper()
	p := New("test")()
	var described provider.SchemaResponse
	p.Schema(t.Context(), provider.SchemaRequest{}, &described)
	resp := provider.ConfigureResponse{}
	p.Configure(t.Context(), provider.ConfigureRequest{Config: config(t, described.Schema, block, settings)}, &resp)
	return resp
}

func config(t *testing.T, s schema.Schema, block string, settings map[string]tftypes.Value) tfsdk.Config {
	t.Helper()
	root, _ := s.Type().TerraformType(t.Context()).(tftypes.Object)
	values := nulls(root)
	object, _ := root.AttributeTypes[block].(tftypes.Object)
	inner := nulls(object)
	for name, v := range settings {
		inner[name] = v
	}
	values[block] = tftypes.NewValue(object, inner)
	return tfsdk.Config{Schema: s, Raw: tftypes.NewValue(root, values)}
}

func nulls(o tftypes.Object) map[string]tftypes.Value {
	values := map[string]tftypes.Value{}
	for name, t := range o.AttributeTypes {
		values[name] = tftypes.NewValue(t, nil)
	}
	return values
}

func text(s string) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }

func TestInsecureWarns(t *testing.T) {
	t.Parallel()
	for block, url := range map[string]string{"harbor": "url", "guacamole": "url", "kong": "admin_url", "kubernetes": "host"} {
		for _, insecure := range []bool{true, false} {
			resp := configure(t, block, map[string]tftypes.Value{
				url: text("https://system.example.internal"), "insecure": tftypes.NewValue(tftypes.Bool, insecure),
			})
			warnings := resp.Diagnostics.Warnings()
			if resp.Diagnostics.HasError() || (len(warnings) == 1) != insecure {
				t.Errorf("%s, insecure %v: %v", block, insecure, resp.Diagnostics)
			}
			if insecure && !strings.Contains(warnings[0].Detail(), "Trust the certificate's authority") {
				t.Errorf("%s: the warning says %q", block, warnings[0].Detail())
			}
		}
	}
}
