package wire

import (
	"context"
	"reflect"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// rules are the validators of an attribute.
type rules struct {
	// obeyed asks them all whether they have nothing to say; nil without any.
	obeyed func(context.Context, question) bool
	// silentOnNull: none of them has anything to say about null.
	silentOnNull bool
	// valueOnly: none of them looks at more than the value.
	valueOnly bool
}

// question is what validators are asked.
type question struct {
	value     attr.Value
	path      path.Path
	config    tfsdk.Config // empty for those that look at the value only
	writeOnly bool         // allowed
}

// rulesOf collects the validators of an attribute.
func rulesOf(a schema.Attribute) rules {
	switch a := a.(type) {
	case interface{ StringValidators() []validator.String }:
		return rulesFrom(a.StringValidators(), basetypes.StringValuable.ToStringValue, validator.String.ValidateString)
	case interface{ BoolValidators() []validator.Bool }:
		return rulesFrom(a.BoolValidators(), basetypes.BoolValuable.ToBoolValue, validator.Bool.ValidateBool)
	case interface{ Int32Validators() []validator.Int32 }:
		return rulesFrom(a.Int32Validators(), basetypes.Int32Valuable.ToInt32Value, validator.Int32.ValidateInt32)
	case interface{ Int64Validators() []validator.Int64 }:
		return rulesFrom(a.Int64Validators(), basetypes.Int64Valuable.ToInt64Value, validator.Int64.ValidateInt64)
	case interface{ Float32Validators() []validator.Float32 }:
		return rulesFrom(a.Float32Validators(), basetypes.Float32Valuable.ToFloat32Value, validator.Float32.ValidateFloat32)
	case interface{ Float64Validators() []validator.Float64 }:
		return rulesFrom(a.Float64Validators(), basetypes.Float64Valuable.ToFloat64Value, validator.Float64.ValidateFloat64)
	case interface{ NumberValidators() []validator.Number }:
		return rulesFrom(a.NumberValidators(), basetypes.NumberValuable.ToNumberValue, validator.Number.ValidateNumber)
	case interface{ DynamicValidators() []validator.Dynamic }:
		return rulesFrom(a.DynamicValidators(), basetypes.DynamicValuable.ToDynamicValue, validator.Dynamic.ValidateDynamic)
	case interface{ ListValidators() []validator.List }:
		return rulesFrom(a.ListValidators(), basetypes.ListValuable.ToListValue, validator.List.ValidateList)
	case interface{ SetValidators() []validator.Set }:
		return rulesFrom(a.SetValidators(), basetypes.SetValuable.ToSetValue, validator.Set.ValidateSet)
	case interface{ MapValidators() []validator.Map }:
		return rulesFrom(a.MapValidators(), basetypes.MapValuable.ToMapValue, validator.Map.ValidateMap)
	case interface{ ObjectValidators() []validator.Object }:
		return rulesFrom(a.ObjectValidators(), basetypes.ObjectValuable.ToObjectValue, validator.Object.ValidateObject)
	}
	return rules{obeyed: func(context.Context, question) bool { return false }} // of a kind that is not known here
}

// The framework has a type of each of these for every kind of value, with the
// same fields.
type (
	validateRequest[V attr.Value] interface {
		~struct {
			Path               path.Path
			PathExpression     path.Expression
			Config             tfsdk.Config
			ConfigValue        V
			ClientCapabilities validator.ValidateSchemaClientCapabilities
		}
	}
	validateResponse interface {
		~struct{ Diagnostics diag.Diagnostics }
	}
)

// rulesFrom are rules made of validators for one kind of value
// (fwserver/attribute_validation.go).
func rulesFrom[R any, Of attr.Value, V attr.Value, Q validateRequest[V], A validateResponse](
	validators []R, valueOf func(Of, context.Context) (V, diag.Diagnostics), ask func(R, context.Context, Q, *A),
) rules {
	if len(validators) == 0 {
		return rules{}
	}
	r := rules{silentOnNull: true, valueOnly: true}
	for _, v := range validators {
		if !valueOnly[nameOf(v)] {
			r.valueOnly = false
			r.silentOnNull = r.silentOnNull && silentOnNull[nameOf(v)]
		}
	}
	r.obeyed = func(ctx context.Context, q question) bool {
		of, ok := q.value.(Of)
		if !ok {
			return false
		}
		value, diags := valueOf(of, ctx)
		request := Q(struct {
			Path               path.Path
			PathExpression     path.Expression
			Config             tfsdk.Config
			ConfigValue        V
			ClientCapabilities validator.ValidateSchemaClientCapabilities
		}{q.path, q.path.Expression(), q.config, value, validator.ValidateSchemaClientCapabilities{WriteOnlyAttributesAllowed: q.writeOnly}})
		for _, v := range validators {
			var answer A
			ask(v, ctx, request, &answer)
			diags.Append(struct{ Diagnostics diag.Diagnostics }(answer).Diagnostics...)
		}
		return len(diags) == 0
	}
	return r
}

// nameOf is the name of a validator of terraform-plugin-framework-validators.
// Others have none: what they do is not known here.
func nameOf(v any) string {
	t := reflect.TypeOf(v)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if !strings.HasPrefix(t.PkgPath(), "github.com/hashicorp/terraform-plugin-framework-validators/") {
		return ""
	}
	return t.Name()
}

// names is a set of them.
func names(all string) map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields(all) {
		m[name] = true
	}
	return m
}

// valueOnly are validators that look at nothing but the value, and are silent
// on null. Those that wrap others are not among them.
var valueOnly = names(`
	lengthBetweenValidator lengthAtLeastValidator lengthAtMostValidator regexMatchesValidator
	utf8LengthBetweenValidator utf8LengthAtLeastValidator utf8LengthAtMostValidator
	oneOfValidator noneOfValidator oneOfCaseInsensitiveValidator noneOfCaseInsensitiveValidator
	betweenValidator atLeastValidator atMostValidator
	sizeAtLeastValidator sizeAtMostValidator sizeBetweenValidator uniqueValuesValidator noNullValuesValidator equalsValidator`)

// silentOnNull are validators that look at more, and are silent on null.
var silentOnNull = names(`
	AlsoRequiresValidator ConflictsWithValidator keysAreValidator
	valueStringsAreValidator valueInt32sAreValidator valueInt64sAreValidator valueFloat32sAreValidator valueFloat64sAreValidator
	valueNumbersAreValidator valueListsAreValidator valueSetsAreValidator valueMapsAreValidator`)
