package object

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kube"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

// FuzzFill: whatever an object has in it, a model is filled from it or there is
// an error.
func FuzzFill(f *testing.F) {
	c, err := kube.New(kube.Config{Host: "https://kube.example.internal"})
	if err != nil {
		f.Fatal(err)
	}
	for _, spec := range []string{
		`{"text":"a","on":true,"count":3,"as":64512,"list":["a"],"map":{"a":"b"},"one":{"name":"a"},"many":[{"name":"a","on":false}]}`,
		`{"text":1,"on":"x","count":"3","as":-1,"list":[null],"map":{"a":null},"one":{"name":{}},"many":[null]}`,
		`{"text":{},"on":[],"count":1e99,"as":1.5,"list":{},"map":[],"one":[],"many":[{"name":[]}]}`, `null`, `[]`, `""`,
	} {
		f.Add([]byte(`{"metadata":{"name":"a","labels":{"a":"b"}},"spec":` + spec + `}`))
	}
	f.Add([]byte(`{"metadata":{"labels":{"a":null},"managedFields":[null,{"manager":1}]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		o := &kube.Object{}
		if json.Unmarshal(body, &o.Object) != nil || o.Object == nil {
			return
		}
		for _, everything := range []bool{true, false} {
			r := &reader{ctx: t.Context(), object: o, owners: c.Owners(o), everything: everything, imported: true}
			_ = r.fill(&Meta{Labels: types.MapNull(types.StringType), Annotations: types.MapNull(types.StringType)}, everyType())
		}
	})
}

// everyType has an attribute of each type that kinds use.
func everyType() []Field {
	nested := types.ObjectType{AttrTypes: map[string]attr.Type{"name": types.StringType, "on": types.BoolType}}
	text, on, count, as := types.StringNull(), types.BoolNull(), types.Int64Null(), semtype.ASNumber{StringValue: types.StringNull()}
	list, pairs := types.ListNull(types.StringType), types.MapNull(types.StringType)
	one, many, set := types.ObjectNull(nested.AttrTypes), types.ListNull(nested), types.SetNull(types.StringType)
	return []Field{
		Bind(&text, "spec", "text"), Bind(&on, "spec", "on"), Bind(&count, "spec", "count"), Bind(&as, "spec", "as"), Bind(&list, "spec", "list"),
		Bind(&set, "spec", "list"), Bind(&pairs, "spec", "map"), Bind(&one, "spec", "one"), Bind(&many, "spec", "many"),
	}
}
