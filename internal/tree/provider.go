package tree

import (
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
)

// provider writes the file of a provider of the platform, which units include.
func (t *tree) provider(p *platform.Provider) {
	file := hclwrite.NewEmptyFile()
	body := file.Body()
	used := rootsOf(providerExprs(p)...)
	if len(used) > 0 {
		locals := body.AppendNewBlock("locals", nil).Body()
		if used["local"] {
			set(locals, "common", readParent(commonFile))
		}
		for _, parent := range []struct{ root, file string }{{"env", envFile}, {"site", siteFile}} {
			if used[parent.root] {
				set(locals, parent.root, readParentOrNull(parent.file))
			}
		}
		section(body)
	}
	t.generate(body, p)
	t.add(path.Join(providersFolder, p.Name+".hcl"), file)
}

// heredocIndent is what stands in front of every line of a heredoc, for Terragrunt
// to take away.
const heredocIndent = "    "

// generate writes the block that gives every unit the provider's block.
func (t *tree) generate(body *hclwrite.Body, p *platform.Provider) {
	block := body.AppendNewBlock("generate", []string{p.Name}).Body()
	set(block, "path", quote("provider_"+p.Name+".tf"))
	set(block, "if_exists", quote("overwrite_terragrunt"))
	var text strings.Builder
	text.WriteString("<<-EOT\n")
	fmt.Fprintf(&text, "%sprovider %q {\n", heredocIndent, p.Name)
	t.providerBody(&text, p.Body, heredocIndent+"  ")
	fmt.Fprintf(&text, "%s}\n  EOT\n", heredocIndent)
	block.SetAttributeRaw("contents", raw(text.String()))
}

// providerBody writes the attributes and blocks of a provider into a heredoc.
// What is no literal is evaluated by Terragrunt, and written as JSON, which HCL
// reads. What refers to a site or an environment is left out where there is none.
func (t *tree) providerBody(b *strings.Builder, body *hclsyntax.Body, indent string) {
	for _, attr := range platform.AttributesOf(body) {
		roots := rootsOf(attr.Expr)
		var conditions []string
		for _, root := range []string{"env", "site"} {
			if roots[root] {
				conditions = append(conditions, "local."+root+" != null")
			}
		}
		if len(conditions) > 0 {
			fmt.Fprintf(b, "%s%%{~if %s~}\n", heredocIndent, strings.Join(conditions, " && "))
		}
		fmt.Fprintf(b, "%s%s = %s\n", indent, attr.Name, t.literal(attr.Expr, indent))
		if len(conditions) > 0 {
			fmt.Fprintf(b, "%s%%{~endif~}\n", heredocIndent)
		}
	}
	for _, block := range body.Blocks {
		labels := ""
		for _, label := range block.Labels {
			labels += " " + quote(label)
		}
		fmt.Fprintf(b, "%s%s%s {\n", indent, block.Type, labels)
		t.providerBody(b, block.Body, indent+"  ")
		fmt.Fprintf(b, "%s}\n", indent)
	}
}

// literal writes an expression as part of a text that Terragrunt interpolates.
func (t *tree) literal(expr hclsyntax.Expression, indent string) string {
	if object, ok := expr.(*hclsyntax.ObjectConsExpr); ok && len(object.Items) > 0 {
		var b strings.Builder
		b.WriteString("{\n")
		for _, item := range object.Items {
			key, ok := platform.LiteralKey(item)
			if !ok {
				return interpolation(t.write(expr, inComponent))
			}
			fmt.Fprintf(&b, "%s  %s = %s\n", indent, keyText(key), t.literal(item.ValueExpr, indent+"  "))
		}
		return b.String() + indent + "}"
	}
	if value, diags := expr.Value(nil); !diags.HasErrors() && value.IsWhollyKnown() {
		return heredocText(valueText(value))
	}
	return interpolation(t.write(expr, inComponent))
}

func interpolation(expr string) string { return "${jsonencode" + enclosed(expr) + "}" }

// heredocText keeps text from being evaluated in a heredoc.
func heredocText(text string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(text)
}

// providerExprs are all expressions of a provider block.
func providerExprs(p *platform.Provider) []hclsyntax.Expression {
	var exprs []hclsyntax.Expression
	_ = hclsyntax.VisitAll(p.Body, func(n hclsyntax.Node) hcl.Diagnostics {
		if attr, ok := n.(*hclsyntax.Attribute); ok {
			exprs = append(exprs, attr.Expr)
		}
		return nil
	})
	return exprs
}
