package kongsim

import (
	"fmt"
	"regexp"
	"strings"
)

// expressionToken splits a router expression: https://docs.konghq.com/gateway/latest/reference/expressions-language/.
var expressionToken = regexp.MustCompile(`^\s*(?:(&&|\|\||\(|\)|!=|==|=\^|\^=|>=|<=|~|>|<|!)|("(?:[^"\\]|\\.)*")|(r#".*?"#)|([A-Za-z0-9_.:*/\[\]-]+)|(\S))`)

var expressionField = regexp.MustCompile(`^(http\.(method|host|path|headers\.[a-z0-9_]+|queries\..+|path\.segments\..+)|net\.(protocol|port|src\.ip|src\.port|dst\.ip|dst\.port)|tls\.sni)$`)

// badExpression answers what keeps an expression from being parsed. The words are those of the gateway's parser, the
// excerpt is short of its exact cut.
func badExpression(s string) string {
	p := &expressionParser{src: s}
	p.next()
	p.or()
	if p.err == "" && p.tok != "" {
		p.fail("expected EOI")
	}
	return p.err
}

type expressionParser struct {
	src, tok, err string
	at, end       int
}

func (p *expressionParser) next() {
	p.tok = ""
	rest := p.src[p.end:]
	m := expressionToken.FindStringSubmatchIndex(rest)
	p.at = p.end + len(rest) - len(strings.TrimLeft(rest, " \t\n"))
	if m == nil {
		return
	}
	for g := 1; g <= 5; g++ {
		if m[2*g] >= 0 {
			p.tok = rest[m[2*g]:m[2*g+1]]
		}
	}
	p.end += m[1]
}

func (p *expressionParser) fail(what string) {
	if p.err == "" {
		p.err = fmt.Sprintf(" --> 1:%d\n  |\n1 | %s\n  | %s^---\n  |\n  = %s", p.at+1, p.src, strings.Repeat(" ", p.at), what)
	}
}

func (p *expressionParser) or() {
	p.term()
	for p.err == "" && (p.tok == "&&" || p.tok == "||") {
		p.next()
		p.term()
	}
}

func (p *expressionParser) term() {
	if p.err != "" {
		return
	}
	switch p.tok {
	case "!":
		p.next()
		if p.tok != "(" {
			p.fail("expected parenthesised expression")
			return
		}
		p.term()
	case "(":
		p.next()
		p.or()
		if p.tok != ")" {
			p.fail("expected )")
			return
		}
		p.next()
	case "any", "lower":
		p.next()
		if p.tok != "(" {
			p.fail("expected (")
			return
		}
		p.next()
		p.name()
		if p.tok != ")" {
			p.fail("expected )")
			return
		}
		p.next()
		p.comparison()
	default:
		p.name()
		p.comparison()
	}
}

func (p *expressionParser) name() {
	if p.tok == "lower" {
		p.next()
		p.next()
		p.name()
		p.next()
		return
	}
	if !expressionField.MatchString(p.tok) {
		p.fail("expected term")
		return
	}
	p.next()
}

func (p *expressionParser) comparison() {
	if p.err != "" {
		return
	}
	switch p.tok {
	case "==", "!=", "=^", "^=", ">=", "<=", "~", ">", "<", "in", "not", "contains":
	default:
		p.fail("expected binary_operator")
		return
	}
	if p.tok == "not" {
		p.next()
	}
	p.next()
	if p.tok == "" || strings.Contains("&&||()==!=", p.tok) {
		p.fail("expected rhs")
		return
	}
	p.next()
}
