package functions

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

var (
	allTrueFunc = overBools(cty.False)
	anyTrueFunc = overBools(cty.True)
)

// overBools makes a function that gives decisive as soon as the list holds it,
// and its opposite when it does not. Null counts as false.
func overBools(decisive cty.Value) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "list", Type: cty.List(cty.Bool)}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			result := decisive.Not()
			for _, v := range args[0].Elements() {
				switch {
				case !v.IsKnown():
					result = cty.UnknownVal(cty.Bool)
				case v.IsNull():
					if decisive.False() {
						return decisive, nil
					}
				case v.Equals(decisive).True():
					return decisive, nil
				}
			}
			return result, nil
		},
	})
}

// lengthFunc counts strings and objects too; cty's standard library does not.
var lengthFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowUnknown: true, AllowDynamicType: true}},
	Type: func(args []cty.Value) (cty.Type, error) {
		ty := args[0].Type()
		if ty != cty.String && ty != cty.DynamicPseudoType && !isSequence(ty) && !ty.IsMapType() && !ty.IsObjectType() {
			return cty.NilType, function.NewArgErrorf(0, "a string, a list, a set or a map is required, not %s", ty.FriendlyName())
		}
		return cty.Number, nil
	},
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		ty := args[0].Type()
		switch {
		case ty == cty.DynamicPseudoType:
			return cty.UnknownVal(cty.Number), nil
		case ty == cty.String:
			return stdlib.Strlen(args[0])
		case ty.IsObjectType():
			return cty.NumberIntVal(int64(len(ty.AttributeTypes()))), nil
		default:
			return args[0].Length(), nil
		}
	},
})

// indexFunc finds the position of a value in a list; the function of the same
// name in cty's standard library takes an element out of one.
var indexFunc = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "list", Type: cty.DynamicPseudoType},
		{Name: "value", Type: cty.DynamicPseudoType},
	},
	Type: func(args []cty.Value) (cty.Type, error) {
		if ty := args[0].Type(); !ty.IsListType() && !ty.IsTupleType() {
			return cty.NilType, function.NewArgErrorf(0, "a list is required, not %s", ty.FriendlyName())
		}
		return cty.Number, nil
	},
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		for i, v := range args[0].Elements() {
			equal := v.Equals(args[1])
			if !equal.IsKnown() {
				return cty.UnknownVal(cty.Number), nil
			}
			if equal.True() {
				return i, nil
			}
		}
		return cty.NilVal, function.NewArgErrorf(1, "the list does not hold this value")
	},
})

// lookupFunc may do without a default, and may have null for one; the function
// of the same name in cty's standard library may not.
var lookupFunc = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "inputMap", Type: cty.DynamicPseudoType},
		{Name: "key", Type: cty.String},
	},
	VarParam: &function.Parameter{
		Name: "default", Type: cty.DynamicPseudoType,
		AllowUnknown: true, AllowDynamicType: true, AllowNull: true,
	},
	Type: lookupType,
	Impl: func(args []cty.Value, result cty.Type) (cty.Value, error) {
		from, key := args[0], args[1]
		if from.Type().IsObjectType() {
			if name := key.AsString(); from.Type().HasAttribute(name) {
				return from.GetAttr(name), nil
			}
		} else {
			switch has := from.HasIndex(key); {
			case !has.IsKnown():
				return cty.UnknownVal(result), nil
			case has.True():
				return from.Index(key), nil
			}
		}
		if len(args) == 3 {
			return convert.Convert(args[2], result)
		}
		return cty.NilVal, function.NewArgErrorf(1, "there is no element %q, and no default", key.AsString())
	},
})

func lookupType(args []cty.Value) (cty.Type, error) {
	if len(args) > 3 {
		return cty.NilType, function.NewArgErrorf(3, "lookup takes a map, a key and at most one default")
	}
	ty, key := args[0].Type(), args[1]
	switch {
	case ty.IsMapType():
		if len(args) == 3 {
			if _, err := convert.Convert(args[2], ty.ElementType()); err != nil {
				return cty.NilType, function.NewArgErrorf(2, "the default must have the type of the map's elements: %w", err)
			}
		}
		return ty.ElementType(), nil
	case !ty.IsObjectType():
		return cty.NilType, function.NewArgErrorf(0, "a map is required, not %s", ty.FriendlyName())
	case !key.IsKnown():
		return cty.DynamicPseudoType, nil
	case ty.HasAttribute(key.AsString()):
		return ty.AttributeType(key.AsString()), nil
	case len(args) == 3:
		return args[2].Type(), nil
	default:
		return cty.NilType, function.NewArgErrorf(1, "there is no attribute %q, and no default", key.AsString())
	}
}

