package module

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// ValueError says which part of an input has the wrong type.
type ValueError struct {
	Input   string
	Path    cty.Path // inside the input
	Message string
}

// Error gives the message behind the address of the part:
// "ip_pools.pods.block_size: a number is required".
func (e *ValueError) Error() string {
	return Address(e.Input, e.Path) + ": " + e.Message
}

// Address writes a part of an input as an expression would refer to it.
func Address(input string, path cty.Path) string {
	var s strings.Builder
	s.WriteString(input)
	for _, step := range path {
		switch step := step.(type) {
		case cty.GetAttrStep:
			s.WriteString("." + step.Name)
		case cty.IndexStep:
			s.WriteString(index(step.Key))
		}
	}
	return s.String()
}

func index(key cty.Value) string {
	switch {
	case !key.IsKnown() || key.IsNull():
		return "[…]"
	case key.Type() == cty.Number:
		return "[" + key.AsBigFloat().Text('f', -1) + "]"
	case key.Type() == cty.String && hclsyntax.ValidIdentifier(key.AsString()):
		return "." + key.AsString()
	case key.Type() == cty.String:
		return fmt.Sprintf("[%q]", key.AsString())
	default: // an element of a set
		return "[…]"
	}
}

// Convert turns a value into what the module sees: defaults of optional
// attributes applied, null replaced where the variable does not take it, and
// converted to the type of the variable. Unknown values stay unknown. The error
// is a *ValueError.
func (v *Variable) Convert(value cty.Value) (cty.Value, error) {
	if value.IsNull() && !v.Nullable {
		if v.Required {
			return cty.NilVal, &ValueError{Input: v.Name, Message: "null is not allowed"}
		}
		return v.Default.WithSameMarks(value), nil
	}
	return v.convert(value)
}

func (v *Variable) convert(value cty.Value) (cty.Value, error) {
	whole := value
	if v.Defaults != nil && !value.IsNull() {
		whole = v.Defaults.Apply(value)
	}
	converted, err := convert.Convert(whole, v.Type)
	if err != nil {
		if faults := mismatches(value, v.Type, nil); len(faults) > 0 {
			faults[0].Input = v.Name
			return cty.NilVal, faults[0]
		}
		return cty.NilVal, &ValueError{Input: v.Name, Message: err.Error()}
	}
	if converted.IsNull() && !v.Nullable {
		return cty.NilVal, &ValueError{Input: v.Name, Message: "null is not allowed"}
	}
	return converted, nil
}

// mismatches finds every part of a value that does not convert to its type. The
// conversion itself would name the first, and often not where it is.
func mismatches(value cty.Value, want cty.Type, path cty.Path) []*ValueError {
	value, _ = value.Unmark()
	_, err := convert.Convert(value, want)
	if err == nil {
		return nil
	}
	if value.IsKnown() && !value.IsNull() {
		if found := partMismatches(value, want, path); len(found) > 0 {
			return found
		}
	}
	return []*ValueError{{Path: slices.Clone(path), Message: err.Error()}}
}

func partMismatches(value cty.Value, want cty.Type, path cty.Path) []*ValueError {
	var found []*ValueError
	for key, element := range parts(value) {
		var ty cty.Type
		step := cty.PathStep(cty.IndexStep{Key: key})
		switch {
		case want.IsObjectType() && hasNames(value.Type()) && want.HasAttribute(key.AsString()):
			ty, step = want.AttributeType(key.AsString()), cty.GetAttrStep{Name: key.AsString()}
		case want.IsMapType() && hasNames(value.Type()):
			ty = want.ElementType()
		case (want.IsListType() || want.IsSetType()) && isSequence(value.Type()):
			ty = want.ElementType()
		case want.IsTupleType() && value.Type().IsTupleType() && want.Length() == value.Type().Length():
			position, _ := key.AsBigFloat().Int64()
			ty = want.TupleElementType(int(position))
		default:
			continue
		}
		found = append(found, mismatches(element, ty, append(path, step))...)
	}
	return found
}

// parts are the elements or attributes of a value, in a stable order.
func parts(value cty.Value) func(yield func(key, element cty.Value) bool) {
	return func(yield func(key, element cty.Value) bool) {
		switch ty := value.Type(); {
		case ty.IsObjectType():
			for _, name := range slices.Sorted(maps.Keys(ty.AttributeTypes())) {
				if !yield(cty.StringVal(name), value.GetAttr(name)) {
					return
				}
			}
		case ty.IsCollectionType() || ty.IsTupleType():
			value.Elements()(yield)
		}
	}
}

func hasNames(ty cty.Type) bool { return ty.IsObjectType() || ty.IsMapType() }

func isSequence(ty cty.Type) bool { return ty.IsListType() || ty.IsSetType() || ty.IsTupleType() }
