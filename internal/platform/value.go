package platform

import (
	"cmp"
	"iter"
	"math/big"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// value is a part of an input that remembers where it came from. Rules read
// inputs through it: what is absent, of another shape or not known yet reads as
// nothing, because saying so is the module's own business.
type value struct {
	cty.Value
	platform *Platform
	unit     *Unit
	input    string
	path     cty.Path
}

// input is an input of a unit as a whole.
func (p *Platform) input(u *Unit, name string) value {
	v, ok := u.Inputs[name]
	if !ok {
		v = cty.NullVal(cty.DynamicPseudoType)
	}
	return value{Value: v, platform: p, unit: u, input: name}
}

// get is an attribute of an object, or an element of a map.
func (v value) get(name string) value {
	for key, element := range v.each() {
		if key == name {
			return element
		}
	}
	v.Value, v.path = cty.NullVal(cty.DynamicPseudoType), append(slices.Clone(v.path), cty.GetAttrStep{Name: name})
	return v
}

// each gives the elements of anything that has some, in order, with their keys;
// those of lists have none.
func (v value) each() iter.Seq2[string, value] {
	return func(yield func(string, value) bool) {
		if v.Value == cty.NilVal || !v.CanIterateElements() {
			return
		}
		for it := v.ElementIterator(); it.Next(); {
			step, element := it.Element()
			next := v
			next.Value, next.path = element, append(slices.Clone(v.path), cty.IndexStep{Key: step})
			name := ""
			if step.Type() == cty.String && step.IsKnown() && !step.IsNull() {
				name = step.AsString()
			}
			if !yield(name, next) {
				return
			}
		}
	}
}

// as converts what is there and known; null stands for everything else.
func (v value) as(t cty.Type) cty.Value {
	if v.Value == cty.NilVal || !v.IsKnown() || v.IsNull() {
		return cty.NullVal(t)
	}
	converted, err := convert.Convert(v.Value, t)
	if err != nil || !converted.IsKnown() {
		return cty.NullVal(t)
	}
	return converted
}

// text is a string, or "".
func (v value) text() string {
	if s := v.as(cty.String); !s.IsNull() {
		return s.AsString()
	}
	return ""
}

// truth is a bool, or what the module takes without one.
func (v value) truth(otherwise bool) bool {
	if b := v.as(cty.Bool); !b.IsNull() {
		return b.True()
	}
	return otherwise
}

// integer is a whole number, if there is one.
func (v value) integer() (int64, bool) {
	n := v.as(cty.Number)
	if n.IsNull() {
		return 0, false
	}
	i, accuracy := n.AsBigFloat().Int64()
	return i, accuracy == big.Exact
}

// texts are the strings of a list.
func (v value) texts() []string {
	var list []string
	for _, element := range v.each() {
		if s := element.text(); s != "" {
			list = append(list, s)
		}
	}
	return list
}

// places are the lines the value comes from, the one to show last. Locate stops
// at a call or a for expression: what such an expression refers to is searched
// for the value then.
func (v value) places() []hcl.Range {
	places := v.unit.Locate(v.input, v.path)
	var used, origin []hcl.Range
	best, draw := 0, false
	for _, t := range v.unit.references(v.input, places[len(places)-1]) {
		used = append(used, v.unit.attribute(t).SrcRange)
		whole, diags := t.TraverseAbs(v.platform.context(v.unit))
		if diags.HasErrors() {
			continue
		}
		for _, path := range pathsTo(v.Value, whole) {
			switch likeness := commonSuffix(path, v.path) + 1; {
			case likeness > best:
				origin, _ = v.unit.trace(&hclsyntax.ScopeTraversalExpr{Traversal: t, SrcRange: t.SourceRange()}, path)
				best, draw = likeness, false
			case likeness == best:
				draw = true
			}
		}
	}
	if best > 0 && !draw {
		return append(places, origin...)
	}
	return append(used, places...)
}

// commonSuffix is the number of steps that two paths end with alike. Of several
// places with the same value, the one that is called the same is meant.
func commonSuffix(a, b cty.Path) int {
	n := 0
	for n < len(a) && n < len(b) {
		key := pathKey(a[len(a)-1-n])
		if key == "" || key != pathKey(b[len(b)-1-n]) {
			break
		}
		n++
	}
	return n
}

// shown is the place that messages name.
func (v value) shown() hcl.Range {
	places := v.places()
	return places[len(places)-1]
}

func (v value) position() string { return position(v.shown()) }

// references are the attributes that an input refers to within a range of lines.
func (u *Unit) references(input string, within hcl.Range) []hcl.Traversal {
	var list []hcl.Traversal
	for _, expr := range u.expressions(input) {
		for _, t := range expr.Variables() {
			if contains(within, t.SourceRange()) && u.attribute(t) != nil {
				list = append(list, t)
			}
		}
	}
	return list
}

// expressions are those that an input may come from: its own, and those of the
// attributes that the unit can refer to.
func (u *Unit) expressions(input string) []hclsyntax.Expression {
	list := u.written(input)
	attributes := slices.Clone(u.Component.locals)
	if u.Env != nil {
		attributes = append(attributes, u.Env.Attributes...)
	}
	if u.Site != nil {
		attributes = append(attributes, u.Site.Attributes...)
	}
	for _, attr := range attributes {
		list = append(list, attr.Expr)
	}
	return list
}

// written are the expressions of an input, in the component and its overrides.
func (u *Unit) written(input string) []hclsyntax.Expression {
	var list []hclsyntax.Expression
	if expr := u.Component.Inputs.Get(input); expr != nil {
		list = append(list, expr)
	}
	for _, o := range u.Overrides {
		if expr := o.Inputs.Get(input); expr != nil {
			list = append(list, expr)
		}
	}
	return list
}

func contains(outer, inner hcl.Range) bool {
	return outer.Filename == inner.Filename && outer.Start.Byte <= inner.Start.Byte && inner.End.Byte <= outer.End.Byte
}

// pathsTo finds a value within another one.
func pathsTo(part, whole cty.Value) []cty.Path {
	if part == cty.NilVal || part.IsNull() || !part.IsWhollyKnown() {
		return nil
	}
	var paths []cty.Path
	_ = cty.Walk(whole, func(path cty.Path, v cty.Value) (bool, error) {
		if v.RawEquals(part) {
			paths = append(paths, path.Copy())
		}
		return true, nil
	})
	return paths
}

// compareRanges orders by file and line.
func compareRanges(a, b hcl.Range) int {
	return cmp.Or(cmp.Compare(a.Filename, b.Filename), cmp.Compare(a.Start.Byte, b.Start.Byte))
}
