package platform

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform/module"
)

// checkModules checks the inputs of every unit against its module. It is most
// of the work of a large platform, so all processors share it.
func (l *loader) checkModules() {
	problems := make([][]module.Problem, len(l.Units))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(l.Units); i = int(next.Add(1)) - 1 {
				if u := l.Units[i]; u.Module != nil {
					problems[i] = u.Module.CheckInputs(u.Inputs)
				}
			}
		})
	}
	workers.Wait()
	var found perUnit
	for i, u := range l.Units {
		for _, p := range problems[i] {
			found.add(u, u.problem(p))
		}
	}
	l.add(found.diagnostics()...)
}

// problem words what a module says of its inputs.
func (u *Unit) problem(p module.Problem) *hcl.Diagnostic {
	rule := map[module.Kind]Rule{
		module.UnknownInput: ruleUnknownInput, module.MissingInput: ruleMissingInput, module.WrongType: ruleInputType,
		module.FailedValidation: ruleValidation, module.UnknownAttribute: ruleUnknownAttribute,
	}[p.Kind]
	detail := p.Detail
	if p.Declared.Filename != "" {
		detail += fmt.Sprintf("\n\nThe module declares it at %s.", position(p.Declared))
	}
	places := u.Locate(p.Input, p.Path)
	if p.Kind == module.UnknownInput {
		places = []hcl.Range{u.inputName(p.Input)}
	}
	return rule.finding(p.Summary, detail, places...)
}

// inputName is where the name of an input stands.
func (u *Unit) inputName(name string) hcl.Range {
	lists := []Inputs{u.Component.Inputs}
	for _, o := range u.Overrides {
		lists = append(lists, o.Inputs)
	}
	for _, list := range lists {
		for _, in := range list {
			if in.Name == name {
				return in.Range
			}
		}
	}
	return u.Component.Range
}

// checkRules runs every rule that looks at values across units.
func (l *loader) checkRules() {
	if l.diags.HasErrors() {
		return
	}
	l.checkState()
	l.checkProviders()
	l.checkValues()
}

// checkProviders finds settings that would end as template syntax in the
// provider blocks that the tree writes.
func (l *loader) checkProviders() {
	var found perUnit
	for _, u := range l.Units {
		for _, p := range append(u.Component.Providers, l.Providers...) {
			l.checkProvider(&found, u, p)
		}
	}
	l.add(found.diagnostics()...)
}

func (l *loader) checkProvider(found *perUnit, u *Unit, p *Provider) {
	ctx := l.Platform.context(u)
	var walk func(*hclsyntax.Body)
	walk = func(body *hclsyntax.Body) {
		for _, attr := range AttributesOf(body) {
			if !Has(u, attr.Expr) {
				continue
			}
			if _, diags := attr.Expr.Value(nil); !diags.HasErrors() {
				continue // a constant is written as one
			}
			value, diags := attr.Expr.Value(ctx)
			found.add(u, diags...)
			if !diags.HasErrors() && template(value) {
				found.add(u, ruleProviderTemplate.finding("Value looks like a template",
					fmt.Sprintf("%s has a text with \"${\" or \"%%{\" in it, which Terraform would evaluate in the provider block.", attr.Name), attr.Expr.Range()))
			}
		}
		for _, block := range body.Blocks {
			walk(block.Body)
		}
	}
	walk(p.Body)
}

// Has reports whether a unit has all that an expression refers to: one of an
// environment has no site. A provider's attributes that a unit has not are left
// out of its provider block.
func Has(u *Unit, expr hclsyntax.Expression) bool {
	for _, t := range expr.Variables() {
		if (t.RootName() == "site" && u.Site == nil) || (t.RootName() == "env" && u.Env == nil) {
			return false
		}
	}
	return true
}

// template reports whether a value has text that HCL reads as a template.
func template(v cty.Value) bool {
	found := false
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		if v.IsKnown() && !v.IsNull() && v.Type() == cty.String {
			s := v.AsString()
			found = found || strings.Contains(s, "${") || strings.Contains(s, "%{")
		}
		return true, nil
	})
	return found
}
