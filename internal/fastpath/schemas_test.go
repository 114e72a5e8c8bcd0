package fastpath_test

import (
	"context"
	"math/big"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework-validators/boolvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/dynamicdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int32default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/numberdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

// The schemas here are made up: what no type of this provider has yet, and what
// the framework does about it. `quick` is for what the fast path is to answer.

type (
	attributesOf = map[string]schema.Attribute
	set          = map[string]any
)

func text() schema.StringAttribute { return schema.StringAttribute{Optional: true} }

func validated(v ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Validators: v}
}

func modified(m ...planmodifier.String) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, PlanModifiers: m}
}

func nested(a attributesOf) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{Optional: true, Attributes: a}
}

func defaulted() attributesOf {
	return attributesOf{"o": schema.SingleNestedAttribute{Optional: true, Computed: true, Attributes: attributesOf{
		"x": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("d")},
	}}}
}

// Values.

func number(text string) tftypes.Value {
	f, _, err := big.ParseFloat(text, 10, 512, big.ToNearestEven)
	if err != nil {
		panic(err)
	}
	return tftypes.NewValue(tftypes.Number, f)
}

func list(of ...tftypes.Value) tftypes.Value {
	return tftypes.NewValue(tftypes.List{ElementType: of[0].Type()}, of)
}

func setOf(of ...tftypes.Value) tftypes.Value {
	return tftypes.NewValue(tftypes.Set{ElementType: of[0].Type()}, of)
}

func str(s string) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }

func record(fields map[string]tftypes.Value) tftypes.Value {
	typ := tftypes.Object{AttributeTypes: map[string]tftypes.Type{}}
	for name, v := range fields {
		typ.AttributeTypes[name] = v.Type()
	}
	return tftypes.NewValue(typ, fields)
}

func unknown(t tftypes.Type) tftypes.Value { return tftypes.NewValue(t, tftypes.UnknownValue) }

func null(t tftypes.Type) tftypes.Value { return tftypes.NewValue(t, nil) }

// dynamics are values of a dynamic attribute, and whether they are answered for.
var dynamics = map[string]struct {
	value tftypes.Value
	quick bool
}{
	"text":              {str("x"), true},
	"fraction":          {number("0.1"), true},
	"large":             {number("1e400"), true},
	"list":              {list(str("x"), str("y")), true},
	"list of unknown":   {list(str("x"), unknown(tftypes.String)), true}, // no state has one
	"empty, of no type": {tftypes.NewValue(tftypes.List{ElementType: tftypes.DynamicPseudoType}, []tftypes.Value{}), false},
	"tuple":             {tftypes.NewValue(tftypes.Tuple{ElementTypes: []tftypes.Type{tftypes.String, tftypes.Number}}, []tftypes.Value{str("x"), number("1")}), true},
	"object":            {record(map[string]tftypes.Value{"x": str("1"), "y": record(map[string]tftypes.Value{"z": number("1")})}), true},
	"null of a type":    {null(tftypes.String), true},
	"null":              {null(tftypes.DynamicPseudoType), true},
	"unknown":           {unknown(tftypes.DynamicPseudoType), false},
	"unknown of a type": {unknown(tftypes.String), false},
}

