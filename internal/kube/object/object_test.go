package object

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

// TestAttributeOf: servers name fields in their own ways.
func TestAttributeOf(t *testing.T) {
	t.Parallel()
	attributes := map[string]schema.Attribute{}
	for _, name := range []string{"name", "labels", "peer_ip", "node_selector", "cidr", "num_allowed_local_as_numbers", "node_selectors"} {
		attributes[name] = schema.StringAttribute{}
	}
	for field, want := range map[string]string{
		"spec.peerIP":                       "peer_ip",
		"PeerIP":                            "peer_ip",
		"NodeSelector":                      "node_selector",
		"IPPool.Spec.CIDR":                  "cidr",
		"IPpool.CIDR":                       "cidr",
		"spec.numAllowedLocalASNumbers":     "num_allowed_local_as_numbers",
		"spec.nodeSelectors[0].matchLabels": "node_selectors",
		"metadata.labels.site":              "labels",
		"metadata.name":                     "name",
		"spec.password.secretKeyRef.name":   "",
		"":                                  "",
	} {
		if got, ok := attributeOf(attributes, field); got != want || ok != (want != "") {
			t.Errorf("%s: got %q, %t", field, got, ok)
		}
	}
}

// TestBuild: an object has what is declared and nothing else.
func TestBuild(t *testing.T) {
	t.Parallel()
	as, unset, selector := semtype.NewASNumber(4200000000), types.StringNull(), types.ObjectValueMust(
		map[string]attr.Type{"match_labels": types.MapType{ElemType: types.StringType}, "key": types.StringType},
		map[string]attr.Value{"match_labels": types.MapNull(types.StringType), "key": types.StringValue("a")},
	)
	o, err := build(&Meta{Labels: types.MapNull(types.StringType)}, []Field{
		Bind(&as, "spec", "asNumber"), Bind(&unset, "spec", "node"), Bind(&selector, "spec", "secretKeyRef"),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := o.MarshalJSON()
	if want := `{"spec":{"asNumber":4200000000,"secretKeyRef":{"key":"a"}}}` + "\n"; err == nil && string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestNullsFromServers: a null among an object's fields is as if it were not
// there, and one in a list is an error.
func TestNullsFromServers(t *testing.T) {
	t.Parallel()
	list := types.ListType{ElemType: types.StringType}
	for _, of := range []attr.Type{list, types.SetType{ElemType: types.StringType}, types.ListType{ElemType: list}} {
		if v, err := toTerraform(t.Context(), of, []any{nil}); err == nil {
			t.Errorf("%s: got %s for a null in it", of, v)
		}
	}
	object := types.ObjectType{AttrTypes: map[string]attr.Type{"addresses": list, "name": types.StringType, "on": types.BoolType}}
	v, err := toTerraform(t.Context(), object, map[string]any{"addresses": nil, "name": nil, "on": nil})
	if err != nil {
		t.Fatal(err)
	}
	got, err := object.ValueFromTerraform(t.Context(), v)
	if want := types.ObjectValueMust(object.AttrTypes, map[string]attr.Value{
		"addresses": types.ListNull(types.StringType), "name": types.StringNull(), "on": types.BoolNull(),
	}); err != nil || !got.Equal(want) {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}
