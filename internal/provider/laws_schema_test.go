package provider

import (
	"maps"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/onprem-tools/terraform-provider-onprem/internal/bench/schemacost"
)

// TestLawsOfSchemas: no schema costs Terraform itself more than it can bear, or
// schemacost.Exceptions says why and what it costs.
func TestLawsOfSchemas(t *testing.T) {
	t.Parallel()
	resp, err := providerserver.NewProtocol6(New("test")())().GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for name := range schemacost.Exceptions {
		if resp.ResourceSchemas[name] == nil {
			t.Errorf("%s is excepted, and no resource", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(resp.ResourceSchemas)) {
		attributes, ratio := schemacost.Of(resp.ResourceSchemas[name])
		e, excepted := schemacost.Exceptions[name]
		if e.Uses != "" && !slices.ContainsFunc(resp.ResourceSchemas[name].Block.Attributes, func(a *tfprotov6.SchemaAttribute) bool { return a.Name == e.Uses }) {
			t.Errorf("%s is said to use %s, which it has not", name, e.Uses)
		}
		switch {
		case !excepted && ratio > schemacost.Limit:
			t.Errorf("%s has %d attributes, which cost Terraform %.1f × the floor, more than %.1f: take attributes out, or say in schemacost.Exceptions "+
				"why it needs them, and what `make bench BENCHFLAGS=\"-only=schema\"` measures", name, attributes, ratio, schemacost.Limit)
		case excepted && ratio <= schemacost.Limit:
			t.Errorf("%s has %d attributes, which cost Terraform %.1f × the floor: it needs no exception", name, attributes, ratio)
		case excepted && !e.Singleton && e.Ratio == 0:
			t.Errorf("%s is excepted, and no figure says what it costs", name)
		case excepted:
			t.Logf("excepted: %s, %d attributes, %s", name, attributes, e)
		default:
			t.Logf("%s, %d attributes, %.2f × the floor by the rule", name, attributes, ratio)
		}
	}
}
