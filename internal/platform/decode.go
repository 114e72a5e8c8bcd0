package platform

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/gocty"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
	"github.com/onprem-tools/terraform-provider-onprem/internal/platform/module"
)

// grammar says what may stand in a body. A nil list of attributes means any.
type grammar struct {
	what       string // as it is called in messages: "a component"
	attributes []string
	blocks     map[string]int // number of labels by block type
}

// check reports everything in the body that the grammar does not know.
func (g grammar) check(body *hclsyntax.Body) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, attr := range AttributesOf(body) {
		if g.attributes == nil || slices.Contains(g.attributes, attr.Name) {
			continue
		}
		detail := fmt.Sprintf("There is no attribute %q in %s.%s", attr.Name, g.what, near(attr.Name, g.attributes))
		if _, isBlock := g.blocks[attr.Name]; isBlock {
			detail = fmt.Sprintf("%q is a block: write it without the equals sign.", attr.Name)
		}
		diags = append(diags, failure(attr.NameRange, "Unknown attribute", detail))
	}
	for _, block := range body.Blocks {
		labels, known := g.blocks[block.Type]
		switch {
		case !known && slices.Contains(g.attributes, block.Type):
			diags = append(diags, failure(block.TypeRange, "Unknown block", fmt.Sprintf("%q is an attribute: write %s = …", block.Type, block.Type)))
		case !known:
			diags = append(diags, failure(block.TypeRange, "Unknown block",
				fmt.Sprintf("There is no block %q in %s.%s", block.Type, g.what, near(block.Type, keys(g.blocks)))))
		case len(block.Labels) != labels:
			diags = append(diags, failure(block.DefRange(), "Wrong number of names",
				fmt.Sprintf("A block %q has %s.", block.Type, count(labels, "name"))))
		}
	}
	return diags
}

// known reports whether the block is one that check let pass.
func (g grammar) known(block *hclsyntax.Block) bool {
	labels, ok := g.blocks[block.Type]
	return ok && len(block.Labels) == labels
}

func count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what
	case 1:
		return "one " + what
	default:
		return fmt.Sprintf("%d %ss", n, what)
	}
}

func keys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// near suggests the known name that was probably meant, or lists all when
// they are few.
func near(given string, known []string) string {
	for _, k := range slices.Sorted(slices.Values(known)) {
		if levenshtein.Distance(given, k, nil) <= min(3, (len(given)+2)/3) {
			return fmt.Sprintf(" Did you mean %q?", k)
		}
	}
	if len(known) == 0 || len(known) > 8 {
		return ""
	}
	return " There is: " + strings.Join(slices.Sorted(slices.Values(known)), ", ") + "."
}

// Names become folders, keys of states, names of GitHub environments, and parts
// of expressions: what all of these allow.
var (
	placeName     = lazyregexp.New(`^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$`)
	componentName = lazyregexp.New(`^[a-z]([a-z0-9_-]*[a-z0-9])?$`)
)

// maxName keeps paths and names of secrets within the limits of file systems,
// Kubernetes and GitHub.
const maxName = 63

func checkName(kind, name string, pattern *lazyregexp.Regexp, at hcl.Range) *hcl.Diagnostic {
	if pattern.MatchString(name) && len(name) <= maxName {
		return nil
	}
	first := "a letter or digit"
	if pattern == componentName {
		first = "a letter"
	}
	return failure(at, "Unusable name", fmt.Sprintf("The name %q of %s becomes a folder and part of a state's key: "+
		"write at most %d lower-case letters, digits, dashes and underscores, with %s first.", name, kind, maxName, first))
}

// constant evaluates an expression that may refer to locals only, and converts
// it to the type that target points to. A nil attribute leaves target alone.
func constant(attr *hclsyntax.Attribute, ctx *hcl.EvalContext, target any) hcl.Diagnostics {
	if attr == nil {
		return nil
	}
	diags := onlyRoots(attr.Expr, ctx)
	if diags.HasErrors() {
		return diags
	}
	value, diags := attr.Expr.Value(ctx)
	if diags.HasErrors() {
		return diags
	}
	want, err := gocty.ImpliedType(target)
	if err == nil {
		value, err = convert.Convert(value, want)
	}
	switch {
	case err != nil:
		return hcl.Diagnostics{failure(attr.Expr.Range(), "Wrong type", fmt.Sprintf("%s: %s.", attr.Name, message(err)))}
	case !value.IsWhollyKnown():
		return hcl.Diagnostics{failure(attr.Expr.Range(), "Not known yet", fmt.Sprintf("%s must be known when the tree is generated.", attr.Name))}
	case value.IsNull():
		return nil
	}
	if err := gocty.FromCtyValue(value, target); err != nil {
		return hcl.Diagnostics{failure(attr.Expr.Range(), "Wrong type", fmt.Sprintf("%s: %s.", attr.Name, message(err)))}
	}
	return nil
}

// message is the text of an error of cty, with the path it happened at.
func message(err error) string {
	if p, ok := err.(cty.PathError); ok && len(p.Path) > 0 { //nolint:errorlint // cty does not wrap it
		return strings.TrimPrefix(module.Address("", p.Path), ".") + ": " + err.Error()
	}
	return err.Error()
}
