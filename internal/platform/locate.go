package platform

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Locate finds the lines that a part of an input comes from: first where the
// input is written, last where the value itself stands, which may be an
// attribute of a site that the input refers to.
func (u *Unit) Locate(input string, path cty.Path) []hcl.Range {
	for _, o := range slices.Backward(u.Overrides) {
		if expr := o.Inputs.Get(input); expr != nil {
			places, rest := u.trace(expr, path)
			if len(rest) == 0 || u.Component.Inputs.Get(input) == nil {
				return places
			}
		}
	}
	expr := u.Component.Inputs.Get(input)
	if expr == nil {
		return []hcl.Range{u.Component.Range}
	}
	places, _ := u.trace(expr, path)
	return places
}

// trace follows a path through literals and references for as long as it can,
// and returns what remains of the path.
func (u *Unit) trace(expr hclsyntax.Expression, path cty.Path) ([]hcl.Range, cty.Path) {
	places := []hcl.Range{expr.Range()}
	for range 64 { // references cannot go in circles, but this need not rely on it
		next, rest := u.step(expr, path)
		if next == nil {
			return places, path
		}
		expr, path = next, rest
		places = append(places, expr.Range())
	}
	return places, path
}

// step follows one reference, or one step of the path into a literal.
func (u *Unit) step(expr hclsyntax.Expression, path cty.Path) (hclsyntax.Expression, cty.Path) {
	switch e := expr.(type) {
	case *hclsyntax.ParenthesesExpr:
		return e.Expression, path
	case *hclsyntax.TemplateWrapExpr:
		return e.Wrapped, path
	case *hclsyntax.ScopeTraversalExpr:
		if attr := u.attribute(e.Traversal); attr != nil {
			var steps cty.Path
			for _, t := range e.Traversal[2:] {
				name := StepName(t)
				if name == "" {
					return nil, path
				}
				steps = steps.GetAttr(name)
			}
			return attr.Expr, append(steps, path...)
		}
	case *hclsyntax.ObjectConsExpr:
		if len(path) == 0 {
			return nil, path
		}
		for _, item := range e.Items {
			if key, ok := LiteralKey(item); ok && key == pathKey(path[0]) {
				return item.ValueExpr, path[1:]
			}
		}
	case *hclsyntax.TupleConsExpr:
		if len(path) == 0 {
			return nil, path
		}
		if i, ok := pathIndex(path[0]); ok && i < len(e.Exprs) {
			return e.Exprs[i], path[1:]
		}
	}
	return nil, path
}

// attribute is what site.X, env.X or local.X means for the unit, if that is an
// attribute somebody wrote.
func (u *Unit) attribute(t hcl.Traversal) *hclsyntax.Attribute {
	if len(t) < 2 {
		return nil
	}
	name := StepName(t[1])
	switch {
	case t.RootName() == "site" && u.Site != nil:
		return u.Site.Attributes.Get(name)
	case t.RootName() == "env" && u.Env != nil:
		return u.Env.Attributes.Get(name)
	case t.RootName() == "local":
		return u.Component.locals.Get(name)
	}
	return nil
}

func pathKey(step cty.PathStep) string {
	switch step := step.(type) {
	case cty.GetAttrStep:
		return step.Name
	case cty.IndexStep:
		if step.Key.IsKnown() && !step.Key.IsNull() && step.Key.Type() == cty.String {
			return step.Key.AsString()
		}
	}
	return ""
}

func pathIndex(step cty.PathStep) (int, bool) {
	index, ok := step.(cty.IndexStep)
	if !ok || !index.Key.IsKnown() || index.Key.IsNull() || index.Key.Type() != cty.Number {
		return 0, false
	}
	i, _ := index.Key.AsBigFloat().Int64()
	return int(i), i >= 0
}