var matchKeysFunc = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "values", Type: cty.List(cty.DynamicPseudoType)},
		{Name: "keys", Type: cty.List(cty.DynamicPseudoType)},
		{Name: "searchset", Type: cty.List(cty.DynamicPseudoType)},
	},
	Type: func(args []cty.Value) (cty.Type, error) {
		if ty, _ := convert.UnifyUnsafe([]cty.Type{args[1].Type(), args[2].Type()}); ty == cty.NilType {
			return cty.NilType, function.NewArgErrorf(2, "keys and searchset must have the same type")
		}
		return args[0].Type(), nil
	},
	Impl: func(args []cty.Value, result cty.Type) (cty.Value, error) {
		if !args[0].IsWhollyKnown() || !args[1].IsWhollyKnown() || !args[2].IsWhollyKnown() {
			return cty.UnknownVal(result), nil
		}
		lists, _ := convert.UnifyUnsafe([]cty.Type{args[1].Type(), args[2].Type()})
		keys, err := convert.Convert(args[1], lists)
		if err != nil {
			return cty.NilVal, function.NewArgError(1, err)
		}
		search, err := convert.Convert(args[2], lists)
		if err != nil {
			return cty.NilVal, function.NewArgError(2, err)
		}
		values := args[0].AsValueSlice()
		if len(values) != keys.LengthInt() {
			return cty.NilVal, function.NewArgErrorf(1, "values and keys must have the same length")
		}
		var found []cty.Value
		for i, key := range keys.AsValueSlice() {
			if slices.ContainsFunc(search.AsValueSlice(), key.RawEquals) {
				found = append(found, values[i])
			}
		}
		if len(found) == 0 {
			return cty.ListValEmpty(result.ElementType()), nil
		}
		return cty.ListVal(found), nil
	},
})

var oneFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}},
	Type: func(args []cty.Value) (cty.Type, error) {
		switch ty := args[0].Type(); {
		case ty.IsListType() || ty.IsSetType():
			return ty.ElementType(), nil
		case ty.IsTupleType() && ty.Length() == 0:
			return cty.DynamicPseudoType, nil
		case ty.IsTupleType() && ty.Length() == 1:
			return ty.TupleElementType(0), nil
		default:
			return cty.NilType, errNotOne
		}
	},
	Impl: func(args []cty.Value, result cty.Type) (cty.Value, error) {
		length := args[0].Length()
		if !length.IsKnown() { // a set of unknown values
			return cty.UnknownVal(result), nil
		}
		switch elements := args[0].AsValueSlice(); len(elements) {
		case 0:
			return cty.NullVal(result), nil
		case 1:
			return elements[0], nil
		default:
			return cty.NilVal, errNotOne
		}
	},
})

var errNotOne = function.NewArgErrorf(0, "a list, set or tuple with one element or none is required")

// sumFunc takes numbers alone. Terraform turns strings into numbers first, but
// Terragrunt does not.
var sumFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}},
	Type: func(args []cty.Value) (cty.Type, error) {
		ty := args[0].Type()
		if !isSequence(ty) || slices.ContainsFunc(elementTypes(ty), isNoNumber) {
			return cty.NilType, errNoNumbers
		}
		return cty.Number, nil
	},
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if !args[0].IsWhollyKnown() {
			return cty.UnknownVal(cty.Number), nil
		}
		if args[0].LengthInt() == 0 {
			return cty.NilVal, errNoNumbers
		}
		total := cty.Zero
		for _, v := range args[0].Elements() {
			if v.IsNull() {
				return cty.NilVal, errNoNumbers
			}
			total = total.Add(v)
		}
		return total, nil
	},
})

var errNoNumbers = function.NewArgErrorf(0, "a list or set of one number or more is required")

var transposeFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "values", Type: cty.Map(cty.List(cty.String))}},
	Type:   function.StaticReturnType(cty.Map(cty.List(cty.String))),
	Impl: func(args []cty.Value, result cty.Type) (cty.Value, error) {
		if !args[0].IsWhollyKnown() {
			return cty.UnknownVal(result), nil
		}
		keysOf := map[string][]cty.Value{}
		for key, list := range args[0].Elements() { // by key, so that the new lists are sorted
			if list.IsNull() {
				return cty.NilVal, function.NewArgErrorf(0, "the list %q is null", key.AsString())
			}
			for _, v := range list.Elements() {
				if v.IsNull() {
					return cty.NilVal, function.NewArgErrorf(0, "the list %q holds null", key.AsString())
				}
				keysOf[v.AsString()] = append(keysOf[v.AsString()], key)
			}
		}
		if len(keysOf) == 0 {
			return cty.MapValEmpty(cty.List(cty.String)), nil
		}
		lists := make(map[string]cty.Value, len(keysOf))
		for v, keys := range keysOf {
			lists[v] = cty.ListVal(keys)
		}
		return cty.MapVal(lists), nil
	},
})

// isSequence reports whether values of the type have elements without names.
func isSequence(ty cty.Type) bool {
	return ty.IsListType() || ty.IsSetType() || ty.IsTupleType()
}

// isNoNumber passes a type that is not known yet.
func isNoNumber(ty cty.Type) bool {
	return ty != cty.Number && ty != cty.DynamicPseudoType
}

func elementTypes(ty cty.Type) []cty.Type {
	if ty.IsTupleType() {
		return ty.TupleElementTypes()
	}
	return []cty.Type{ty.ElementType()}
}
