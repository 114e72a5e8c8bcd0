package fastpath_test

import (
	"context"
	"errors"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/fastpath"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

// wide has a field of every make.
type wide struct {
	Name     types.String         `tfsdk:"name"`
	Prefix   semtype.Prefix       `tfsdk:"prefix"`
	JSON     jsontypes.Normalized `tfsdk:"json"`
	Dynamic  types.Dynamic        `tfsdk:"dynamic"`
	Fraction types.Float64        `tfsdk:"fraction"`
	Names    types.Set            `tfsdk:"names"`
	Prefixes types.List           `tfsdk:"prefixes"`
	Allowed  types.Set            `tfsdk:"allowed"`
	Routes   types.Map            `tfsdk:"routes"`
	Object   types.Object         `tfsdk:"object"`
	narrow                        // an embedded part
}

type narrow struct {
	Tags    []types.String    `tfsdk:"tags"` // a set
	Denied  []semtype.Prefix  `tfsdk:"denied"`
	Peers   []peer            `tfsdk:"peers"` // a list
	ByName  map[string]peer   `tfsdk:"by_name"`
	Pointer *peer             `tfsdk:"pointer"`
	Texts   []string          `tfsdk:"texts"`
	Ports   map[string]int64  `tfsdk:"ports"`
	Secret  types.String      `tfsdk:"secret"`
	Flags   map[string]option `tfsdk:"flags"`
}

type option struct {
	On bool `tfsdk:"on"`
}

type peer struct {
	Address semtype.Prefix `tfsdk:"address"`
	Port    types.Int64    `tfsdk:"port"`
}

func peerAttributes() attributesOf {
	return attributesOf{"address": schema.StringAttribute{Optional: true, CustomType: semtype.PrefixType{}}, "port": schema.Int64Attribute{Optional: true}}
}

func wideSchema(context.Context) schema.Schema {
	of := schema.NestedAttributeObject{Attributes: peerAttributes()}
	return schema.Schema{Attributes: attributesOf{
		"name": schema.StringAttribute{Required: true}, "prefix": schema.StringAttribute{Optional: true, CustomType: semtype.PrefixType{}},
		"json": schema.StringAttribute{Optional: true, CustomType: jsontypes.NormalizedType{}}, "dynamic": schema.DynamicAttribute{Optional: true},
		"fraction": schema.Float64Attribute{Optional: true}, "names": schema.SetAttribute{Optional: true, ElementType: types.StringType},
		"prefixes": schema.ListAttribute{Optional: true, ElementType: semtype.PrefixType{}}, "allowed": schema.SetAttribute{Optional: true, ElementType: semtype.PrefixType{}},
		"routes": schema.MapAttribute{Optional: true, ElementType: semtype.PrefixType{}}, "object": nested(peerAttributes()),
		"tags": schema.SetAttribute{Optional: true, ElementType: types.StringType}, "denied": schema.SetAttribute{Optional: true, ElementType: semtype.PrefixType{}},
		"peers": schema.ListNestedAttribute{Optional: true, NestedObject: of}, "by_name": schema.MapNestedAttribute{Optional: true, NestedObject: of},
		"pointer": nested(peerAttributes()), "texts": schema.ListAttribute{Optional: true, ElementType: types.StringType},
		"ports": schema.MapAttribute{Optional: true, ElementType: types.Int64Type}, "secret": schema.StringAttribute{Optional: true, WriteOnly: true},
		"flags": schema.MapNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: attributesOf{"on": schema.BoolAttribute{Required: true}}}},
	}}
}

func prefixes(all ...string) []attr.Value {
	var out []attr.Value
	for _, s := range all {
		out = append(out, prefix(s))
	}
	return out
}

func prefix(s string) semtype.Prefix { return semtype.Prefix{StringValue: types.StringValue(s)} }

func peerValue(address string, port int64) peer {
	return peer{prefix(address), types.Int64Value(port)}
}

