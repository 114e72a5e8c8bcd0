package platform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

// The rules about secrets.
var (
	ruleSecretInClear = newRule(Rule{ID: "secret-in-clear", Severity: hcl.DiagError,
		Title: "A password, token or key written into a platform file"})
	ruleProviderSecret = newRule(Rule{ID: "secret-in-provider", Severity: hcl.DiagWarning,
		Title: "A secret in a provider block, which Terragrunt writes to a file"})
	rulePlainVariable = newRule(Rule{ID: "secret-to-plain-variable", Severity: hcl.DiagWarning,
		Title: "A secret given to a variable that is neither ephemeral nor sensitive"})
)

// Confidential reports whether a platform that these diagnostics are about holds
// a secret in clear. Whoever prints them must leave the lines of its files out:
// the secret may stand in any of them.
func Confidential(diags hcl.Diagnostics) bool {
	return slices.ContainsFunc(diags, func(d *hcl.Diagnostic) bool {
		rule, ok := RuleOf(d)
		return ok && rule.ID == ruleSecretInClear.ID
	})
}

// checkSecrets finds secrets in clear: by the name they are given, by what they
// look like, and by the variable they end in. No message has the secret itself.
func (l *loader) checkSecrets() hcl.Diagnostics {
	s := &secretSearch{seen: map[hcl.Range]bool{}}
	for _, name := range keys(l.files) {
		if body, ok := l.files[name].Body.(*hclsyntax.Body); ok {
			s.body(body)
		}
	}
	for _, u := range l.Units {
		if u.Module == nil {
			continue
		}
		for _, name := range keys(u.Module.Variables) {
			if v := u.Module.Variables[name]; v.Sensitive || v.Ephemeral {
				s.byVariable(l.input(u, name))
			}
		}
	}
	return s.diags
}

// secretSearch walks through expressions. A literal that it has found in one way
// it does not report in another.
type secretSearch struct {
	diags  hcl.Diagnostics
	seen   map[hcl.Range]bool // literals
	advice string

	labels map[hclsyntax.Expression]label // of what is still to come
	within []label                        // the innermost last
	calls  int                            // of secret() around
}

// label is what the author called a value.
type label struct {
	name string
	at   hcl.Range
}

const (
	adviceSecret = "Write secret(\"NAME\") and set the environment variable NAME where Terragrunt runs."
	adviceState  = "Leave it out: backends read their credentials from the environment."
)

func (s *secretSearch) body(body *hclsyntax.Body) {
	for _, attr := range AttributesOf(body) {
		s.expression(label{attr.Name, attr.NameRange}, attr.Expr)
	}
	for _, block := range body.Blocks {
		s.advice = adviceSecret
		switch block.Type {
		case "workflows":
			s.workflows(block.Body)
			continue
		case "state":
			s.advice = adviceState
		}
		s.body(block.Body)
	}
}

// workflows have the names of secrets, which are none themselves.
func (s *secretSearch) workflows(body *hclsyntax.Body) {
	for _, attr := range AttributesOf(body) {
		if attr.Name != "secrets" {
			s.expression(label{attr.Name, attr.NameRange}, attr.Expr)
		}
	}
}

func (s *secretSearch) expression(l label, expr hclsyntax.Expression) {
	s.labels = map[hclsyntax.Expression]label{expr: l}
	_ = hclsyntax.Walk(expr, s)
}

// Enter is called for each node on the way down.
func (s *secretSearch) Enter(node hclsyntax.Node) hcl.Diagnostics {
	expr, ok := node.(hclsyntax.Expression)
	if !ok {
		return nil
	}
	if l, ok := s.labels[expr]; ok {
		s.within = append(s.within, l)
		s.byName(l, expr)
	}
	switch expr := expr.(type) {
	case *hclsyntax.FunctionCallExpr:
		if expr.Name == "secret" {
			s.calls++
		}
	case *hclsyntax.ObjectConsExpr:
		for _, item := range expr.Items {
			if key, ok := LiteralKey(item); ok {
				s.labels[item.ValueExpr] = label{key, item.KeyExpr.Range()}
			}
		}
	case *hclsyntax.TemplateExpr:
		s.byShape(s.within[len(s.within)-1], expr)
	}
	return nil
}

// Exit is called for each node on the way up.
func (s *secretSearch) Exit(node hclsyntax.Node) hcl.Diagnostics {
	if call, ok := node.(*hclsyntax.FunctionCallExpr); ok && call.Name == "secret" {
		s.calls--
	}
	if expr, ok := node.(hclsyntax.Expression); ok {
		if _, labelled := s.labels[expr]; labelled {
			s.within = s.within[:len(s.within)-1]
		}
	}
	return nil
}

// byName reports literals whose name says that they are secrets.
func (s *secretSearch) byName(l label, expr hclsyntax.Expression) {
	one, many := callsSecret(l.name)
	if !one && !many {
		return
	}
	for _, literal := range literals(expr, many) {
		s.report(literal.Range(), fmt.Sprintf("%q is the name of a secret, and its value stands here in clear.", l.name), l.at)
	}
}

// byShape reports text that looks like a secret, whatever it is called.
func (s *secretSearch) byShape(l label, expr *hclsyntax.TemplateExpr) {
	if s.calls > 0 {
		return
	}
	text := literalParts(expr)
	for _, shape := range secretShapes {
		if shape.pattern.MatchString(text) {
			s.report(expr.Range(), fmt.Sprintf("%q has %s in clear.", l.name, shape.what), l.at)
			return
		}
	}
	if suspicious(l.name) && random(text) {
		s.report(expr.Range(), fmt.Sprintf("%q has a long random text, which looks like a key.", l.name), l.at)
	}
}

