package tree

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
)

// names says how the roots of references are called where an expression is
// written to: site becomes local.site in the file of a component.
type names struct {
	roots map[string]string
	// secret is the call that reads a secret, given its name in quotes.
	secret func(name string) string
	// inline is what stands in place of a root and the attribute behind it, if
	// anything does.
	inline func(hcl.Traversal) (text string, ok bool)
}

// The places of a Terragrunt tree that expressions are written to.
var (
	inCommon    = terragruntNames(map[string]string{"local": "local"})
	inEnv       = terragruntNames(map[string]string{"env": "local", "local": "local.common"})
	inSite      = terragruntNames(map[string]string{"site": "local", "env": "local.env", "local": "local.common"})
	inComponent = terragruntNames(map[string]string{
		"site": "local.site", "env": "local.env", "local": "local.common",
		"component": "dependency", "unit.path": "path_relative_to_include()",
	})
)

func terragruntNames(roots map[string]string) names {
	return names{roots: roots, secret: func(name string) string { return fmt.Sprintf("get_env(%s)", name) }}
}

// edit replaces a part of a source.
type edit struct {
	at   hcl.Range
	text string
}

// write returns an expression as it was written, with the names it has in its
// new place.
func (t *tree) write(expr hclsyntax.Expression, n names) string {
	var edits []edit
	for _, traversal := range expr.Variables() {
		if e, ok := n.rename(traversal); ok {
			edits = append(edits, e)
		}
	}
	source := t.Files[expr.Range().Filename].Bytes
	_ = hclsyntax.VisitAll(expr, func(node hclsyntax.Node) hcl.Diagnostics {
		if call, ok := node.(*hclsyntax.FunctionCallExpr); ok && call.Name == "secret" && len(call.Args) == 1 {
			edits = append(edits, edit{call.Range(), n.secret(string(call.Args[0].Range().SliceBytes(source)))})
		}
		return nil
	})
	return apply(source, expr.Range(), edits)
}

// rename is the edit that gives a reference its new root.
func (n names) rename(traversal hcl.Traversal) (edit, bool) {
	root := traversal.RootName()
	at := traversal[0].SourceRange()
	if n.inline != nil {
		if text, ok := n.inline(traversal); ok {
			return edit{hcl.RangeBetween(at, traversal[1].SourceRange()), text}, true
		}
	}
	if root == "unit" { // unit.path is all there is of it
		return edit{hcl.RangeBetween(at, traversal[1].SourceRange()), n.roots["unit.path"]}, true
	}
	text, ok := n.roots[root]
	return edit{at, text}, ok && text != root
}

func apply(source []byte, within hcl.Range, edits []edit) string {
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(a.at.Start.Byte, b.at.Start.Byte) })
	var b strings.Builder
	from := within.Start.Byte
	for _, e := range edits {
		b.Write(source[from:e.at.Start.Byte])
		b.WriteString(e.text)
		from = e.at.End.Byte
	}
	b.Write(source[from:within.End.Byte])
	return b.String()
}

// enclosed puts the text of an expression between parentheses. A heredoc in it
// needs its end on a line of its own.
func enclosed(text string) string {
	if strings.Contains(text, "<<") {
		text = strings.TrimSuffix(text, "\n") + "\n"
	}
	return "(" + text + ")"
}

// raw makes the text of an expression a token. It is not parsed: it comes from
// an expression that was, and the whole file is formatted at the end.
func raw(text string) hclwrite.Tokens {
	text = strings.TrimSuffix(text, "\n") // of a heredoc; every attribute gets its own
	return hclwrite.Tokens{{Type: hclsyntax.TokenIdent, Bytes: []byte(text)}}
}

// set writes name = text.
func set(body *hclwrite.Body, name, text string) { body.SetAttributeRaw(name, raw(text)) }

// object is the text of an object, one key a line.
type object struct{ b strings.Builder }

func (o *object) add(key, value string) {
	if o.b.Len() == 0 {
		o.b.WriteString("{\n")
	}
	fmt.Fprintf(&o.b, "%s = %s\n", keyText(key), value)
}

func (o *object) String() string {
	if o.b.Len() == 0 {
		return "{}"
	}
	return o.b.String() + "}"
}

// keyText is a key of an object as one writes it: bare when that is possible.
func keyText(key string) string {
	if hclsyntax.ValidIdentifier(key) && !slices.Contains([]string{"true", "false", "null", "for"}, key) {
		return key
	}
	return quote(key)
}

// quote is a text as a literal of HCL.
func quote(text string) string {
	return valueText(cty.StringVal(text))
}

// roots returns which roots the expressions refer to.
func rootsOf(exprs ...hclsyntax.Expression) map[string]bool {
	found := map[string]bool{}
	for _, expr := range exprs {
		if expr == nil {
			continue
		}
		for _, traversal := range expr.Variables() {
			found[traversal.RootName()] = true
		}
	}
	return found
}

// valueText is a known value as a literal.
func valueText(v cty.Value) string { return string(hclwrite.TokensForValue(v).Bytes()) }

// inputExprs are the expressions of inputs, and of those that overrides give.
func inputExprs(inputs platform.Inputs, overrides []*platform.Override) []hclsyntax.Expression {
	var exprs []hclsyntax.Expression
	for _, in := range inputs {
		exprs = append(exprs, in.Expr)
	}
	for _, o := range overrides {
		exprs = append(exprs, inputExprs(o.Inputs, nil)...)
	}
	return exprs
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