// reading serves a resource that answers reads with what answer makes of a model.
func reading[M any](t *testing.T, s func(context.Context) schema.Schema, answer func(*M) error) (*pair, tftypes.Type) {
	t.Helper()
	of := &madeUpProvider{set: clients.New(clients.Settings{}), resource: crud.New(crud.Spec[M, any]{
		Name: "thing", Identity: []string{"name"}, Schema: s,
		Client: func(*clients.Set) (any, error) { return nil, nil }, // nothing is asked
		Read:   func(_ context.Context, _ any, m *M) error { return answer(m) },
	})}
	if left := fastpath.Left(of)[thingType]; len(left) > 0 {
		t.Log(left)
	}
	p := serve(t, of)
	p.configure(t, "", nil)
	return p, p.schemas[thingType].ValueType()
}

// TestMeaning: the framework keeps the spelling of a state that means the same,
// and so does the fast path.
func TestMeaning(t *testing.T) {
	strs := func(all ...string) (out []tftypes.Value) {
		for _, s := range all {
			out = append(out, str(s))
		}
		return out
	}
	peerOf := func(address string, port int) tftypes.Value {
		return record(map[string]tftypes.Value{"address": str(address), "port": tftypes.NewValue(tftypes.Number, port)})
	}
	mapOf := func(fields map[string]tftypes.Value, elem tftypes.Type) tftypes.Value {
		return tftypes.NewValue(tftypes.Map{ElementType: elem}, fields)
	}
	for name, c := range map[string]struct {
		state  set
		answer func(*wide)
		quick  bool
	}{
		"nothing set":                 {set{}, func(*wide) {}, true},
		"prefix":                      {set{"prefix": "10.0.0.0/8"}, func(m *wide) { m.Prefix = prefix("10.0.0.0/8") }, true},
		"prefix, same meaning":        {set{"prefix": "2001:db8::/32"}, func(m *wide) { m.Prefix = prefix("2001:0db8:0::/32") }, true},
		"prefix, another":             {set{"prefix": "2001:db8::/32"}, func(m *wide) { m.Prefix = prefix("2001:db9::/32") }, false},
		"prefix, gone":                {set{"prefix": "2001:db8::/32"}, func(m *wide) { m.Prefix = semtype.Prefix{} }, false},
		"prefix, that does not parse": {set{"prefix": "2001:db8::/32"}, func(m *wide) { m.Prefix = prefix("x") }, false},
		"stored prefix that does not": {set{"prefix": "x"}, func(*wide) {}, false},
		"JSON, in another order":      {set{"json": `{"a":1,"b":2}`}, func(m *wide) { m.JSON = jsontypes.NewNormalizedValue(`{ "b": 2, "a": 1 }`) }, true},
		"JSON, another":               {set{"json": `{"a":1}`}, func(m *wide) { m.JSON = jsontypes.NewNormalizedValue(`{"a":2}`) }, false},
		"dynamic":                     {set{"dynamic": record(map[string]tftypes.Value{"x": str("1"), "l": list(number("1"))})}, func(*wide) {}, true},
		"dynamic, changed":            {set{"dynamic": str("x")}, func(m *wide) { m.Dynamic = types.DynamicValue(types.StringValue("y")) }, false},
		"dynamic, of another type":    {set{"dynamic": str("1")}, func(m *wide) { m.Dynamic = types.DynamicValue(types.Int64Value(1)) }, false},
		"dynamic, null of a type":     {set{"dynamic": null(tftypes.String)}, func(*wide) {}, true},
		"fraction":                    {set{"fraction": number("0.1")}, func(*wide) {}, true},
		"fraction, read":              {set{"fraction": number("0.5")}, func(m *wide) { m.Fraction = types.Float64Value(0.5) }, true},
		"set, in another order": {set{"names": setOf(strs("a", "b")...)}, func(m *wide) {
			m.Names = types.SetValueMust(types.StringType, []attr.Value{types.StringValue("b"), types.StringValue("a")})
		}, true},
		"set, another": {set{"names": setOf(strs("a", "b")...)}, func(m *wide) {
			m.Names = types.SetValueMust(types.StringType, []attr.Value{types.StringValue("b"), types.StringValue("c")})
		}, false},
		"list of prefixes, same meaning": {set{"prefixes": list(strs("2001:db8::/32", "10.0.0.0/8")...)}, func(m *wide) {
			m.Prefixes = types.ListValueMust(semtype.PrefixType{}, prefixes("2001:0db8::/32", "10.0.0.0/8"))
		}, true},
		"list of prefixes, other order": {set{"prefixes": list(strs("2001:db8::/32", "10.0.0.0/8")...)}, func(m *wide) {
			m.Prefixes = types.ListValueMust(semtype.PrefixType{}, prefixes("10.0.0.0/8", "2001:db8::/32"))
		}, false},
		"list of prefixes, longer": {set{"prefixes": list(strs("2001:db8::/32")...)}, func(m *wide) {
			m.Prefixes = types.ListValueMust(semtype.PrefixType{}, prefixes("2001:db8::/32", "10.0.0.0/8"))
		}, false},
		"set of prefixes, same meaning": {set{"allowed": setOf(strs("2001:db8::/32", "10.0.0.0/8")...)}, func(m *wide) {
			m.Allowed = types.SetValueMust(semtype.PrefixType{}, prefixes("10.0.0.0/8", "2001:0db8::/32"))
		}, true},
		"set of prefixes, two of the same": {set{"allowed": setOf(strs("2001:db8::/32", "2001:0db8::/32")...)}, func(m *wide) {
			m.Allowed = types.SetValueMust(semtype.PrefixType{}, prefixes("2001:0db8:0::/32", "2001:db8::/32"))
		}, false},
		"set of prefixes, another": {set{"allowed": setOf(strs("2001:db8::/32")...)}, func(m *wide) { m.Allowed = types.SetValueMust(semtype.PrefixType{}, prefixes("10.0.0.0/8")) }, false},
		"map of prefixes, same meaning": {set{"routes": mapOf(map[string]tftypes.Value{"a": str("2001:db8::/32")}, tftypes.String)}, func(m *wide) {
			m.Routes = types.MapValueMust(semtype.PrefixType{}, map[string]attr.Value{"a": prefix("2001:0db8::/32")})
		}, true},
		"map of prefixes, other key": {set{"routes": mapOf(map[string]tftypes.Value{"a": str("2001:db8::/32")}, tftypes.String)}, func(m *wide) {
			m.Routes = types.MapValueMust(semtype.PrefixType{}, map[string]attr.Value{"b": prefix("2001:db8::/32")})
		}, false},
		"map of prefixes, none": {set{"routes": mapOf(nil, tftypes.String)}, func(m *wide) { m.Routes = types.MapNull(semtype.PrefixType{}) }, false},
		"object, same meaning": {set{"object": peerOf("2001:db8::/32", 1)}, func(m *wide) {
			m.Object = types.ObjectValueMust(map[string]attr.Type{"address": semtype.PrefixType{}, "port": types.Int64Type}, map[string]attr.Value{"address": prefix("2001:0db8::/32"), "port": types.Int64Value(1)})
		}, true},
		"object, same in part": {set{"object": peerOf("2001:db8::/32", 1)}, func(m *wide) {
			m.Object = types.ObjectValueMust(map[string]attr.Type{"address": semtype.PrefixType{}, "port": types.Int64Type}, map[string]attr.Value{"address": prefix("2001:0db8::/32"), "port": types.Int64Value(2)})
		}, false},
		"slice of a set":                  {set{"tags": setOf(strs("a", "b")...)}, func(m *wide) { m.Tags = []types.String{types.StringValue("b"), types.StringValue("a")} }, true},
		"slice of a set, other":           {set{"tags": setOf(strs("a", "b")...)}, func(m *wide) { m.Tags = []types.String{types.StringValue("b"), types.StringValue("c")} }, false},
		"slice of a set, none":            {set{"tags": setOf(strs("a")...)}, func(m *wide) { m.Tags = nil }, false},
		"slice, prefixes":                 {set{"denied": setOf(strs("2001:db8::/32", "10.0.0.0/8")...)}, func(m *wide) { m.Denied = []semtype.Prefix{prefix("10.0.0.0/8"), prefix("2001:0db8::/32")} }, true},
		"slice of a list, same meaning":   {set{"peers": list(peerOf("2001:db8::/32", 1), peerOf("10.0.0.0/8", 2))}, func(m *wide) { m.Peers = []peer{peerValue("2001:0db8::/32", 1), peerValue("10.0.0.0/8", 2)} }, true},
		"slice of a list, other order":    {set{"peers": list(peerOf("2001:db8::/32", 1), peerOf("10.0.0.0/8", 2))}, func(m *wide) { m.Peers = []peer{peerValue("10.0.0.0/8", 2), peerValue("2001:db8::/32", 1)} }, false},
		"slice, changed in place":         {set{"peers": list(peerOf("10.0.0.0/8", 2))}, func(m *wide) { m.Peers[0].Port = types.Int64Value(3) }, false},
		"map of structs, same meaning":    {set{"by_name": mapOf(map[string]tftypes.Value{"a": peerOf("2001:db8::/32", 1)}, peerOf("", 0).Type())}, func(m *wide) { m.ByName = map[string]peer{"a": peerValue("2001:0db8::/32", 1)} }, true},
		"map of structs, one more":        {set{"by_name": mapOf(map[string]tftypes.Value{"a": peerOf("2001:db8::/32", 1)}, peerOf("", 0).Type())}, func(m *wide) { m.ByName["b"] = peerValue("2001:0db8::/32", 1) }, false},
		"pointer, same meaning":           {set{"pointer": peerOf("2001:db8::/32", 1)}, func(m *wide) { m.Pointer.Address = prefix("2001:0db8::/32") }, true},
		"pointer, gone":                   {set{"pointer": peerOf("2001:db8::/32", 1)}, func(m *wide) { m.Pointer = nil }, false},
		"plain texts":                     {set{"texts": list(strs("a", "b")...)}, func(m *wide) { m.Texts = []string{"a", "b"} }, true},
		"plain texts, changed":            {set{"texts": list(strs("a", "b")...)}, func(m *wide) { m.Texts[1] = "c" }, false},
		"plain numbers":                   {set{"ports": mapOf(map[string]tftypes.Value{"a": number("1")}, tftypes.Number)}, func(m *wide) { m.Ports = map[string]int64{"a": 1} }, true},
		"a secret that somebody has read": {set{}, func(m *wide) { m.Secret = types.StringValue("s") }, false},
		"the name, which identifies it":   {set{}, func(m *wide) { m.Name = types.StringValue("y") }, false},
		"left unknown":                    {set{"prefix": "10.0.0.0/8"}, func(m *wide) { m.Prefix = semtype.Prefix{StringValue: types.StringUnknown()} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			p, typ := reading(t, wideSchema, func(m *wide) error { c.answer(m); return nil })
			c.state["name"] = "x"
			for _, of := range []stored{{state: object(typ, c.state)}, {object(typ, c.state), identity("\x81\xa4name\xa1x"), `{"key":"InZhbHVlIg=="}`}} {
				want(t, p.read(t, thingType, of), c.quick)
			}
		})
	}
}

