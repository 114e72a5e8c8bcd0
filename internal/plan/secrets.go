package plan

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

// Masked stands for what is secret.
const Masked = mask.Masked

// secrets collects what plans mark as secret.
type secrets struct{ mask.Secrets }

// flagged adds what a tree of flags, as plans have it, marks in a value.
func (s *secrets) flagged(value, flags json.RawMessage) {
	if !bytes.Contains(flags, []byte("true")) {
		return
	}
	s.marked(decode(value), decode(flags))
}

func (s *secrets) marked(value, flags any) {
	if flags == true {
		s.all(value)
		return
	}
	switch v := value.(type) {
	case map[string]any:
		for key, child := range v {
			s.marked(child, at(flags, key))
		}
	case []any:
		for i, child := range v {
			s.marked(child, at(flags, i))
		}
	}
}

// all adds every scalar of a value. Keys are left out: those of a sensitive
// object are names like "password", which the rest of the plan needs.
func (s *secrets) all(value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, child := range v {
			s.all(child)
		}
	case []any:
		for _, child := range v {
			s.all(child)
		}
	case string:
		s.Add(v)
	case json.Number:
		s.Add(v.String())
	}
}

// masker masks texts, and makes them fit to be shown.
type masker struct{ *mask.Masker }

func newMasker(s *secrets) *masker { return &masker{s.Masker()} }

// text masks a text, shortens it, and makes it fit to be shown.
func (m *masker) text(s string) string { return shown(m.Text(s)) }

// paragraph is text that keeps its lines.
func (m *masker) paragraph(s string) string {
	s = strings.ReplaceAll(m.Text(strings.TrimSpace(s)), "\t", "    ")
	var lines []string
	for line := range strings.Lines(s) {
		if len(lines) == maxLines {
			return strings.Join(append(lines, "…"), "\n")
		}
		lines = append(lines, shown(strings.TrimRight(line, "\r\n")))
	}
	return strings.Join(lines, "\n")
}

// address masks the keys in an address. The names around them are the
// configuration's own: without them nobody knows what changes.
func (m *masker) address(address string) string {
	if len(address) > 8*maxValue {
		return m.text(address)
	}
	var b strings.Builder
	b.Grow(len(address))
	for address != "" {
		open := strings.IndexByte(address, '[')
		if open < 0 {
			break
		}
		end := keyEnd(address[open:])
		if end < 0 {
			return b.String() + shown(address[:open]) + m.text(address[open:])
		}
		b.WriteString(shown(address[:open]))
		b.WriteString("[" + m.text(address[open+1:open+end]) + "]")
		address = address[open+end+1:]
	}
	return b.String() + shown(address)
}

// keyEnd finds the bracket that closes the one a text starts with, or gives -1.
func keyEnd(s string) int {
	quoted := false
	for i := 1; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ']' && !quoted:
			return i
		}
	}
	return -1
}