func TestValidateMadeUp(t *testing.T) {
	selfChecked := selfCheckedType{basetypes.ObjectType{AttrTypes: map[string]attr.Type{"a": types.StringType}}}
	dynamic := attributesOf{"a": schema.DynamicAttribute{Optional: true}}
	for name, c := range map[string]struct {
		schema schema.Schema
		set    set
		quick  bool
	}{
		"IsRequired":                 {of(attributesOf{"l": schema.ListAttribute{Optional: true, ElementType: types.StringType, Validators: []validator.List{listvalidator.IsRequired()}}}), nil, false},
		"Any, around one on null":    {of(attributesOf{"a": validated(stringvalidator.Any(speaker{}))}), nil, false},
		"All, around ExactlyOneOf":   {of(attributesOf{"b": text(), "a": validated(stringvalidator.All(stringvalidator.ExactlyOneOf(path.MatchRoot("b"))))}), nil, false},
		"ExactlyOneOf":               {of(attributesOf{"b": text(), "a": validated(stringvalidator.ExactlyOneOf(path.MatchRoot("b")))}), nil, false},
		"ExactlyOneOf, obeyed":       {of(attributesOf{"b": text(), "a": validated(stringvalidator.ExactlyOneOf(path.MatchRoot("b")))}), set{"b": "x"}, true},
		"AtLeastOneOf":               {of(attributesOf{"b": text(), "a": validated(stringvalidator.AtLeastOneOf(path.MatchRoot("b")))}), nil, false},
		"AlsoRequires":               {of(attributesOf{"b": text(), "a": validated(stringvalidator.AlsoRequires(path.MatchRoot("b")))}), set{"a": "x"}, false},
		"AlsoRequires, null":         {of(attributesOf{"b": text(), "a": validated(stringvalidator.AlsoRequires(path.MatchRoot("b")))}), nil, true},
		"PreferWriteOnlyAttribute":   {of(attributesOf{"b": schema.StringAttribute{Optional: true, WriteOnly: true}, "a": validated(stringvalidator.PreferWriteOnlyAttribute(path.MatchRoot("b")))}), set{"a": "x"}, false},
		"Equals":                     {of(attributesOf{"a": schema.BoolAttribute{Optional: true, Validators: []validator.Bool{boolvalidator.Equals(true)}}}), set{"a": false}, false},
		"OneOf, obeyed":              {of(attributesOf{"a": validated(stringvalidator.OneOf("x"))}), set{"a": "x"}, true},
		"OneOf, unknown":             {of(attributesOf{"a": validated(stringvalidator.OneOf("x"))}), set{"a": tftypes.UnknownValue}, true},
		"object that checks itself":  {of(attributesOf{"o": schema.SingleNestedAttribute{Optional: true, CustomType: selfChecked, Attributes: attributesOf{"a": text()}}}), set{"o": record(map[string]tftypes.Value{"a": str("x")})}, false},
		"text that checks itself":    {of(attributesOf{"a": schema.StringAttribute{Optional: true, CustomType: semtype.PrefixType{}}}), set{"a": "x"}, false},
		"the same, obeyed":           {of(attributesOf{"a": schema.StringAttribute{Optional: true, CustomType: semtype.PrefixType{}}}), set{"a": "10.0.0.0/8"}, true},
		"list of such":               {of(attributesOf{"a": schema.ListAttribute{Optional: true, ElementType: semtype.PrefixType{}}}), set{"a": list(str("10.0.0.0/8"), str("x"))}, false},
		"deprecated":                 {of(attributesOf{"a": schema.StringAttribute{Optional: true, DeprecationMessage: "old"}}), set{"a": "x"}, false},
		"deprecated, unknown":        {of(attributesOf{"a": schema.StringAttribute{Optional: true, DeprecationMessage: "old"}}), set{"a": tftypes.UnknownValue}, true},
		"deprecated schema":          {schema.Schema{DeprecationMessage: "old", Attributes: attributesOf{"a": text()}}, set{"a": "x"}, false},
		"read-only":                  {of(attributesOf{"a": schema.StringAttribute{Computed: true}}), set{"a": "x"}, false},
		"required":                   {of(attributesOf{"a": schema.StringAttribute{Required: true}}), nil, false},
		"required, unknown":          {of(attributesOf{"a": schema.StringAttribute{Required: true}}), set{"a": tftypes.UnknownValue}, true},
		"required, in an object":     {of(attributesOf{"o": nested(attributesOf{"r": schema.StringAttribute{Required: true}})}), set{"o": record(map[string]tftypes.Value{"r": null(tftypes.String)})}, false},
		"Int32 out of range":         {of(attributesOf{"a": schema.Int32Attribute{Optional: true}}), set{"a": 1 << 40}, false},
		"Int32":                      {of(attributesOf{"a": schema.Int32Attribute{Optional: true}}), set{"a": 7}, true},
		"Int64 1.5, in a list":       {of(attributesOf{"a": schema.ListAttribute{Optional: true, ElementType: types.Int64Type}}), set{"a": list(number("1.5"))}, false},
		"Float32 too large":          {of(attributesOf{"a": schema.Float32Attribute{Optional: true}}), set{"a": 1e300}, false},
		"Float64 1e400":              {of(attributesOf{"a": schema.Float64Attribute{Optional: true}}), set{"a": number("1e400")}, false},
		"Float64 0.1":                {of(attributesOf{"a": schema.Float64Attribute{Optional: true}}), set{"a": number("0.1")}, true},
		"Number 1e400":               {of(attributesOf{"a": schema.NumberAttribute{Optional: true}}), set{"a": number("1e400")}, true},
		"dynamic, not set":           {of(dynamic), nil, true},
		"dynamic, required, null":    {of(attributesOf{"a": schema.DynamicAttribute{Required: true}}), set{"a": null(tftypes.String)}, false},
		"dynamic, deprecated, null":  {of(attributesOf{"a": schema.DynamicAttribute{Optional: true, DeprecationMessage: "old"}}), set{"a": null(tftypes.String)}, false},
		"null, in a list of objects": {of(attributesOf{"a": schema.ListNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: attributesOf{"x": text()}}}}), set{"a": list(null(record(map[string]tftypes.Value{"x": str("")}).Type()))}, false},
		"block":                      {schema.Schema{Blocks: map[string]schema.Block{"b": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: attributesOf{"r": schema.StringAttribute{Required: true}}}}}}, set{"b": list(record(map[string]tftypes.Value{"r": null(tftypes.String)}))}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p, typ := madeUp(t, c.schema)
			want(t, p.validate(t, thingType, object(typ, c.set), true), c.quick)
		})
	}
	for name, c := range dynamics {
		t.Run("dynamic, "+name, func(t *testing.T) {
			p, typ := madeUp(t, of(dynamic))
			p.validate(t, thingType, object(typ, set{"a": c.value}), true)
		})
	}
}