// TestMeaningInSets: the framework takes an object in a set for the same as
// soon as a part of it is; the fast path keeps out of that.
func TestMeaningInSets(t *testing.T) {
	type model struct {
		Name  types.String `tfsdk:"name"`
		Peers []peer       `tfsdk:"peers"`
	}
	s := func(context.Context) schema.Schema {
		return schema.Schema{Attributes: attributesOf{"name": schema.StringAttribute{Required: true},
			"peers": schema.SetNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: peerAttributes()}}}}
	}
	p, typ := reading(t, s, func(m *model) error { return nil })
	peers := setOf(
		record(map[string]tftypes.Value{"address": str("2001:0db8::/32"), "port": number("1")}),
		record(map[string]tftypes.Value{"address": str("2001:db8::/32"), "port": number("2")}))
	want(t, p.read(t, thingType, stored{state: object(typ, set{"name": "x", "peers": peers})}), false)
}

// TestUnforeseenModels are left to the framework, which words the error.
func TestUnforeseenModels(t *testing.T) {
	type model struct {
		Name   types.String `tfsdk:"name"`
		Prefix types.String `tfsdk:"prefix"` // not of the schema's type
	}
	s := func(context.Context) schema.Schema {
		return schema.Schema{Attributes: attributesOf{"name": schema.StringAttribute{Required: true}, "prefix": schema.StringAttribute{Optional: true, CustomType: semtype.PrefixType{}}}}
	}
	p, typ := reading(t, s, func(*model) error { return nil })
	want(t, p.read(t, thingType, stored{state: object(typ, set{"name": "x"})}), false)
}

