package platform

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// Rule is something that is checked beyond the language itself.
type Rule struct {
	ID       string // such as onprem/bgp-asn-reserved
	Severity hcl.DiagnosticSeverity
	Title    string // one line, for lists
	// Strict rules cannot be silenced: no tree can be written that works.
	Strict bool
}

// rules has every rule by its id.
var rules = map[string]Rule{}

// Rules returns every rule, in order of their ids.
func Rules() []Rule {
	list := make([]Rule, 0, len(rules))
	for _, id := range keys(rules) {
		list = append(list, rules[id])
	}
	return list
}

func newRule(r Rule) Rule {
	r.ID = "onprem/" + r.ID
	if _, exists := rules[r.ID]; exists {
		panic("two rules " + r.ID)
	}
	rules[r.ID] = r
	return r
}

// The rules about wiring and modules.
var (
	ruleUnknownComponent = newRule(Rule{ID: "unknown-component", Severity: hcl.DiagError, Strict: true,
		Title: "A reference to a component that does not exist"})
	ruleUnknownOutput = newRule(Rule{ID: "unknown-output", Severity: hcl.DiagError, Strict: true,
		Title: "A reference to an output that the module does not have"})
	ruleCycle = newRule(Rule{ID: "dependency-cycle", Severity: hcl.DiagError, Strict: true,
		Title: "Components that depend on each other in a circle"})
	ruleScope = newRule(Rule{ID: "dependency-scope", Severity: hcl.DiagError, Strict: true,
		Title: "A component that depends on one of which there are several"})
	ruleDisabled = newRule(Rule{ID: "dependency-disabled", Severity: hcl.DiagError, Strict: true,
		Title: "A unit that depends on one that is disabled there"})
	ruleUnknownInput = newRule(Rule{ID: "unknown-input", Severity: hcl.DiagError,
		Title: "An input that the module does not declare"})
	ruleUnknownAttribute = newRule(Rule{ID: "unknown-attribute", Severity: hcl.DiagError,
		Title: "An attribute inside an input that the module does not declare"})
	ruleMissingInput = newRule(Rule{ID: "missing-input", Severity: hcl.DiagError,
		Title: "A variable without default that gets no value"})
	ruleInputType = newRule(Rule{ID: "input-type", Severity: hcl.DiagError,
		Title: "A value that does not fit the type of the variable"})
	ruleValidation = newRule(Rule{ID: "input-validation", Severity: hcl.DiagError,
		Title: "A value that the module's own validation refuses"})
	ruleModule = newRule(Rule{ID: "module", Severity: hcl.DiagError, Strict: true,
		Title: "A module that cannot be read"})
	ruleUnpinned = newRule(Rule{ID: "module-unpinned", Severity: hcl.DiagWarning,
		Title: "A remote module without a fixed version"})
	ruleState = newRule(Rule{ID: "state-key", Severity: hcl.DiagError, Strict: true,
		Title: "State keys that are not unique"})
	ruleFolder = newRule(Rule{ID: "folder-twice", Severity: hcl.DiagError, Strict: true,
		Title: "Two things that want the same folder"})
	ruleProviderTemplate = newRule(Rule{ID: "provider-template", Severity: hcl.DiagError, Strict: true,
		Title: "A provider setting that Terraform would read as a template"})
	ruleIgnore = newRule(Rule{ID: "ignore", Severity: hcl.DiagError, Strict: true,
		Title: "An onprem:ignore without reason, or of a rule that does not exist"})
	ruleIgnoreUnused = newRule(Rule{ID: "ignore-unused", Severity: hcl.DiagWarning,
		Title: "An onprem:ignore that silences nothing"})
)

// Finding is what the Extra of a diagnostic holds when a rule made it.
type Finding struct {
	Rule Rule
	// Places are all lines that have a part in it: where a value is used, and
	// where it is defined. A comment at any of them silences the finding.
	Places []hcl.Range
}

// RuleOf returns the rule that made a diagnostic, if one did.
func RuleOf(d *hcl.Diagnostic) (Rule, bool) {
	f, ok := hcl.DiagnosticExtra[Finding](d)
	return f.Rule, ok
}

// finding makes the diagnostic of a rule. Of the places it belongs to, the last
// is shown.
func (r Rule) finding(summary, detail string, places ...hcl.Range) *hcl.Diagnostic {
	return &hcl.Diagnostic{
		Severity: r.Severity, Summary: summary, Detail: detail,
		Subject: places[len(places)-1].Ptr(), Extra: Finding{Rule: r, Places: places},
	}
}

// failure is an error about the language, which no comment can silence.
func failure(at hcl.Range, summary, detail string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: at.Ptr()}
}

// perUnit gathers diagnostics that were found in units, of which many have the
// same: one message names the first and counts the others.
type perUnit struct {
	order []*hcl.Diagnostic
	units map[string][]string
}

func (p *perUnit) add(u *Unit, diags ...*hcl.Diagnostic) {
	for _, d := range diags {
		d = u.explain(d)
		key := fmt.Sprint(d.Subject, d.Summary, d.Detail)
		if p.units == nil {
			p.units = map[string][]string{}
		}
		if p.units[key] == nil {
			p.order = append(p.order, d)
		}
		if !slices.Contains(p.units[key], u.Path()) {
			p.units[key] = append(p.units[key], u.Path())
		}
	}
}

// diagnostics returns one diagnostic each, with the units in its detail.
func (p *perUnit) diagnostics() hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, d := range p.order {
		units := p.units[fmt.Sprint(d.Subject, d.Summary, d.Detail)]
		merged := *d
		merged.Detail += "\n\nFound in " + units[0]
		switch n := len(units) - 1; {
		case n == 1:
			merged.Detail += " and in " + units[1]
		case n > 1:
			merged.Detail += fmt.Sprintf(" and %d more units", n)
		}
		merged.Detail += "."
		diags = append(diags, &merged)
	}
	return diags
}

// sorted puts diagnostics into the order of the lines they are about.
func sorted(diags hcl.Diagnostics) hcl.Diagnostics {
	slices.SortStableFunc(diags, func(a, b *hcl.Diagnostic) int {
		switch {
		case a.Subject == nil || b.Subject == nil:
			return 0
		case a.Subject.Filename != b.Subject.Filename:
			return cmp.Compare(a.Subject.Filename, b.Subject.Filename)
		case a.Subject.Start.Byte != b.Subject.Start.Byte:
			return a.Subject.Start.Byte - b.Subject.Start.Byte
		default:
			return cmp.Compare(a.Summary+a.Detail, b.Summary+b.Detail)
		}
	})
	return diags
}