func TestPlanMadeUp(t *testing.T) {
	selfChecked := selfCheckedType{basetypes.ObjectType{AttrTypes: map[string]attr.Type{"a": types.StringType}}}
	always := stringplanmodifier.RequiresReplaceIf(func(_ context.Context, _ planmodifier.StringRequest, r *stringplanmodifier.RequiresReplaceIfFuncResponse) {
		r.RequiresReplace = true
	}, "", "")
	secret := attributesOf{"a": text(), "wo": schema.StringAttribute{Optional: true, WriteOnly: true}}
	float, integer, num := attributesOf{"a": schema.Float64Attribute{Optional: true}}, attributesOf{"a": schema.Int64Attribute{Optional: true}}, attributesOf{"a": schema.NumberAttribute{Optional: true}}
	for name, c := range map[string]struct {
		schema        schema.Schema
		config, prior set
		quick         bool
	}{
		"modifier of its own":                         {of(attributesOf{"a": schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{peeker{}}}, "wo": schema.StringAttribute{Optional: true, WriteOnly: true}}), set{"wo": "secret"}, set{"a": "b"}, false},
		"modifier that keeps":                         {of(attributesOf{"a": modified(keeper{})}), set{"a": "b"}, set{"a": "b"}, true},
		"write-only":                                  {of(secret), set{"a": "b", "wo": "secret"}, set{"a": "b"}, true},
		"write-only, stored":                          {of(secret), set{"a": "b"}, set{"a": "b", "wo": "secret"}, false},
		"RequiresReplaceIf":                           {of(attributesOf{"a": modified(always)}), set{"a": "b"}, set{"a": "b"}, true},
		"RequiresReplaceIf, changed":                  {of(attributesOf{"a": modified(always)}), set{"a": "c"}, set{"a": "b"}, false},
		"RequiresReplace, list":                       {of(attributesOf{"a": schema.ListAttribute{Optional: true, ElementType: types.StringType, PlanModifiers: []planmodifier.List{listplanmodifier.RequiresReplace()}}}), set{"a": list(str("x"))}, set{"a": list(str("x"))}, true},
		"UseStateForUnknown":                          {of(attributesOf{"a": text(), "c": schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}}), set{"a": "x"}, set{"a": "x", "c": "y"}, true},
		"UseNonNullStateForUnknown":                   {of(attributesOf{"a": text(), "c": schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseNonNullStateForUnknown()}}}), set{"a": "x"}, set{"a": "x"}, true},
		"Float64 0.1":                                 {of(float), set{"a": number("0.1")}, set{"a": number("0.1")}, true},
		"Float64 1e400":                               {of(float), set{"a": number("1e400")}, set{"a": number("1e400")}, false},
		"Float64 1e400, in a list":                    {of(attributesOf{"a": schema.ListAttribute{Optional: true, ElementType: types.Float64Type}}), set{"a": list(number("1e400"))}, set{"a": list(number("1e400"))}, false},
		"Number 1e400":                                {of(num), set{"a": number("1e400")}, set{"a": number("1e400")}, true},
		"Number 0.1":                                  {of(num), set{"a": number("0.1")}, set{"a": number("0.1")}, true},
		"Int32":                                       {of(attributesOf{"a": schema.Int32Attribute{Optional: true}}), set{"a": 1}, set{"a": 1}, true},
		"Int32 too large":                             {of(attributesOf{"a": schema.Int32Attribute{Optional: true}}), set{"a": 1 << 40}, set{"a": 1 << 40}, false},
		"Float32":                                     {of(attributesOf{"a": schema.Float32Attribute{Optional: true}}), set{"a": 0.5}, set{"a": 0.5}, true},
		"Float32 too large":                           {of(attributesOf{"a": schema.Float32Attribute{Optional: true}}), set{"a": 1e300}, set{"a": 1e300}, false},
		"Int64 too large":                             {of(integer), set{"a": number("1e400")}, set{"a": number("1e400")}, false},
		"Int64 1.5, in an object":                     {of(attributesOf{"a": schema.ObjectAttribute{Optional: true, AttributeTypes: map[string]attr.Type{"i": types.Int64Type}}}), set{"a": record(map[string]tftypes.Value{"i": number("1.5")})}, set{"a": record(map[string]tftypes.Value{"i": number("1.5")})}, false},
		"object that checks itself":                   {of(attributesOf{"o": schema.SingleNestedAttribute{Optional: true, CustomType: selfChecked, Attributes: attributesOf{"a": text()}}}), set{"o": record(map[string]tftypes.Value{"a": str("x")})}, set{"o": record(map[string]tftypes.Value{"a": str("x")})}, false},
		"stored text that is not valid":               {of(attributesOf{"a": schema.StringAttribute{Optional: true, CustomType: semtype.PrefixType{}}}), set{"a": "x"}, set{"a": "x"}, false},
		"spelled otherwise":                           {of(attributesOf{"a": schema.StringAttribute{Optional: true, CustomType: semtype.PrefixType{}}}), set{"a": "10.0.0.0/8"}, set{"a": "10.1.2.3/8"}, false},
		"computed null":                               {of(attributesOf{"a": text(), "c": schema.StringAttribute{Computed: true}}), set{"a": "x"}, set{"a": "x"}, true},
		"computed, on update":                         {of(attributesOf{"a": text(), "c": schema.StringAttribute{Computed: true}}), set{"a": "y"}, set{"a": "x", "c": "z"}, false},
		"default in an object that is not configured": {of(defaulted()), nil, set{"o": record(map[string]tftypes.Value{"x": str("d")})}, true},
		"another default in an object that is not":    {of(defaulted()), nil, set{"o": record(map[string]tftypes.Value{"x": str("other")})}, false},
		"default in a list of objects":                {of(attributesOf{"l": schema.ListNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: attributesOf{"x": text(), "n": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(7)}}}}}), nil, nil, false},
		"default of a number":                         {of(attributesOf{"a": schema.NumberAttribute{Optional: true, Computed: true, Default: numberdefault.StaticBigFloat(big.NewFloat(0.5))}}), nil, set{"a": 0.5}, true},
		"default of an Int32":                         {of(attributesOf{"a": schema.Int32Attribute{Optional: true, Computed: true, Default: int32default.StaticInt32(7)}}), nil, set{"a": 7}, true},
		"default that is no constant":                 {of(attributesOf{"a": schema.StringAttribute{Optional: true, Computed: true, Default: moody{new(int)}}}), nil, set{"a": "b"}, false},
		"default of a dynamic value":                  {of(attributesOf{"a": schema.DynamicAttribute{Optional: true, Computed: true, Default: dynamicdefault.StaticValue(types.DynamicValue(types.StringValue("x")))}}), nil, set{"a": str("x")}, false},
		"computed dynamic value":                      {of(attributesOf{"b": text(), "a": schema.DynamicAttribute{Optional: true, Computed: true}}), set{"b": "x"}, set{"b": "x", "a": str("x")}, true},
		"set in another order":                        {of(attributesOf{"a": schema.SetAttribute{Optional: true, ElementType: types.StringType}}), set{"a": setOf(str("y"), str("x"))}, set{"a": setOf(str("x"), str("y"))}, false},
		"unknown":                                     {of(attributesOf{"a": text()}), set{"a": tftypes.UnknownValue}, set{"a": "x"}, false},
		"block":                                       {schema.Schema{Blocks: map[string]schema.Block{"b": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: attributesOf{"x": text()}}}}}, set{"b": list(record(map[string]tftypes.Value{"x": str("1")}))}, set{"b": list(record(map[string]tftypes.Value{"x": str("1")}))}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p, typ := madeUp(t, c.schema)
			of := planned{config: object(typ, c.config), prior: object(typ, c.prior)}
			if name == "default that is no constant" { // the framework's answers differ from each other
				_, _, quick := p.planBoth(t, thingType, of)
				want(t, quick, c.quick)
				return
			}
			want(t, p.plan(t, thingType, of), c.quick)
		})
	}
	for name, c := range dynamics {
		t.Run("dynamic, "+name, func(t *testing.T) {
			p, typ := madeUp(t, of(attributesOf{"a": schema.DynamicAttribute{Optional: true}}))
			v := object(typ, set{"a": c.value})
			want(t, p.plan(t, thingType, planned{config: v, prior: v}), c.quick)
		})
	}
}

