package module

import "github.com/zclconf/go-cty/cty"

// Mock makes a value of the type to stand for an output called name that does
// not exist yet. The same type and name give the same value.
//
// Every string in it, keys of maps included, starts with "mock-" and contains
// the name, so that it is recognised wherever it turns up; in an object the
// names of the attributes follow. Numbers are 0, bools false. Lists, sets and
// maps have one element. Where the type is not known it is a string.
func Mock(ty cty.Type, name string) cty.Value {
	switch {
	case ty == cty.String || ty == cty.DynamicPseudoType:
		return cty.StringVal("mock-" + name)
	case ty == cty.Number:
		return cty.Zero
	case ty == cty.Bool:
		return cty.False
	case ty.IsListType():
		return cty.ListVal([]cty.Value{Mock(ty.ElementType(), name)})
	case ty.IsSetType():
		return cty.SetVal([]cty.Value{Mock(ty.ElementType(), name)})
	case ty.IsMapType():
		return cty.MapVal(map[string]cty.Value{"mock-" + name: Mock(ty.ElementType(), name)})
	case ty.IsTupleType():
		elements := make([]cty.Value, ty.Length())
		for i, element := range ty.TupleElementTypes() {
			elements[i] = Mock(element, name)
		}
		return cty.TupleVal(elements)
	case ty.IsObjectType():
		attributes := map[string]cty.Value{}
		for attribute, ty := range ty.AttributeTypes() {
			attributes[attribute] = Mock(ty, name+"-"+attribute)
		}
		return cty.ObjectVal(attributes)
	default: // a capsule, which no expression of a module can make
		return cty.NullVal(ty)
	}
}
