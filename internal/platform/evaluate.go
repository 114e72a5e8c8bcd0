package platform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
	"github.com/onprem-tools/terraform-provider-onprem/internal/platform/functions"
)

// secretName is the name of an environment variable that holds a secret.
var secretName = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*$`)

// secretFunction is secret("NAME"). Its value is never known here: the tree
// reads it from the environment when it runs.
var secretFunction = function.New(&function.Spec{
	Description: "The value of an environment variable, read when Terragrunt runs.",
	Params:      []function.Parameter{{Name: "name", Type: cty.String}},
	Type:        function.StaticReturnType(cty.String),
	Impl: func([]cty.Value, cty.Type) (cty.Value, error) {
		return cty.UnknownVal(cty.String).RefineNotNull(), nil
	},
})

func (l *loader) evaluateLocals() {
	table := map[string]function.Function{"secret": secretFunction}
	for name, f := range functions.Table() {
		table[name] = f
	}
	l.functions = table
	l.context = &hcl.EvalContext{Functions: table, Variables: map[string]cty.Value{}}
	l.Locals = l.locals
	l.LocalValue = l.resolve("local", l.locals, nil, nil)
	l.context.Variables["local"] = l.LocalValue
}

func (l *loader) evaluateEnvironment(env *Environment) {
	before := len(l.diags)
	env.Value = l.resolve("env", env.Attributes, map[string]cty.Value{"name": cty.StringVal(env.Name)}, l.context.Variables)
	broken := len(l.diags) > before
	protected := cty.False
	if attr := env.Attributes.Get("protected"); attr != nil && !broken {
		var err error
		if protected, err = convert.Convert(env.Value.GetAttr("protected"), cty.Bool); err != nil || protected.IsNull() || !protected.IsKnown() {
			l.add(failure(attr.Expr.Range(), "Wrong type", "protected must be true or false."))
			protected = cty.False
		}
	}
	env.Protected = protected.True()
	if attr := env.Attributes.Get("owners"); attr != nil && !broken {
		scope := &hcl.EvalContext{Functions: l.context.Functions, Variables: map[string]cty.Value{"env": env.Value, "local": l.LocalValue}}
		l.add(constant(attr, scope, &env.Owners)...)
		l.checkWords(attr, env.Owners)
	}
	for _, site := range env.Sites {
		scope := map[string]cty.Value{"env": env.Value, "local": l.LocalValue}
		site.Value = l.resolve("site", site.Attributes, map[string]cty.Value{"name": cty.StringVal(site.Name)}, scope)
	}
}

// resolve evaluates attributes that may refer to each other as root.name, in
// the order that takes, and returns them as one object.
func (l *loader) resolve(root string, attrs Attributes, fixed, scope map[string]cty.Value) cty.Value {
	r := &resolver{loader: l, root: root, attrs: attrs, values: map[string]cty.Value{}, variables: map[string]cty.Value{}}
	for name, v := range fixed {
		r.values[name] = v
	}
	for name, v := range scope {
		r.variables[name] = v
	}
	for _, attr := range attrs {
		r.visit(attr, nil)
	}
	return cty.ObjectVal(r.values)
}

// resolver walks attributes by their references to each other.
type resolver struct {
	*loader
	root      string
	attrs     Attributes
	values    map[string]cty.Value // evaluated so far
	variables map[string]cty.Value // all roots but the own one
}

func (r *resolver) visit(attr *hclsyntax.Attribute, path []string) {
	if _, done := r.values[attr.Name]; done {
		return
	}
	if i := slices.Index(path, attr.Name); i >= 0 {
		circle := append(slices.Clone(path[i:]), attr.Name)
		for j := range circle {
			circle[j] = r.root + "." + circle[j]
		}
		r.add(failure(attr.NameRange, "Values that need each other", fmt.Sprintf("%s: no order of evaluation exists. Write one of them without the other.", strings.Join(circle, " → "))))
		r.values[attr.Name] = cty.DynamicVal
		return
	}
	path = append(slices.Clone(path), attr.Name)
	for _, t := range attr.Expr.Variables() {
		if t.RootName() != r.root || len(t) < 2 {
			continue
		}
		if next := r.attrs.Get(StepName(t[1])); next != nil {
			r.visit(next, path)
		}
	}
	if _, done := r.values[attr.Name]; done {
		return // part of a circle
	}
	r.values[attr.Name] = cty.DynamicVal // whatever goes wrong is said once
	scope := map[string]cty.Value{}
	for name, v := range r.variables {
		scope[name] = v
	}
	delete(r.values, attr.Name)
	scope[r.root] = cty.ObjectVal(r.values)
	ctx := &hcl.EvalContext{Functions: r.context.Functions, Variables: scope}
	value := cty.DynamicVal
	diags := onlyRoots(attr.Expr, ctx)
	if !diags.HasErrors() {
		r.noteSecrets(attr.Expr)
		value, diags = attr.Expr.Value(ctx)
	}
	r.add(diags...)
	if diags.HasErrors() {
		value = cty.DynamicVal
	}
	r.values[attr.Name] = value
}

// StepName is the name in a step of a traversal, or "".
func StepName(step hcl.Traverser) string {
	switch step := step.(type) {
	case hcl.TraverseAttr:
		return step.Name
	case hcl.TraverseIndex:
		if step.Key.Type() == cty.String && step.Key.IsKnown() && !step.Key.IsNull() {
			return step.Key.AsString()
		}
	}
	return ""
}

// LiteralKey is the key of an item of a literal object, unless it is an
// expression of which more would have to be known.
func LiteralKey(item hclsyntax.ObjectConsItem) (string, bool) { return constantText(item.KeyExpr) }

// constantText is the text that an expression gives by itself, if it does.
func constantText(expr hclsyntax.Expression) (string, bool) {
	value, diags := expr.Value(nil)
	if diags.HasErrors() || value.Type() != cty.String || !value.IsKnown() || value.IsNull() {
		return "", false
	}
	return value.AsString(), true
}

// roots are all names that expressions may begin with, and where.
var roots = map[string]string{
	"env":       "known in environments, sites, providers, and components per environment or site",
	"site":      "known in sites, providers, and components per site",
	"local":     "the values of the locals blocks",
	"component": "known in the inputs and overrides of components",
}

// onlyRoots checks that an expression uses nothing but what its place knows,
// and functions that mean the same to every tool.
func onlyRoots(expr hclsyntax.Expression, ctx *hcl.EvalContext) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, t := range expr.Variables() {
		name := t.RootName()
		if _, ok := ctx.Variables[name]; ok {
			continue
		}
		at := t[0].SourceRange()
		if where, ok := roots[name]; ok {
			diags = append(diags, failure(at, "Not known here", fmt.Sprintf("%q has no meaning here: it is %s.", name, where)))
			continue
		}
		diags = append(diags, failure(at, "Unknown name", fmt.Sprintf("There is nothing called %q here.%s Text needs quotes.", name, near(name, keys(ctx.Variables)))))
	}
	_ = hclsyntax.VisitAll(expr, func(node hclsyntax.Node) hcl.Diagnostics {
		switch node := node.(type) {
		case *hclsyntax.FunctionCallExpr:
			diags = append(diags, checkCall(node, ctx)...)
		case *hclsyntax.ForExpr:
			diags = append(diags, checkFor(node)...)
		}
		return nil
	})
	return diags
}

// writtenAs are the names that the roots of expressions have in the tree.
var writtenAs = map[string][]string{
	"env": {"local"}, "site": {"local"}, "local": {"local"}, "component": {"dependency", "data"},
}

// checkFor refuses variables that would hide what a reference becomes in the
// tree: local.site, where site stood.
func checkFor(expr *hclsyntax.ForExpr) hcl.Diagnostics {
	own := []string{expr.KeyVar, expr.ValVar}
	for _, part := range []hclsyntax.Expression{expr.KeyExpr, expr.ValExpr, expr.CondExpr} {
		if part == nil {
			continue
		}
		for _, t := range part.Variables() {
			if slices.Contains(own, t.RootName()) {
				continue
			}
			for _, name := range writtenAs[t.RootName()] {
				if slices.Contains(own, name) {
					return hcl.Diagnostics{failure(expr.Range(), "Name with another use", fmt.Sprintf("In the tree %q becomes a part of %q, which the variable of this \"for\" would hide. "+
						"Call the variable otherwise.", t.RootName(), name))}
				}
			}
		}
	}
	return nil
}

func checkCall(call *hclsyntax.FunctionCallExpr, ctx *hcl.EvalContext) hcl.Diagnostics {
	if call.Name == "secret" {
		return checkSecret(call)
	}
	if _, ok := ctx.Functions[call.Name]; ok {
		return nil
	}
	if reason, ok := functions.Excluded[call.Name]; ok {
		return hcl.Diagnostics{failure(call.NameRange, "Function not available", fmt.Sprintf("%s cannot be used in a platform file: %s.", call.Name, strings.TrimSuffix(reason, ".")))}
	}
	return hcl.Diagnostics{failure(call.NameRange, "Unknown function", fmt.Sprintf("There is no function %q that Terraform, OpenTofu and Terragrunt share.%s", call.Name, near(call.Name, keys(ctx.Functions))))}
}

// checkSecret wants the name of a secret to stand there: pipelines must know it
// before anything runs.
func checkSecret(call *hclsyntax.FunctionCallExpr) hcl.Diagnostics {
	if _, ok := nameOfSecret(call); ok {
		return nil
	}
	return hcl.Diagnostics{failure(call.Range(), "Unusable secret", "Write the name of an environment variable in quotes: secret(\"HARBOR_PASSWORD\").")}
}

// nameOfSecret is what stands in secret("NAME").
func nameOfSecret(call *hclsyntax.FunctionCallExpr) (string, bool) {
	if len(call.Args) != 1 {
		return "", false
	}
	name, ok := constantText(call.Args[0])
	return name, ok && secretName.MatchString(name)
}

// noteSecrets records which secrets an expression reads.
func (l *loader) noteSecrets(expr hclsyntax.Expression) {
	for _, name := range SecretsIn(expr) {
		if i, found := slices.BinarySearch(l.Secrets, name); !found {
			l.Secrets = slices.Insert(l.Secrets, i, name)
		}
	}
}

// SecretsIn returns the names of the secrets that an expression reads.
func SecretsIn(expr hclsyntax.Node) []string {
	var names []string
	_ = hclsyntax.VisitAll(expr, func(node hclsyntax.Node) hcl.Diagnostics {
		if call, ok := node.(*hclsyntax.FunctionCallExpr); ok && call.Name == "secret" {
			if name, ok := nameOfSecret(call); ok {
				names = append(names, name)
			}
		}
		return nil
	})
	return names
}
