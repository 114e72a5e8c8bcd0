package tree

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
)

// differences are what the overrides of a unit change.
//
// Terragrunt merges the inputs of an include deeply when it is told to, but it
// appends lists, where an override replaces them. So a unit whose overrides
// would have a list appended exposes its component instead, and says with
// merge() what it changes of it.
type differences struct {
	inputs  []difference
	exprs   []hclsyntax.Expression // everything the inputs were made of
	exposed bool
}

// difference is one input.
type difference struct{ name, text string }

func (d differences) text() string {
	var o object
	for _, in := range d.inputs {
		o.add(in.name, in.text)
	}
	return o.String()
}

// differences merges the overrides of a unit into one.
func (t *tree) differences(u *platform.Unit) differences {
	d := differences{exprs: inputExprs(nil, u.Overrides)}
	order, merged := t.overlaid(u, inComponent)
	for _, name := range order {
		if base, exists := u.Base[name]; exists && (merged[name].replacing() || !deepMergeable(base, merged[name].value)) {
			d.exposed = true
		}
	}
	for _, name := range order {
		text := merged[name].text()
		if base, exists := u.Base[name]; exists && d.exposed {
			text = over(reference("include.component.inputs", name), base, merged[name])
		}
		d.inputs = append(d.inputs, difference{name, text})
	}
	return d
}

// overlaid lays the overrides of a unit over each other. It returns the names
// of the inputs in the order they were written, and what they are set to.
func (t *tree) overlaid(u *platform.Unit, n names) ([]string, map[string]node) {
	var order []string
	merged := map[string]node{}
	for i, o := range u.Overrides {
		for _, in := range o.Inputs {
			upper := t.node(in.Expr, u.Differences[i][in.Name], n)
			if lower, exists := merged[in.Name]; exists {
				merged[in.Name] = lower.overlay(upper)
				continue
			}
			order = append(order, in.Name)
			merged[in.Name] = upper
		}
	}
	return order, merged
}

// node is an expression with its value: a literal object with its items, or
// anything else as text.
type node struct {
	value    cty.Value
	leaf     string // "" for a literal object
	items    []item
	replaces bool // what is below: between the two stood null, or no object
}

type item struct {
	key  string
	node node
}

// node reads an expression whose value is known as a tree of literal objects.
func (t *tree) node(expr hclsyntax.Expression, value cty.Value, n names) node {
	object, ok := expr.(*hclsyntax.ObjectConsExpr)
	if !ok || !value.IsKnown() || value.IsNull() {
		return node{value: value, leaf: t.write(expr, n)}
	}
	result, values := node{value: value}, value.AsValueMap()
	for _, i := range object.Items {
		key, ok := platform.LiteralKey(i)
		if !ok {
			return node{value: value, leaf: t.write(expr, n)}
		}
		result.items = append(result.items, item{key, t.node(i.ValueExpr, values[key], n)})
	}
	return result
}

// replacing reports whether a node, or one in it, replaces what is below.
func (n node) replacing() bool {
	return n.replaces || slices.ContainsFunc(n.items, func(i item) bool { return i.node.replacing() })
}

func (n node) text() string {
	if n.leaf != "" {
		return n.leaf
	}
	var o object
	for _, i := range n.items {
		o.add(i.key, i.node.text())
	}
	return o.String()
}

// overlay lays another node over this one, as platform.Merge does with values.
func (n node) overlay(upper node) node {
	value, _ := platform.Merge(n.value, upper.value)
	if !platform.Mergeable(n.value) || !platform.Mergeable(upper.value) {
		upper.replaces = !platform.Mergeable(n.value)
		return upper
	}
	if n.leaf != "" || upper.leaf != "" {
		return node{value: value, leaf: over(n.text(), n.value, upper), replaces: n.replaces}
	}
	result := node{value: value, items: append([]item{}, n.items...), replaces: n.replaces}
next:
	for _, above := range upper.items {
		for i, below := range result.items {
			if below.key == above.key {
				result.items[i].node = below.node.overlay(above.node)
				continue next
			}
		}
		result.items = append(result.items, above)
	}
	return result
}

// over is the expression that lays a node over the value that lower refers to.
func over(lower string, value cty.Value, upper node) string {
	if upper.replaces || !platform.Mergeable(value) || !platform.Mergeable(upper.value) {
		return upper.text()
	}
	below := value.AsValueMap()
	if upper.leaf == "" {
		var o object
		for _, i := range upper.items {
			text := i.node.text()
			if v, exists := below[i.key]; exists {
				text = over(reference(lower, i.key), v, i.node)
			}
			o.add(i.key, text)
		}
		return fmt.Sprintf("merge(%s, %s)", lower, o.String())
	}
	// Of an expression that is no literal, only the keys are known that both
	// have: those are merged one by one.
	var both object
	for it := upper.value.ElementIterator(); it.Next(); {
		key, v := it.Element()
		k := key.AsString()
		if b, exists := below[k]; exists && platform.Mergeable(b) && platform.Mergeable(v) {
			both.add(k, over(reference(lower, k), b, node{value: v, leaf: reference(upper.leaf, k)}))
		}
	}
	if both.b.Len() == 0 {
		return fmt.Sprintf("merge(%s, %s)", lower, upper.leaf)
	}
	return fmt.Sprintf("merge(%s, %s, %s)", lower, upper.leaf, both.String())
}

// reference is the expression for a key of what an expression gives.
func reference(of, key string) string {
	if strings.ContainsAny(of, " \n({[") && !strings.HasPrefix(of, "include.") {
		of = "(" + of + ")"
	}
	if hclsyntax.ValidIdentifier(key) {
		return of + "." + key
	}
	return of + "[" + quote(key) + "]"
}

// deepMergeable reports whether Terragrunt's deep merge gives what an override
// means.
func deepMergeable(base, over cty.Value) bool {
	switch {
	case platform.Mergeable(base) && platform.Mergeable(over):
		below := base.AsValueMap()
		for key, v := range over.AsValueMap() {
			if b, exists := below[key]; exists && !deepMergeable(b, v) {
				return false
			}
		}
		return true
	case platform.Mergeable(base) || platform.Mergeable(over):
		return false
	default:
		return !list(base) && !list(over)
	}
}

// list reports whether a value is a list, or might turn out to be one.
func list(v cty.Value) bool {
	t := v.Type()
	return t == cty.DynamicPseudoType || t.IsTupleType() || t.IsListType() || t.IsSetType()
}