func TestUpgradeMadeUp(t *testing.T) {
	p, _ := madeUp(t, schema.Schema{Version: 2, Attributes: attributesOf{
		"s": text(), "i": schema.Int64Attribute{Optional: true}, "f": schema.Float64Attribute{Optional: true}, "n": schema.NumberAttribute{Optional: true},
		"b": schema.BoolAttribute{Optional: true}, "d": schema.DynamicAttribute{Optional: true},
		"set": schema.SetAttribute{Optional: true, ElementType: types.StringType}, "m": schema.MapAttribute{Optional: true, ElementType: types.StringType},
		"l": schema.ListAttribute{Optional: true, ElementType: types.Int64Type}, "o": nested(attributesOf{"x": text(), "y": text()}),
	}})
	for _, state := range []string{
		`{}`, `null`, ` {"s" : "x" } `, `{"f":0.1}`, `{"f":1e400}`, `{"n":1e400}`, `{"n":123456789012345678901234567890}`, `{"n":0.1}`,
		`{"i":9223372036854775807}`, `{"i":9223372036854775808}`, `{"i":-9223372036854775808}`, `{"i":-0}`, `{"i":1.0}`, `{"i":1e3}`, `{"i":"12"}`,
		`{"s":12}`, `{"s":true}`, `{"b":"true"}`, `{"b":1}`, `{"s":"e\u0301"}`, `{"s":"` + "e\u0301" + `"}`, `{"s":"\ud800"}`, `{"s":"\ud83d\ude00"}`,
		`{"s":"a\u0000b"}`, "{\"s\":\"\xff\"}", "{\"m\":{\"\xff\":\"x\"}}",
		`{"set":["b","a","a"]}`, `{"set":null}`, `{"set":[null]}`, `{"set":["b","a"]}`, `{"m":{"b":"1","a":"2"}}`, `{"m":{"a":"1","b":null}}`, `{"m":{}}`,
		`{"l":[]}`, `{"l":[1,2.5]}`, `{"l":[1,null]}`, `{"l":{"0":1}}`, `{"o":{"x":"1","z":1}}`, `{"o":{"y":"1","x":"2"}}`, `{"o":{}}`, `{"o":null}`, `{"o":[]}`,
		`{"d":null}`, `{"d":{"type":"string","value":"x"}}`, `{"d":{"value":"x","type":"string"}}`, `{"d":{"type":"number","value":0.1}}`, `{"d":{"type":"string","value":null}}`,
		`{"d":{"type":["object",{"a":"string","l":["list","number"]}],"value":{"a":"x","l":[1]}}}`, `{"d":{"type":["tuple",["bool"]],"value":[true]}}`, `{"d":"x"}`, `{"d":{}}`,
		`{"s":"x","s":"y"}`, `{"o":{"x":"1"},"o":{"y":"2"}}`, `{"zz":{"a":[1,{"b":[]}]},"zzz":-1.5e-3}`, `{"s":"x","i":1}`, `{"i":1,"s":"x"}`,
		`{"s":"x"`, `{"s":"x"}}`, ``, `[]`, `"x"`,
	} {
		t.Run(state, func(t *testing.T) { p.upgrade(t, thingType, state, 2) })
	}
	t.Run("older", func(t *testing.T) { want(t, p.upgrade(t, thingType, `{"s":"x"}`, 1), false) })
}

