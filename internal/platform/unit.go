package platform

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// evaluate makes all units: every component at every place where it is enabled.
func (l *loader) evaluate() {
	l.outputs = l.componentValues()
	e := &evaluator{loader: l, disabled: map[string]bool{}, byPath: map[string]*Unit{}}
	for _, c := range l.Components {
		switch c.Per {
		case PerPlatform:
			e.unit(&Unit{Component: c})
		case PerEnvironment:
			for _, env := range l.Environments {
				e.unit(&Unit{Component: c, Env: env})
			}
		case PerSite:
			for _, env := range l.Environments {
				for _, site := range env.Sites {
					e.unit(&Unit{Component: c, Env: env, Site: site})
				}
			}
		}
	}
	slices.SortFunc(l.Units, func(a, b *Unit) int { return cmp.Compare(a.Path(), b.Path()) })
	for _, u := range l.Units {
		e.needs(u)
	}
	l.add(e.found.diagnostics()...)
}

// evaluator makes units.
type evaluator struct {
	*loader
	byPath   map[string]*Unit
	disabled map[string]bool
	found    perUnit
}

// componentValues is the object of all components, with unknown outputs.
func (l *loader) componentValues() cty.Value {
	values := map[string]cty.Value{}
	for _, c := range l.Components {
		outputs := cty.DynamicVal
		if types := c.Outputs(); types != nil {
			list := map[string]cty.Value{}
			for name, t := range types {
				list[name] = cty.UnknownVal(t)
			}
			outputs = cty.ObjectVal(list)
		}
		values[c.Name] = cty.ObjectVal(map[string]cty.Value{"outputs": outputs})
	}
	return cty.ObjectVal(values)
}

// context is what the expressions of a unit know.
func (p *Platform) context(u *Unit) *hcl.EvalContext {
	variables := map[string]cty.Value{"local": p.LocalValue, "component": p.outputs}
	if u.Env != nil {
		variables["env"] = u.Env.Value
	}
	if u.Site != nil {
		variables["site"] = u.Site.Value
	}
	return &hcl.EvalContext{Functions: p.functions, Variables: variables}
}

// unit evaluates a unit and keeps it if it is enabled.
func (e *evaluator) unit(u *Unit) {
	c, ctx := u.Component, e.Platform.context(u)
	u.Source, u.Module = c.Source, c.Module
	for _, narrow := range []bool{false, true} {
		for _, o := range c.Overrides {
			if o.Env == u.Env && (o.Site != nil) == narrow && (o.Site == nil || o.Site == u.Site) {
				u.Overrides = append(u.Overrides, o)
			}
		}
	}
	enabled := c.Enabled
	for _, o := range u.Overrides {
		if o.Enabled != nil {
			enabled = o.Enabled
		}
		if o.Source != nil {
			u.Source, u.Module = *o.Source, o.module
		}
	}
	if enabled != nil && !e.truth(u, enabled, ctx) {
		e.disabled[u.Path()] = true
		return
	}
	u.Base = e.inputs(u, c.Inputs, ctx)
	u.Inputs = u.Base
	for _, o := range u.Overrides {
		u.Inputs = e.merge(u, u.Inputs, o, ctx)
	}
	e.Units = append(e.Units, u)
	e.byPath[u.Path()] = u
}

// truth evaluates what says whether a unit exists.
func (e *evaluator) truth(u *Unit, expr hclsyntax.Expression, ctx *hcl.EvalContext) bool {
	value, diags := expr.Value(ctx)
	if !diags.HasErrors() {
		var err error
		if value, err = convert.Convert(value, cty.Bool); err != nil || value.IsNull() || !value.IsKnown() {
			diags = append(diags, failure(expr.Range(), "Wrong type", "enabled must be true or false, and known when the tree is generated."))
		}
	}
	e.found.add(u, diags...)
	return !diags.HasErrors() && value.True()
}

func (e *evaluator) inputs(u *Unit, inputs Inputs, ctx *hcl.EvalContext) map[string]cty.Value {
	values := make(map[string]cty.Value, len(inputs))
	for _, in := range inputs {
		value, diags := in.Expr.Value(ctx)
		e.found.add(u, diags...)
		if diags.HasErrors() {
			value = cty.DynamicVal
		}
		values[in.Name] = value
	}
	return values
}

// merge lays an override over inputs.
func (e *evaluator) merge(u *Unit, base map[string]cty.Value, o *Override, ctx *hcl.EvalContext) map[string]cty.Value {
	merged := make(map[string]cty.Value, len(base)+len(o.Inputs))
	for name, v := range base {
		merged[name] = v
	}
	differences := e.inputs(u, o.Inputs, ctx)
	u.Differences = append(u.Differences, differences)
	for name, over := range differences {
		under, exists := base[name]
		if !exists {
			merged[name] = over
			continue
		}
		value, ok := Merge(under, over)
		if !ok {
			e.found.add(u, failure(o.Inputs.Get(name).Range(), "Nothing to merge into", fmt.Sprintf("%q is known only after an apply in the component: "+
				"an override can replace it as a whole with something that is no object, but not merge with it.", name)))
		}
		merged[name] = value
	}
	return merged
}