// byVariable reports text that a module takes for a secret.
func (s *secretSearch) byVariable(input value) {
	s.advice = adviceSecret
	_ = cty.Walk(input.Value, func(path cty.Path, v cty.Value) (bool, error) {
		leaf := input
		leaf.Value, leaf.path = v, path.Copy()
		if v.Type() == cty.String && leaf.text() != "" {
			places := leaf.places()
			s.report(places[len(places)-1], fmt.Sprintf("The module treats its variable %q as a secret, and the value stands here in clear.", input.input), places...)
		}
		return true, nil
	})
}

func (s *secretSearch) report(literal hcl.Range, why string, places ...hcl.Range) {
	if s.seen[literal] {
		return
	}
	s.seen[literal] = true
	s.diags = append(s.diags, ruleSecretInClear.finding("Secret in clear", why+" "+s.advice+
		" Then change the secret itself: whoever has read this file knows it.", append([]hcl.Range{literal}, places...)...))
}

// literals are the texts that an expression may have as its value; with many,
// also those in a list or an object.
func literals(expr hclsyntax.Expression, many bool) []hclsyntax.Expression {
	var list []hclsyntax.Expression
	var inside []hclsyntax.Expression
	switch e := expr.(type) {
	case *hclsyntax.TemplateExpr:
		if v, diags := e.Value(nil); !diags.HasErrors() && v.Type() == cty.String && v.AsString() != "" && !filePath.MatchString(v.AsString()) {
			list = append(list, e)
		}
	case *hclsyntax.ParenthesesExpr:
		inside = []hclsyntax.Expression{e.Expression}
	case *hclsyntax.ConditionalExpr:
		inside = []hclsyntax.Expression{e.TrueResult, e.FalseResult}
	case *hclsyntax.FunctionCallExpr:
		if slices.Contains(passing, e.Name) {
			inside = e.Args
		}
	case *hclsyntax.ForExpr:
		if many {
			inside = []hclsyntax.Expression{e.ValExpr}
		}
	case *hclsyntax.TupleConsExpr:
		if many {
			inside = e.Exprs
		}
	case *hclsyntax.ObjectConsExpr:
		for _, item := range e.Items {
			if many {
				inside = append(inside, item.ValueExpr)
			}
		}
	}
	for _, e := range inside {
		list = append(list, literals(e, many)...)
	}
	return list
}

// filePath is where a secret is, not the secret.
var filePath = lazyregexp.New(`^(~|\.{0,2})/`)

// passing are functions whose result holds what they are given.
var passing = []string{"base64encode", "chomp", "coalesce", "merge", "trimspace", "try"}

// gap stands for what is put into a template, in texts to match.
const gap = "\x00"

// literalParts is the text of a template as far as it stands there.
func literalParts(expr *hclsyntax.TemplateExpr) string {
	var text strings.Builder
	for _, part := range expr.Parts {
		v, diags := part.Value(nil)
		if _, literal := part.(*hclsyntax.LiteralValueExpr); literal && !diags.HasErrors() && v.Type() == cty.String {
			text.WriteString(v.AsString())
		} else {
			text.WriteString(gap)
		}
	}
	return text.String()
}

// checkSecretFlow follows secrets to variables that would let them into plans
// and state.
func (l *loader) checkSecretFlow() hcl.Diagnostics {
	var found perUnit
	for _, u := range l.Units {
		if u.Module == nil {
			continue
		}
		for _, name := range keys(u.Inputs) {
			v := u.Module.Variables[name]
			if v == nil || v.Sensitive || v.Ephemeral || u.Inputs[name].IsWhollyKnown() {
				continue
			}
			for _, expr := range u.written(name) {
				secrets, places := u.secrets(expr)
				if len(secrets) == 0 {
					continue
				}
				found.add(u, rulePlainVariable.finding("Secret for a plain variable", fmt.Sprintf("secret(%q) is given to the variable %q, declared at %s, which is neither ephemeral nor sensitive: "+
					"plans and state would show it. Write ephemeral = true there, or at least sensitive = true.", secrets[0], name, position(v.Range)),
					append(places, expr.Range())...))
			}
		}
	}
	return found.diagnostics()
}

// StoredSecrets are those that the unit gives to variables which are not
// ephemeral. Of a module that is not at hand all may be.
func (u *Unit) StoredSecrets() []string {
	var names []string
	for _, name := range keys(u.Inputs) {
		if u.Module != nil && (u.Module.Variables[name] == nil || u.Module.Variables[name].Ephemeral) {
			continue
		}
		for _, expr := range u.written(name) {
			secrets, _ := u.secrets(expr)
			names = append(names, secrets...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// secrets are those that an expression reads, by itself or through attributes,
// and the attributes' places.
func (u *Unit) secrets(expr hclsyntax.Expression) ([]string, []hcl.Range) {
	names := SecretsIn(expr)
	var places []hcl.Range
	for _, t := range expr.Variables() {
		if u.attribute(t) == nil {
			continue
		}
		origin := u.follow(t)
		if more, where := u.secrets(origin); len(more) > 0 {
			names, places = append(names, more...), append(append(places, where...), origin.Range())
		}
	}
	return names, places
}

// follow finds the expression that an attribute, or a part of it, stands for.
func (u *Unit) follow(t hcl.Traversal) hclsyntax.Expression {
	var expr hclsyntax.Expression = &hclsyntax.ScopeTraversalExpr{Traversal: t}
	var path cty.Path
	for {
		next, rest := u.step(expr, path)
		if next == nil {
			break
		}
		expr, path = next, rest
	}
	if _, stuck := expr.(*hclsyntax.ScopeTraversalExpr); stuck {
		return u.attribute(t).Expr
	}
	return expr
}