func want(t *testing.T, quick, want bool) {
	t.Helper()
	if quick != want {
		t.Errorf("answered by the fast path: %v", quick)
	}
}

func of(a attributesOf) schema.Schema { return schema.Schema{Attributes: a} }

// speaker is a validator that speaks on null.
type speaker struct{ described }

func (speaker) ValidateString(_ context.Context, r validator.StringRequest, resp *validator.StringResponse) {
	if r.ConfigValue.IsNull() {
		resp.Diagnostics.AddAttributeError(r.Path, "Null", "must not be null")
	}
}

// moody is a default that is another one every time.
type moody struct{ n *int }

func (moody) Description(context.Context) string         { return "" }
func (moody) MarkdownDescription(context.Context) string { return "" }
func (m moody) DefaultString(_ context.Context, _ defaults.StringRequest, r *defaults.StringResponse) {
	*m.n++
	r.PlanValue = types.StringValue(string(rune('a' + *m.n)))
}

// peeker is a plan modifier that looks at the configuration.
type peeker struct{ described }

func (peeker) PlanModifyString(ctx context.Context, r planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	var wo types.String
	r.Config.GetAttribute(ctx, path.Root("wo"), &wo)
	if !wo.IsNull() {
		resp.PlanValue = types.StringUnknown()
	}
}

