package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/apparentlymart/go-textseg/v17/textseg"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

// command is what the runner of GitHub Actions carries out when it stands in
// the log of a step, at the start of a line or, in its old form, anywhere.
var command = lazyregexp.New(`^\s*::[A-Za-z].*::|##\[`)

// inert breaks commands: reports are also printed to logs.
func inert(s string) string {
	if !strings.Contains(s, "::") && !strings.Contains(s, "##[") {
		return s
	}
	return command.ReplaceAllStringFunc(s, func(found string) string {
		i := strings.IndexAny(found, ":#")
		return fmt.Sprintf(`%s\x%02x%s`, found[:i], found[i], found[i+1:])
	})
}

// quote writes a text as HCL has it.
func quote(s string) string { return inert(strconv.Quote(s)) }

// visible writes what cannot be seen, or turns the direction of a text, as an
// escape: control characters, zero-width ones, line and paragraph separators.
func visible(s string) string {
	s = inert(s)
	if !strings.ContainsFunc(s, func(r rune) bool { return hidden(r) || r == utf8.RuneError }) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError:
			_, size := utf8.DecodeRuneInString(s[i:])
			if size == 1 {
				fmt.Fprintf(&b, `\x%02x`, s[i])
			} else {
				b.WriteRune(r)
			}
		case hidden(r):
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hidden(r rune) bool { return !strconv.IsPrint(r) }

// cut shortens a text to at most limit bytes, between characters as a reader
// sees them, and says how long it was.
func cut(s string, limit int) (short, note string) {
	if len(s) <= limit {
		return s, ""
	}
	// Some bytes past the limit, so that the character that crosses it is seen whole.
	window := []byte(s[:min(len(s), limit+64)])
	if !slices.ContainsFunc(window, func(c byte) bool { return c >= utf8.RuneSelf }) {
		return s[:limit], length(s)
	}
	end := 0
	for end < limit {
		n, _, err := textseg.ScanGraphemeClusters(window[end:], true)
		if err != nil || n == 0 || end+n > limit {
			break
		}
		end += n
	}
	return s[:end], length(s)
}

func length(s string) string {
	return fmt.Sprintf("… (%s characters)", thousands(utf8.RuneCountInString(s)))
}

// Name is the unit's path, fit to be shown.
func (u *Unit) Name() string { return shown(u.Path) }

// shown shortens a text and makes it visible.
func shown(s string) string {
	short, note := cut(s, maxValue)
	return visible(short) + note
}

// thousands writes 12345 as 12,345.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