// Merge lays one value over another: objects and maps are merged key by key at
// any depth, everything else is replaced, lists included. It fails when the
// lower value is not known yet and the upper one would have to be merged.
func Merge(under, over cty.Value) (cty.Value, bool) {
	if !Mergeable(over) {
		return over, true
	}
	if !under.IsKnown() {
		return cty.DynamicVal, false
	}
	if !Mergeable(under) {
		return over, true
	}
	values := map[string]cty.Value{}
	for k, v := range under.AsValueMap() {
		values[k] = v
	}
	for k, v := range over.AsValueMap() {
		if below, exists := values[k]; exists {
			var ok bool
			if v, ok = Merge(below, v); !ok {
				return cty.DynamicVal, false
			}
		}
		values[k] = v
	}
	return cty.ObjectVal(values), true
}

// Mergeable reports whether a value has keys to merge by.
func Mergeable(v cty.Value) bool {
	t := v.Type()
	return v.IsKnown() && !v.IsNull() && (t.IsObjectType() || t.IsMapType())
}

// needs finds the units that a unit depends on.
func (e *evaluator) needs(u *Unit) {
	components := slices.Clone(u.Component.refs)
	for _, o := range u.Overrides {
		components = append(components, o.Needs(e.Platform)...)
	}
	for _, c := range components {
		path := u.place(c).Path()
		on, exists := e.byPath[path]
		switch {
		case exists && !slices.Contains(u.Needs, on):
			u.Needs = append(u.Needs, on)
		case !exists && e.disabled[path]:
			e.found.add(u, ruleDisabled.finding("Depends on what is disabled", fmt.Sprintf("Component %q needs %q, which is disabled for %s. "+
				"Disable both there, or take the value from an attribute of the environment or site, since an override leaves the dependency.", u.Component.Name, c.Name, path), c.Range, u.Component.Range))
		}
	}
	slices.SortFunc(u.Needs, func(a, b *Unit) int { return cmp.Compare(a.Path(), b.Path()) })
}

// place is where the unit of another component is that this one refers to.
func (u *Unit) place(c *Component) *Unit {
	switch c.Per {
	case PerSite:
		return &Unit{Component: c, Env: u.Env, Site: u.Site}
	case PerEnvironment:
		return &Unit{Component: c, Env: u.Env}
	default:
		return &Unit{Component: c}
	}
}

// Eval evaluates an expression of the platform file for a unit. Beside what all
// expressions know it has unit.path, for the state.
func (p *Platform) Eval(u *Unit, expr hclsyntax.Expression) (cty.Value, hcl.Diagnostics) {
	ctx := p.context(u)
	ctx.Variables["unit"] = cty.ObjectVal(map[string]cty.Value{"path": cty.StringVal(u.Path())})
	return expr.Value(ctx)
}

// EvalText is Eval for an expression that is no part of the platform file.
func (p *Platform) EvalText(u *Unit, text string) (cty.Value, error) {
	expr, diags := hclsyntax.ParseExpression([]byte(text), "", hcl.InitialPos)
	if diags.HasErrors() {
		return cty.NilVal, diags
	}
	value, diags := p.Eval(u, expr)
	if diags.HasErrors() {
		return cty.NilVal, diags
	}
	return value, nil
}

// explain rewords what HCL says of an attribute that a place does not have: it
// names the place, and the attribute that was probably meant.
func (u *Unit) explain(d *hcl.Diagnostic) *hcl.Diagnostic {
	reference, ok := d.Expression.(*hclsyntax.ScopeTraversalExpr)
	if d.Summary != "Unsupported attribute" || !ok || len(reference.Traversal) < 2 {
		return d
	}
	name := StepName(reference.Traversal[1])
	var what string
	var have cty.Value
	switch root := reference.Traversal.RootName(); {
	case root == "site" && u.Site != nil:
		what, have = "the site", u.Site.Value
	case root == "env" && u.Env != nil:
		what, have = "the environment", u.Env.Value
	default:
		return d
	}
	if have.Type().HasAttribute(name) {
		return d // something deeper is missing
	}
	clearer := *d
	clearer.Subject = reference.Range().Ptr()
	clearer.Detail = fmt.Sprintf("There is no %q in %s.%s", name, what, near(name, keys(have.Type().AttributeTypes())))
	return &clearer
}
