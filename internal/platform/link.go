package platform

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// link checks every reference of every component without evaluating anything,
// and finds out which components need which.
func (l *loader) link() {
	for _, c := range l.Components {
		own := map[string]bool{}
		for _, in := range c.Inputs {
			l.linkExpr(c, in.Expr, own)
		}
		for _, on := range l.dependsOn(c) {
			c.DependsOn = append(c.DependsOn, on)
			own[on.Name] = true
		}
		for _, p := range c.Providers {
			l.linkProvider(p, c.scope("env", "site"))
		}
		l.linkPlace(c, c.Enabled)
		for _, name := range keys(own) {
			c.refs = append(c.refs, l.component(name))
		}
		for _, o := range c.Overrides {
			for _, in := range o.Inputs {
				l.linkExpr(c, in.Expr, map[string]bool{})
			}
			l.linkPlace(c, o.Enabled)
		}
	}
	for _, p := range l.Providers {
		l.linkProvider(p, l.sample("env", "site"))
	}
	l.linkState()
	l.checkFolders()
	if !l.diags.HasErrors() {
		l.checkCycles()
	}
}

func (l *loader) component(name string) *Component {
	for _, c := range l.Components {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// sample is a context that knows the given roots, to check names against.
func (l *loader) sample(names ...string) *hcl.EvalContext {
	variables := map[string]cty.Value{"local": l.LocalValue}
	for _, name := range names {
		variables[name] = cty.DynamicVal
	}
	return &hcl.EvalContext{Functions: l.context.Functions, Variables: variables}
}

// scope picks from the roots those that a component of this scope has.
func (c *Component) scope(names ...string) *hcl.EvalContext {
	variables := map[string]cty.Value{"local": cty.DynamicVal}
	for _, name := range names {
		if (name == "site" && c.Per != PerSite) || (name == "env" && c.Per == PerPlatform) {
			continue
		}
		variables[name] = cty.DynamicVal
	}
	return &hcl.EvalContext{Variables: variables}
}

// checkRoots is onlyRoots for an expression of a component, with a better word
// for what its scope does not have.
func (l *loader) checkRoots(c *Component, expr hclsyntax.Expression, names ...string) bool {
	ctx := c.scope(names...)
	ctx.Functions = l.context.Functions
	ok := true
	for _, t := range expr.Variables() {
		root := t.RootName()
		if _, has := ctx.Variables[root]; has || (root != "site" && root != "env") {
			continue
		}
		ok = false
		l.add(failure(t.SourceRange(), "Not known here", fmt.Sprintf("Component %q exists once per %s, so there is no single %s it could refer to. "+
			"Take the value from a wider place, or write per = %q.", c.Name, c.Per, map[string]string{"site": "site", "env": "environment"}[root],
			map[string]string{"site": "site", "env": "environment"}[root])))
	}
	if !ok {
		return false
	}
	diags := onlyRoots(expr, ctx)
	l.add(diags...)
	l.noteSecrets(expr)
	return !diags.HasErrors()
}

// linkExpr checks an input and adds the components it refers to.
func (l *loader) linkExpr(c *Component, expr hclsyntax.Expression, refs map[string]bool) {
	if !l.checkRoots(c, expr, "env", "site", "component") {
		return
	}
	for _, t := range expr.Variables() {
		if t.RootName() != "component" {
			continue
		}
		if on := l.target(c, t); on != nil {
			refs[on.Name] = true
			l.linkOutput(on, t)
		}
	}
}

// linkPlace checks an expression that decides where a component exists.
func (l *loader) linkPlace(c *Component, expr hclsyntax.Expression) {
	if expr != nil {
		l.checkRoots(c, expr, "env", "site")
	}
}

// target finds the component that component.NAME… means.
func (l *loader) target(c *Component, t hcl.Traversal) *Component {
	if len(t) < 2 || StepName(t[1]) == "" {
		l.add(failure(t.SourceRange(), "Incomplete reference", "Write component.NAME.outputs.OUTPUT."))
		return nil
	}
	name := StepName(t[1])
	on := l.component(name)
	var names []string
	for _, other := range l.Components {
		names = append(names, other.Name)
	}
	switch {
	case on == nil:
		l.add(ruleUnknownComponent.finding("Unknown component", fmt.Sprintf("There is no component %q.%s", name, near(name, names)), t.SourceRange()))
		return nil
	case on == c:
		l.add(ruleCycle.finding("Component needs itself", fmt.Sprintf("Component %q refers to its own outputs.", name), t.SourceRange()))
		return nil
	case !c.Per.sees(on.Per):
		l.add(ruleScope.finding("Reference to one of many", fmt.Sprintf("Component %q exists once per %s, but %q once per %s: there is no single one to refer to. "+
			"Make %q exist once per %s too, or take the value from an attribute.", c.Name, c.Per, on.Name, on.Per, c.Name, on.Per), t.SourceRange()))
		return nil
	}
	return on
}

// linkOutput checks the .outputs.NAME of a reference.
func (l *loader) linkOutput(on *Component, t hcl.Traversal) {
	if len(t) < 3 || StepName(t[2]) != "outputs" {
		l.add(failure(t.SourceRange(), "Incomplete reference", fmt.Sprintf("Only the outputs of a component can be used: write component.%s.outputs.OUTPUT.", on.Name)))
		return
	}
	types := on.Outputs()
	if types == nil || len(t) < 4 {
		return
	}
	if name := StepName(t[3]); name != "" {
		if _, ok := types[name]; !ok {
			l.add(ruleUnknownOutput.finding("Unknown output", fmt.Sprintf("The module of component %q has no output %q.%s", on.Name, name, near(name, keys(types))), t.SourceRange()))
		}
	}
}

// dependsOn reads depends_on = [component.network].
func (l *loader) dependsOn(c *Component) []*Component {
	if c.dependsOn == nil {
		return nil
	}
	items, diags := hcl.ExprList(c.dependsOn)
	l.add(diags...)
	var list []*Component
	for _, item := range items {
		t, diags := hcl.AbsTraversalForExpr(item)
		if diags.HasErrors() || t.RootName() != "component" || len(t) != 2 {
			l.add(failure(item.Range(), "Unusable dependency", "Write depends_on = [component.NAME]."))
			continue
		}
		if on := l.target(c, t); on != nil && !slices.Contains(list, on) {
			list = append(list, on)
		}
	}
	slices.SortFunc(list, func(a, b *Component) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// linkProvider checks the expressions of a provider block, nested ones too.
func (l *loader) linkProvider(p *Provider, ctx *hcl.EvalContext) {
	ctx.Functions = l.context.Functions
	var walk func(*hclsyntax.Body)
	walk = func(body *hclsyntax.Body) {
		for _, attr := range AttributesOf(body) {
			l.add(onlyRoots(attr.Expr, ctx)...)
			l.noteSecrets(attr.Expr)
			for _, name := range SecretsIn(attr.Expr) {
				l.add(ruleProviderSecret.finding("Secret in a provider block", fmt.Sprintf("The value of %s would be written into provider_%s.tf in the folder "+
					"where Terragrunt works, in clear. Leave %s out, and let the provider read it from its own environment variable.", name, p.Name, attr.Name), attr.Expr.Range()))
			}
		}
		for _, block := range body.Blocks {
			walk(block.Body)
		}
	}
	walk(p.Body)
}

// linkState checks what a backend's configuration refers to.
func (l *loader) linkState() {
	ctx := l.sample("unit")
	names := []string{"unit"}
	if !slices.ContainsFunc(l.Components, func(c *Component) bool { return c.Per == PerPlatform }) {
		ctx = l.sample("unit", "env")
		names = append(names, "env")
	}
	for _, attr := range l.State.Attributes {
		for _, t := range attr.Expr.Variables() {
			switch root := t.RootName(); {
			case root == "env" && !slices.Contains(names, "env"):
				l.add(failure(t.SourceRange(), "Not known here", "A component exists once per platform: its state belongs to no environment. Leave env out of the state block."))
			case root == "unit" && (len(t) != 2 || StepName(t[1]) != "path"):
				l.add(failure(t.SourceRange(), "Unknown attribute", "Of a unit, the state block knows unit.path only."))
			default:
				continue
			}
			return
		}
		l.add(onlyRoots(attr.Expr, ctx)...)
		if secrets := SecretsIn(attr.Expr); len(secrets) > 0 {
			l.add(failure(attr.Expr.Range(), "Secret in the state's configuration", fmt.Sprintf("Terragrunt would write the value of %s into backend.tf. "+
				"Leave %s out: backends read their credentials from the environment.", secrets[0], attr.Name)))
		}
	}
}

// checkFolders finds units that want the folder of a site.
func (l *loader) checkFolders() {
	for _, c := range l.Components {
		if c.Per != PerEnvironment {
			continue
		}
		for _, env := range l.Environments {
			for _, site := range env.Sites {
				if site.Name == c.Name {
					l.add(ruleFolder.finding("Folder wanted twice", fmt.Sprintf("Component %q exists once per environment, in the folder %s. "+
						"The site %q wants the same. Rename one of them.", c.Name, site.Path(), site.Name), site.Range, c.Range))
				}
			}
		}
	}
}

// checkCycles finds components that need each other in a circle, overrides
// included, and names the circle.
func (l *loader) checkCycles() {
	done := map[*Component]bool{}
	var path []*Component
	var visit func(*Component) bool
	visit = func(c *Component) bool {
		if i := slices.Index(path, c); i >= 0 {
			var names []string
			for _, step := range append(slices.Clone(path[i:]), c) {
				names = append(names, step.Name)
			}
			l.add(ruleCycle.finding("Components need each other", fmt.Sprintf("%s: none of them can be applied first. Take one of the references out.",
				strings.Join(names, " → ")), c.Range))
			return false
		}
		if done[c] {
			return true
		}
		path = append(path, c)
		for _, on := range l.allNeeds(c) {
			if !visit(on) {
				return false
			}
		}
		path = path[:len(path)-1]
		done[c] = true
		return true
	}
	for _, c := range l.Components {
		if !visit(c) {
			return
		}
	}
}

// allNeeds are all components that some unit of c may depend on, in order.
func (l *loader) allNeeds(c *Component) []*Component {
	list := slices.Clone(c.refs)
	for _, o := range c.Overrides {
		list = append(list, o.Needs(l.Platform)...)
	}
	slices.SortFunc(list, func(a, b *Component) int { return cmp.Compare(a.Name, b.Name) })
	return slices.Compact(list)
}

// Needs are the components that an override refers to.
func (o *Override) Needs(p *Platform) []*Component {
	var list []*Component
	for _, in := range o.Inputs {
		for _, t := range in.Expr.Variables() {
			if t.RootName() != "component" || len(t) < 2 {
				continue
			}
			for _, c := range p.Components {
				if c.Name == StepName(t[1]) {
					list = append(list, c)
				}
			}
		}
	}
	return list
}
