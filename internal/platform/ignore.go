package platform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

// ignorePattern matches "# onprem:ignore RULE because REASON".
var ignorePattern = lazyregexp.New(`^(?:#|//)\s*onprem:ignore\b\s*(\S*)(?:\s+because\s+(\S.*))?`)

// ignore is one comment that silences a rule in the attribute or block that it
// stands above or behind.
type ignore struct {
	rule  string
	at    hcl.Range // the comment
	scope hcl.Range // what it is about
	used  bool
}

// silence drops the findings that a comment silences, and adds one for every
// comment that is wrong or without use.
func silence(files map[string]*hcl.File, diags hcl.Diagnostics) hcl.Diagnostics {
	var ignores []*ignore
	var out hcl.Diagnostics
	for _, name := range keys(files) {
		found, wrong := ignoresIn(name, files[name])
		ignores = append(ignores, found...)
		out = append(out, wrong...)
	}
	stopped := false // at an error that kept rules from being checked
	for _, d := range diags {
		f, isFinding := hcl.DiagnosticExtra[Finding](d)
		stopped = stopped || d.Severity == hcl.DiagError && (!isFinding || f.Rule.Strict)
		if !isFinding || f.Rule.Strict || !silenced(ignores, f) {
			out = append(out, d)
		}
	}
	for _, i := range ignores {
		if !i.used && !stopped {
			out = append(out, ruleIgnoreUnused.finding("Comment without use", fmt.Sprintf("Nothing here breaks %s any more. Take the comment out.", i.rule), i.at))
		}
	}
	return out
}

func silenced(ignores []*ignore, f Finding) bool {
	found := false
	for _, i := range ignores {
		if i.rule != f.Rule.ID {
			continue
		}
		for _, place := range f.Places {
			if place.Filename == i.scope.Filename && i.scope.Start.Byte <= place.Start.Byte && place.Start.Byte < i.scope.End.Byte {
				i.used, found = true, true
			}
		}
	}
	return found
}

// ignoresIn reads the comments of one file.
func ignoresIn(name string, file *hcl.File) ([]*ignore, hcl.Diagnostics) {
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return nil, nil
	}
	tokens, _ := hclsyntax.LexConfig(file.Bytes, name, hcl.InitialPos)
	var ignores []*ignore
	var diags hcl.Diagnostics
	var scopes []hcl.Range
	for _, token := range tokens {
		if token.Type != hclsyntax.TokenComment {
			continue
		}
		match := ignorePattern.FindStringSubmatch(strings.TrimSpace(string(token.Bytes)))
		if match == nil {
			continue
		}
		if scopes == nil {
			scopes = statements(body)
		}
		i := &ignore{rule: match[1], at: commentRange(token), scope: scopeOf(token.Range, scopes, file.Bytes)}
		if d := i.check(match[2]); d != nil {
			diags = append(diags, d)
			continue
		}
		ignores = append(ignores, i)
	}
	return ignores, diags
}

func (i *ignore) check(reason string) *hcl.Diagnostic {
	rule, known := rules[i.rule]
	switch {
	case !known:
		return ruleIgnore.finding("Unknown rule", fmt.Sprintf("There is no rule %q.%s", i.rule, near(i.rule, keys(rules))), i.at)
	case rule.Strict:
		return ruleIgnore.finding("Rule cannot be ignored", fmt.Sprintf("%s cannot be silenced: what breaks it cannot work.", i.rule), i.at)
	case reason == "":
		return ruleIgnore.finding("Missing reason", fmt.Sprintf("Say why: # onprem:ignore %s because …", i.rule), i.at)
	}
	return nil
}

// commentRange leaves out the line break that belongs to a comment's token.
func commentRange(token hclsyntax.Token) hcl.Range {
	r := token.Range
	r.End = r.Start
	length := len(strings.TrimRight(string(token.Bytes), "\r\n"))
	r.End.Byte += length
	r.End.Column += length
	return r
}

// statements are the ranges of all attributes, blocks, and items of literal
// objects, in order of their starts.
func statements(body *hclsyntax.Body) []hcl.Range {
	var list []hcl.Range
	_ = hclsyntax.VisitAll(body, func(node hclsyntax.Node) hcl.Diagnostics {
		switch node := node.(type) {
		case *hclsyntax.Attribute:
			list = append(list, node.SrcRange)
		case *hclsyntax.Block:
			list = append(list, hcl.RangeBetween(node.TypeRange, node.CloseBraceRange))
		case *hclsyntax.ObjectConsExpr:
			for _, item := range node.Items {
				list = append(list, hcl.RangeBetween(item.KeyExpr.Range(), item.ValueExpr.Range()))
			}
		}
		return nil
	})
	slices.SortFunc(list, func(a, b hcl.Range) int { return a.Start.Byte - b.Start.Byte })
	return list
}

// scopeOf finds what a comment is about: behind code the statement of its line,
// alone on a line the next statement.
func scopeOf(comment hcl.Range, statements []hcl.Range, source []byte) hcl.Range {
	line := source[:comment.Start.Byte]
	line = line[strings.LastIndexByte(string(line), '\n')+1:]
	alone := strings.TrimSpace(string(line)) == ""
	scope := comment
	for _, s := range statements {
		if alone && s.Start.Byte > comment.Start.Byte {
			return s
		}
		if !alone && s.Start.Line == comment.Start.Line {
			return s
		}
		if !alone && s.Start.Line < comment.Start.Line && comment.Start.Line <= s.End.Line {
			scope = s
		}
	}
	return scope
}
