package module

import (
	"maps"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform/functions"
)

// scope evaluates expressions of a module without running it. What only a run
// can tell is unknown.
type scope struct {
	inputs    cty.Value
	locals    map[string]hcl.Expression
	known     map[string]cty.Value // locals evaluated so far, or being so
	functions map[string]function.Function
	depth     int  // of locals that refer to locals
	typesOnly bool // nothing is computed
}

// What goes beyond these is taken for unknown, so that no module, however
// strange, takes more than a moment.
const (
	maxLoops = 3    // for expressions inside each other
	maxDepth = 1000 // locals in a row
	maxType  = 10_000
)

// newScope evaluates with the values of the variables.
func newScope(m *Module, inputs map[string]cty.Value) *scope {
	for name, v := range m.Variables {
		if v.Sensitive {
			inputs[name] = inputs[name].Mark(secret{})
		}
	}
	return &scope{
		inputs:    cty.ObjectVal(inputs),
		locals:    m.locals,
		known:     map[string]cty.Value{},
		functions: moduleFunctions,
	}
}

// secret marks values that no message may show.
type secret struct{}

// moduleFunctions are not held to what Terragrunt has: a module is run by
// Terraform or OpenTofu alone.
var moduleFunctions = func() map[string]function.Function {
	table := functions.Table()
	maps.Copy(table, map[string]function.Function{
		"format":       stdlib.FormatFunc,
		"formatlist":   stdlib.FormatListFunc,
		"nonsensitive": passing(func(v cty.Value) cty.Value { return v }),
		"sensitive":    passing(func(v cty.Value) cty.Value { return v.Mark(secret{}) }),
		"tobool":       stdlib.MakeToFunc(cty.Bool),
		"tolist":       stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)),
		"tomap":        stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
		"tonumber":     stdlib.MakeToFunc(cty.Number),
		"toset":        stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)),
		"tostring":     stdlib.MakeToFunc(cty.String),
	})
	return table
}()

// typeFunctions give their type and no value.
var typeFunctions = func() map[string]function.Function {
	table := maps.Clone(moduleFunctions)
	for name, f := range table {
		if name != "try" && name != "can" { // they look into the expression, and compute nothing
			table[name] = function.Unpredictable(f)
		}
	}
	return table
}()

// passing makes a function that gives its argument, with another mark at most.
func passing(mark func(cty.Value) cty.Value) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowNull: true, AllowUnknown: true}},
		Type:   func(args []cty.Value) (cty.Type, error) { return args[0].Type(), nil },
		Impl:   func(args []cty.Value, _ cty.Type) (cty.Value, error) { return mark(args[0]), nil },
	})
}

// value evaluates an expression; unknown when that is not possible.
func (s *scope) value(expr hcl.Expression) cty.Value {
	if s.depth > maxDepth || s.typesOnly && loops(expr) > maxLoops {
		return cty.DynamicVal
	}
	value, diags := expr.Value(s.context(expr))
	if diags.HasErrors() {
		return cty.DynamicVal
	}
	return value
}

// context holds the variables an expression refers to, and nothing else.
func (s *scope) context(expr hcl.Expression) *hcl.EvalContext {
	variables := map[string]cty.Value{}
	locals := map[string]cty.Value{}
	for _, reference := range expr.Variables() {
		switch root := reference.RootName(); root {
		case "var":
			variables[root] = s.inputs
		case "local":
			if len(reference) < 2 {
				continue
			}
			if step, ok := reference[1].(hcl.TraverseAttr); ok {
				locals[step.Name] = s.local(step.Name)
			}
		case "path":
			variables[root] = unknownStrings("module", "root", "cwd")
		case "terraform", "tofu":
			variables[root] = unknownStrings("workspace", "env")
		default: // a resource, a data source, a module, each or count
			variables[root] = cty.DynamicVal
		}
	}
	if len(locals) > 0 {
		variables["local"] = cty.ObjectVal(locals)
	}
	return &hcl.EvalContext{Variables: variables, Functions: s.functions}
}

func (s *scope) local(name string) cty.Value {
	if value, ok := s.known[name]; ok {
		return value
	}
	s.known[name] = cty.DynamicVal // while it is evaluated: locals may refer to each other in a circle
	if expr, ok := s.locals[name]; ok {
		s.depth++
		value := s.value(expr)
		s.depth--
		if s.typesOnly {
			value = unknown(bounded(value.Type()), false)
		}
		s.known[name] = value
	}
	return s.known[name]
}

func unknownStrings(names ...string) cty.Value {
	attributes := map[string]cty.Value{}
	for _, name := range names {
		attributes[name] = cty.UnknownVal(cty.String)
	}
	return cty.ObjectVal(attributes)
}

