package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// unlisted are resources that cannot be listed, and why.
var unlisted = map[string]string{
	"onprem_kubernetes_cluster": "nothing knows which machines to ask for clusters",
}

// TestLawsOfKinds: what can be managed can be read, one by one and all at once,
// and listed by `terraform query`.
func TestLawsOfKinds(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		if k.Resource == nil {
			continue // only read
		}
		name := resourceName(t.Context(), k.Resource())
		if !hasData(t, k.Data, func(data string) bool { return data == name }) {
			t.Errorf("%s has no data source of its name", name)
		}
		reason, excepted := unlisted[name]
		switch {
		case excepted && k.List != nil:
			t.Errorf("%s is said not to be listed (%s), and is", name, reason)
		case excepted:
			t.Logf("%s is not listed: %s", name, reason)
		case k.List == nil:
			t.Errorf("%s cannot be listed: give its Spec a Listing", name)
		default:
			checkList(t, name, k.List())
			if !hasData(t, k.Data, func(data string) bool { return data != name && strings.HasPrefix(data, name[:len(name)-1]) }) {
				t.Errorf("%s has no data source of all of them", name)
			}
		}
	}
}

func hasData(t *testing.T, all []func() datasource.DataSource, is func(string) bool) bool {
	t.Helper()
	for _, d := range all {
		var meta datasource.MetadataResponse
		d().Metadata(t.Context(), datasource.MetadataRequest{ProviderTypeName: "onprem"}, &meta)
		if is(meta.TypeName) {
			return true
		}
	}
	return false
}

func checkList(t *testing.T, name string, l list.ListResource) {
	t.Helper()
	var meta resource.MetadataResponse
	l.Metadata(t.Context(), resource.MetadataRequest{ProviderTypeName: "onprem"}, &meta)
	if meta.TypeName != name {
		t.Errorf("the list of %s is called %s", name, meta.TypeName)
	}
	var resp list.ListResourceSchemaResponse
	l.ListResourceConfigSchema(t.Context(), list.ListResourceSchemaRequest{}, &resp)
	if diags := resp.Schema.ValidateImplementation(t.Context()); diags.HasError() {
		t.Error(diags)
	}
	checkEntity(t, name, resp.Schema.MarkdownDescription, attributesOf(resp.Schema.Attributes))
}

// TestRulesTakeUnknownValues: whatever is unknown, rules look at what is known
// and the plan is made.
func TestRulesTakeUnknownValues(t *testing.T) {
	t.Parallel()
	server := providerserver.NewProtocol6(New("test")())()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range schemas.ResourceSchemas {
		if name == "onprem_kubernetes_cluster" {
			t.Logf("%s is left out: its rules wait until all is known", name)
			continue
		}
		typ, _ := s.ValueType().(tftypes.Object)
		for attribute, at := range typ.AttributeTypes {
			for _, v := range unknowns(at) {
				config := dynamicOf(t, typ, map[string]tftypes.Value{attribute: v})
				validated, err := server.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: name, Config: config})
				if err != nil {
					t.Fatal(err)
				}
				checkConverts(t, name+"."+attribute, validated.Diagnostics)
				planned, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
					TypeName: name, Config: config, ProposedNewState: config, PriorState: dynamicOf(t, typ, nil),
				})
				if err != nil {
					t.Fatal(err)
				}
				checkConverts(t, name+"."+attribute, planned.Diagnostics)
			}
		}
	}
}

// unknowns are an unknown value of a type, and values with unknown parts.
func unknowns(typ tftypes.Type) []tftypes.Value {
	all := []tftypes.Value{tftypes.NewValue(typ, tftypes.UnknownValue)}
	switch typ := typ.(type) {
	case tftypes.Object:
		parts := map[string]tftypes.Value{}
		for name, at := range typ.AttributeTypes {
			parts[name] = tftypes.NewValue(at, tftypes.UnknownValue)
		}
		all = append(all, tftypes.NewValue(typ, parts))
	case tftypes.List:
		for _, v := range unknowns(typ.ElementType) {
			all = append(all, tftypes.NewValue(typ, []tftypes.Value{v}))
		}
	case tftypes.Set:
		for _, v := range unknowns(typ.ElementType) {
			all = append(all, tftypes.NewValue(typ, []tftypes.Value{v}))
		}
	case tftypes.Map:
		for _, v := range unknowns(typ.ElementType) {
			all = append(all, tftypes.NewValue(typ, map[string]tftypes.Value{"a": v}))
		}
	}
	return all
}

// dynamicOf is an object with the given attributes and null ones else; null when
// none are given.
func dynamicOf(t *testing.T, typ tftypes.Object, given map[string]tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	object := tftypes.NewValue(typ, nil)
	if given != nil {
		values := map[string]tftypes.Value{}
		for name, at := range typ.AttributeTypes {
			values[name] = tftypes.NewValue(at, nil)
			if v, ok := given[name]; ok {
				values[name] = v
			}
		}
		object = tftypes.NewValue(typ, values)
	}
	d, err := tfprotov6.NewDynamicValue(typ, object)
	if err != nil {
		t.Fatal(err)
	}
	return &d
}

func checkConverts(t *testing.T, what string, diags []*tfprotov6.Diagnostic) {
	t.Helper()
	for _, d := range diags {
		if d.Summary == "Value Conversion Error" || strings.Contains(d.Detail, "unknown value") {
			t.Errorf("%s: %s: %s", what, d.Summary, d.Detail)
		}
	}
}
