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
