package calico

import (
	"fmt"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

// checkSelector parses an expression of Calico's selector language, as its
// parser (libcalico-go/lib/selector of Calico 3.28) does:
//
//	or      = and { "||" and }
//	and     = term { "&&" term }
//	term    = { "!" } ( "(" or ")" | "all()" | "global()" | "has(" label ")" | label test )
//	test    = ( "==" | "!=" | "contains" | "starts with" | "ends with" ) string
//	        | [ "not" ] "in" "{" [ string { "," string } ] "}"
//
// An empty selector selects everything.
func checkSelector(s string) error {
	p := &selectorParser{rest: s}
	p.skip()
	if p.rest == "" {
		return nil
	}
	if err := p.or(); err != nil {
		return err
	}
	if p.rest != "" {
		return p.expected("&& or || or the end")
	}
	return nil
}

// selectsGlobal reports whether a selector that parses uses global().
func selectsGlobal(s string) bool {
	return globalCall.MatchString(quotedString.ReplaceAllString(s, ""))
}

const labelPattern = `[a-zA-Z0-9_./-]{1,512}`

var (
	label        = lazyregexp.New(`^` + labelPattern)
	hasCall      = lazyregexp.New(`^has\(\s*` + labelPattern + `\s*\)`)
	plainCall    = lazyregexp.New(`^(all|global)\(\s*\)`)
	globalCall   = lazyregexp.New(`\bglobal\(\s*\)`)
	quotedString = lazyregexp.New(`"[^"]*"|'[^']*'`)
	stringStart  = lazyregexp.New(`^("[^"]*"|'[^']*')`)
	stringTest   = lazyregexp.New(`^(==|!=|contains|starts\s*with|ends\s*with)`)
	setTest      = lazyregexp.New(`^(not\s*)?in\b`)
)

type selectorParser struct{ rest string }

func (p *selectorParser) skip() { p.rest = strings.TrimLeft(p.rest, " \t") }

// take consumes a literal, and the blanks after it.
func (p *selectorParser) take(literal string) bool {
	rest, ok := strings.CutPrefix(p.rest, literal)
	if ok {
		p.rest = rest
		p.skip()
	}
	return ok
}

// found consumes what a pattern matches, and the blanks after it.
func (p *selectorParser) found(pattern *lazyregexp.Regexp) bool {
	m := pattern.FindString(p.rest)
	return m != "" && p.take(m)
}

func (p *selectorParser) expected(what string) error {
	if p.rest == "" {
		return fmt.Errorf("%s expected at its end", what)
	}
	return fmt.Errorf("%s expected at %q", what, p.rest)
}

func (p *selectorParser) or() error {
	if err := p.and(); err != nil {
		return err
	}
	for p.take("||") {
		if err := p.and(); err != nil {
			return err
		}
	}
	return nil
}

func (p *selectorParser) and() error {
	if err := p.term(); err != nil {
		return err
	}
	for p.take("&&") {
		if err := p.term(); err != nil {
			return err
		}
	}
	return nil
}

func (p *selectorParser) term() error {
	for p.take("!") {
		continue
	}
	switch {
	case p.take("("):
		if err := p.or(); err != nil {
			return err
		}
		if !p.take(")") {
			return p.expected(")")
		}
		return nil
	case p.found(hasCall), p.found(plainCall):
		return nil
	case p.found(label):
		return p.test()
	}
	return p.expected("a label, has(…), all() or (")
}

func (p *selectorParser) test() error {
	switch {
	case p.found(stringTest):
		if !p.found(stringStart) {
			return p.expected("a string in quotes")
		}
		return nil
	case p.found(setTest):
		return p.set()
	}
	return p.expected("==, !=, in, not in, contains, starts with or ends with")
}

func (p *selectorParser) set() error {
	if !p.take("{") {
		return p.expected("{")
	}
	for p.found(stringStart) && p.take(",") {
		continue
	}
	if !p.take("}") {
		return p.expected("a string in quotes, or }")
	}
	return nil
}
