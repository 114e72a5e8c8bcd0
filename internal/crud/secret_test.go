package crud_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
)

// A secret that the configuration has no version of is warned of when it would follow to another place.
func TestWarnOfPlace(t *testing.T) {
	t.Parallel()
	at := func(to types.String, version types.Int64) crud.SecretField {
		return crud.SecretField{Path: path.Root("secret_wo"), Version: version, To: to, ToPath: path.Root("url")}
	}
	here, there, none := types.StringValue("https://a:443"), types.StringValue("https://b:443"), types.Int64Null()
	for name, tt := range map[string]struct {
		planned, prior crud.SecretField
		warns          bool
	}{
		"moves":             {at(there, none), at(here, none), true},
		"stays":             {at(here, none), at(here, none), false},
		"unknown":           {at(types.StringUnknown(), none), at(here, none), false},
		"no place any more": {at(types.StringNull(), none), at(here, none), false},
		"had no place":      {at(there, none), at(types.StringNull(), none), false},
		"is sent":           {at(there, types.Int64Value(1)), at(here, none), false},
		"is taken away":     {at(there, none), at(here, types.Int64Value(1)), false},
	} {
		var diags diag.Diagnostics
		crud.WarnOfPlace(tt.planned, tt.prior, &diags)
		if warns := diags.WarningsCount() == 1; warns != tt.warns || diags.HasError() {
			t.Errorf("%s: %v", name, diags)
		}
		if tt.warns && !strings.Contains(diags[0].Detail(), "goes from https://a:443 to https://b:443") {
			t.Errorf("%s: %v", name, diags)
		}
	}
}