// types infers the types of outputs: it evaluates their expressions with
// unknown values of the types of the variables.
type types struct{ *scope }

// newTypes has functions give their type and no value, and keeps of a local its
// type alone. An expression is then never more work than it is long, whatever
// it would compute.
func newTypes(m *Module) *types {
	inputs := map[string]cty.Value{}
	for name, v := range m.Variables {
		inputs[name] = unknown(v.Type.WithoutOptionalAttributesDeep(), !v.Nullable)
	}
	s := newScope(m, inputs)
	s.typesOnly = true
	s.functions = typeFunctions
	return &types{s}
}

func unknown(ty cty.Type, notNull bool) cty.Value {
	v := cty.UnknownVal(ty)
	if notNull && ty != cty.DynamicPseudoType {
		v = v.RefineNotNull()
	}
	return v
}

// of infers the type of an expression.
func (t *types) of(expr hcl.Expression) cty.Type {
	if expr == nil {
		return cty.DynamicPseudoType
	}
	if each, ok := unwrap(expr).(*hclsyntax.ForExpr); ok && !each.Group && loops(each) <= maxLoops {
		return t.ofLoop(each)
	}
	return bounded(t.value(expr).Type().WithoutOptionalAttributesDeep())
}

// ofLoop gives a for expression the type of a list or a map. Strictly it makes
// a tuple or an object, but of how many elements, or of which names, is known
// only when it runs.
func (t *types) ofLoop(each *hclsyntax.ForExpr) cty.Type {
	key, element := elementValues(t.value(each.CollExpr).Type())
	ctx := t.context(each).NewChild()
	ctx.Variables = map[string]cty.Value{each.ValVar: element}
	if each.KeyVar != "" {
		ctx.Variables[each.KeyVar] = key
	}
	ty := cty.DynamicPseudoType
	if value, diags := each.ValExpr.Value(ctx); !diags.HasErrors() {
		ty = bounded(value.Type())
	}
	if each.KeyExpr != nil {
		return cty.Map(ty)
	}
	return cty.List(ty)
}

// elementValues are unknown values of the types that a for expression gives its
// variables.
func elementValues(collection cty.Type) (key, element cty.Value) {
	switch {
	case collection.IsListType():
		return cty.UnknownVal(cty.Number), cty.UnknownVal(collection.ElementType())
	case collection.IsSetType():
		return cty.UnknownVal(collection.ElementType()), cty.UnknownVal(collection.ElementType())
	case collection.IsMapType():
		return cty.UnknownVal(cty.String), cty.UnknownVal(collection.ElementType())
	default:
		return cty.DynamicVal, cty.DynamicVal
	}
}

func unwrap(expr hcl.Expression) hcl.Expression {
	for {
		inner, ok := expr.(*hclsyntax.ParenthesesExpr)
		if !ok {
			return expr
		}
		expr = inner.Expression
	}
}

// loops counts how deep for expressions are nested.
func loops(expr hcl.Expression) int {
	node, ok := expr.(hclsyntax.Node)
	if !ok {
		return 0 // JSON, whose expressions are templates
	}
	var w loopWalker
	_ = hclsyntax.Walk(node, &w)
	return w.deepest
}

type loopWalker struct{ depth, deepest int }

// Enter is called before the parts of a node are walked.
func (w *loopWalker) Enter(node hclsyntax.Node) hcl.Diagnostics {
	if _, ok := node.(*hclsyntax.ForExpr); ok {
		w.depth++
		w.deepest = max(w.deepest, w.depth)
	}
	return nil
}

// Exit is called after the parts of a node have been walked.
func (w *loopWalker) Exit(node hclsyntax.Node) hcl.Diagnostics {
	if _, ok := node.(*hclsyntax.ForExpr); ok {
		w.depth--
	}
	return nil
}

// bounded refuses types of absurd size: locals that hold each other twice make
// one that doubles with every line.
func bounded(ty cty.Type) cty.Type {
	left := maxType
	if !fits(ty, &left) {
		return cty.DynamicPseudoType
	}
	return ty
}

func fits(ty cty.Type, left *int) bool {
	if *left--; *left < 0 {
		return false
	}
	switch {
	case ty.IsCollectionType():
		return fits(ty.ElementType(), left)
	case ty.IsTupleType():
		for _, element := range ty.TupleElementTypes() {
			if !fits(element, left) {
				return false
			}
		}
	case ty.IsObjectType():
		for _, attribute := range ty.AttributeTypes() {
			if !fits(attribute, left) {
				return false
			}
		}
	}
	return true
}
