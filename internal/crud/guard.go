package crud

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

// Guard returns a context with which clients mask what stands in sensitive and
// write-only attributes of the given configurations, plans and states: servers
// may repeat a request in what they say of it.
func Guard(ctx context.Context, of ...tfsdk.State) context.Context {
	var secrets []string
	for _, s := range of {
		secrets = append(secrets, secretsIn(ctx, s)...)
	}
	if len(secrets) == 0 {
		return ctx
	}
	return mask.With(ctx, secrets...)
}

// secretsIn are the texts in sensitive and write-only attributes.
func secretsIn(ctx context.Context, of tfsdk.State) (secrets []string) {
	_ = tftypes.Walk(of.Raw, func(at *tftypes.AttributePath, v tftypes.Value) (bool, error) {
		a, err := of.Schema.AttributeAtTerraformPath(ctx, at)
		if err != nil || !a.IsSensitive() && !a.IsWriteOnly() {
			return true, nil //nolint:nilerr // the root, or an element: its attribute is above or below
		}
		secrets = append(secrets, leaves(v)...)
		return false, nil
	})
	return secrets
}

// leaves are the texts of a value.
func leaves(v tftypes.Value) (all []string) {
	_ = tftypes.Walk(v, func(_ *tftypes.AttributePath, v tftypes.Value) (bool, error) {
		var text string
		if v.IsKnown() && !v.IsNull() && v.Type().Is(tftypes.String) && v.As(&text) == nil {
			all = append(all, text)
		}
		return true, nil
	})
	return all
}