// TestRules: what a Spec says about configurations and plans is heard, and what
// stays is not reviewed.
func TestRules(t *testing.T) {
	type model struct {
		Name  types.String `tfsdk:"name"`
		Upper types.String `tfsdk:"upper"`
		Words []string     `tfsdk:"words"`
	}
	reviewed := 0
	p := serve(t, &madeUpProvider{set: clients.New(clients.Settings{}), resource: crud.New(crud.Spec[model, any]{
		Name: "thing", Identity: []string{"name"},
		Client: func(*clients.Set) (any, error) { return nil, errors.New("not reached") },
		Schema: func(context.Context) schema.Schema {
			return schema.Schema{Attributes: attributesOf{"name": schema.StringAttribute{Required: true}, "upper": schema.StringAttribute{Optional: true, Computed: true},
				"words": schema.ListAttribute{Optional: true, ElementType: types.StringType}}}
		},
		Check: func(m *model, diags *diag.Diagnostics) {
			if m.Name.ValueString() == "bad" {
				diags.AddError("Bad", "name")
			}
			if m.Name.ValueString() == "odd" {
				diags.AddWarning("Odd", "name")
			}
		},
		Complete: func(config, plan *model) {
			if config.Upper.IsNull() {
				plan.Upper = types.StringValue("upper " + plan.Name.ValueString())
			}
		},
		Review: func(context.Context, func() (any, error), crud.Change[model], *diag.Diagnostics) { reviewed++ },
	})})
	p.configure(t, "", nil)
	typ := p.schemas[thingType].ValueType()
	for name, quick := range map[string]bool{"fine": true, "bad": false, "odd": false} {
		want(t, p.validate(t, thingType, object(typ, set{"name": name}), true), quick)
	}
	want(t, p.validate(t, thingType, object(typ, set{"name": "fine", "words": unknown(tftypes.List{ElementType: tftypes.String})}), true), false)
	for _, c := range []struct {
		config, prior set
		quick         bool
	}{
		{set{"name": "a"}, set{"name": "a", "upper": "upper a"}, true},
		{set{"name": "a", "upper": "x"}, set{"name": "a", "upper": "x"}, true},
		{set{"name": "a"}, set{"name": "a", "upper": "x"}, false}, // completed to something else
		{set{"name": "b"}, set{"name": "a", "upper": "upper a"}, false},
	} {
		before := reviewed
		want(t, p.plan(t, thingType, planned{config: object(typ, c.config), prior: object(typ, c.prior)}), c.quick)
		if (reviewed > before) == c.quick {
			t.Errorf("%v: reviewed %d times", c.prior, reviewed-before)
		}
	}
}
