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
		if len(problems[i]) == 0 && u.Module != nil {
			found.add(u, u.checkPassing()...)
		}
	}
	l.add(found.diagnostics()...)
}

// checkPassing finds values that Terragrunt cannot hand over. It sets inputs as
// environment variables, of which Terraform reads all that are not declared as
// text, number or bool as expressions, and those without type as text.
func (u *Unit) checkPassing() []*hcl.Diagnostic {
	var found []*hcl.Diagnostic
	for _, name := range keys(u.Inputs) {
		value, declared := u.Inputs[name], u.Module.Variables[name]
		if declared.Type.IsPrimitiveType() || !value.IsKnown() || value.IsNull() {
			continue
		}
		place, isTemplate := templateIn(value)
		var detail string
		switch {
		case declared.Untyped && value.Type().IsPrimitiveType():
			continue
		case declared.Untyped:
			detail, place = "The module declares no type for it, so that Terraform gets the JSON of this value as one text. Declare the type there, such as type = any.", nil
		case value.Type() == cty.String:
			detail, place = "The module takes any type, so that Terraform reads text from Terragrunt as an expression. Declare type = string there.", nil
		case isTemplate:
			detail = "It has \"${\" or \"%{\" in it. Terragrunt passes this variable as an expression, in which Terraform would evaluate that. " +
				"Write the text otherwise, or take it in a variable of its own with type = string."
		default:
			continue
		}
		d := ruleInputType.finding("Value that does not arrive", fmt.Sprintf("%s: %s\n\nThe module declares it at %s.",
			module.Address(name, place), detail, position(declared.Range)), u.Locate(name, place)...)
		d.Severity = hcl.DiagWarning // plain root modules hand over everything
		found = append(found, d)
	}
	return found
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

func (l *loader) checkProvider(problems *perUnit, u *Unit, p *Provider) {
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
			problems.add(u, diags...)
			if _, found := templateIn(value); found && !diags.HasErrors() {
				problems.add(u, ruleProviderTemplate.finding("Value looks like a template",
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

// templateIn finds text, or a key, that HCL reads as a template.
func templateIn(v cty.Value) (cty.Path, bool) {
	switch {
	case !v.IsKnown() || v.IsNull():
		return nil, false
	case v.Type() == cty.String:
		s := v.AsString()
		return nil, strings.Contains(s, "${") || strings.Contains(s, "%{")
	case !v.CanIterateElements():
		return nil, false
	}
	for it := v.ElementIterator(); it.Next(); {
		key, element := it.Element()
		path, found := templateIn(element)
		if !found {
			_, found = templateIn(key)
		}
		if found {
			return append(cty.Path{cty.IndexStep{Key: key}}, path...), true
		}
	}
	return nil, false
}