// keeper is a plan modifier that leaves what is unchanged alone, and says so.
type keeper struct{ described }

func (keeper) KeepsUnchanged() {}
func (keeper) PlanModifyString(_ context.Context, r planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if !r.PlanValue.Equal(r.StateValue) {
		resp.PlanValue = types.StringUnknown()
	}
}

type described struct{}

func (described) Description(context.Context) string         { return "" }
func (described) MarkdownDescription(context.Context) string { return "" }

// selfCheckedType is an object type whose values refuse themselves.
type selfCheckedType struct{ basetypes.ObjectType }

func (t selfCheckedType) ValueFromObject(_ context.Context, v basetypes.ObjectValue) (basetypes.ObjectValuable, diag.Diagnostics) {
	return selfCheckedValue{v}, nil
}

func (t selfCheckedType) ValueFromTerraform(ctx context.Context, v tftypes.Value) (attr.Value, error) {
	o, err := t.ObjectType.ValueFromTerraform(ctx, v)
	object, _ := o.(basetypes.ObjectValue)
	return selfCheckedValue{object}, err
}

func (t selfCheckedType) ValueType(context.Context) attr.Value { return selfCheckedValue{} }

func (t selfCheckedType) Equal(o attr.Type) bool {
	x, ok := o.(selfCheckedType)
	return ok && t.ObjectType.Equal(x.ObjectType)
}

type selfCheckedValue struct{ basetypes.ObjectValue }

func (v selfCheckedValue) Type(ctx context.Context) attr.Type {
	return selfCheckedType{basetypes.ObjectType{AttrTypes: v.AttributeTypes(ctx)}}
}

func (v selfCheckedValue) Equal(o attr.Value) bool {
	x, ok := o.(selfCheckedValue)
	return ok && v.ObjectValue.Equal(x.ObjectValue)
}

func (v selfCheckedValue) ValidateAttribute(_ context.Context, r xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse) {
	if !v.IsNull() && !v.IsUnknown() {
		resp.Diagnostics.AddAttributeError(r.Path, "Never", "no object is good enough")
	}
}
