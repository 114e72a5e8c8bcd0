package plan

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"html"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Masked stands for what is secret.
const Masked = "(sensitive)"

const (
	// minSecret is how many characters a secret has at least. Masking shorter
	// ones everywhere would leave nothing to read, and hide little.
	minSecret = 4
	// minLine is how long a line of a secret is that is masked by itself, as
	// when a key stands indented in YAML.
	minLine = 16
	// minKeyLine is the same for a key in PEM, of which the last line is short.
	minKeyLine = 8
	// maxNested is how deep JSON in texts of other JSON is known to hold a secret.
	maxNested = 3
)

// secrets collects values that must not be shown. It is safe for concurrent use.
type secrets struct {
	mu     sync.Mutex
	values map[string]struct{}
}

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
		s.add(v)
	case json.Number:
		s.add(v.String())
	}
}

func (s *secrets) add(secret string) {
	if utf8.RuneCountInString(secret) < minSecret {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values == nil {
		s.values = map[string]struct{}{}
	}
	s.values[secret] = struct{}{}
}

// masker replaces secrets, longest first. It looks secrets up by their first
// four bytes: hundreds of thousands of them cost memory only for themselves,
// which tries and automata do not achieve.
type masker struct {
	byPrefix map[[4]byte][]string
	second   [1 << 16]bool // which first two bytes are worth a look
}

func newMasker(s *secrets) *masker {
	patterns := map[string]struct{}{}
	for secret := range s.values {
		for _, form := range forms(secret) {
			if utf8.RuneCountInString(form) >= minSecret {
				patterns[form] = struct{}{}
			}
		}
	}
	m := &masker{byPrefix: map[[4]byte][]string{}}
	byLength := func(a, b string) int { return len(b) - len(a) }
	for _, p := range slices.SortedFunc(maps.Keys(patterns), byLength) {
		m.byPrefix[[4]byte([]byte(p))] = append(m.byPrefix[[4]byte([]byte(p))], p)
		m.second[int(p[0])<<8|int(p[1])] = true
	}
	return m
}

// forms are the ways in which a secret shows up in other values.
func forms(secret string) []string {
	all := append(plain(secret), encoded(secret)...)
	for _, auth := range insideBase64(base64.StdEncoding, secret) { // a registry's credentials in the Secret of a cluster
		all = append(all, insideBase64(base64.StdEncoding, auth)...)
	}
	if escaped := escapeJSON(secret, true); escaped != secret {
		all = append(all, encoded(escaped)...)
	}
	all = append(all, strings.ReplaceAll(secret, "\r\n", "\n"))
	enough := minLine
	if strings.Contains(secret, "-----BEGIN ") {
		enough = minKeyLine
	}
	for line := range strings.SplitSeq(secret, "\n") {
		line = strings.TrimSpace(line)
		if len(line) >= enough && line != secret && !strings.HasPrefix(line, "-----") {
			all = append(all, plain(line)...)
		}
	}
	return all
}

// plain are the secret as it is, without the space around it, and as it stands
// inside JSON, HCL, URLs and HTML. JSON is often a text inside other JSON.
func plain(secret string) []string {
	all := []string{secret}
	if trimmed := strings.TrimSpace(secret); trimmed != "" {
		all = append(all, trimmed)
	}
	for _, escapeHTML := range []bool{true, false} {
		escaped := secret
		for range maxNested {
			escaped = escapeJSON(escaped, escapeHTML)
			all = append(all, escaped, hclTemplate.Replace(escaped))
		}
	}
	return append(all, url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret))
}

// escapeJSON is a text as it stands between the quotes of JSON.
func escapeJSON(s string, escapeHTML bool) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(escapeHTML)
	if enc.Encode(s) != nil {
		return s
	}
	quoted := strings.TrimSuffix(b.String(), "\n")
	return quoted[1 : len(quoted)-1]
}

// hclTemplate escapes what starts a template in HCL, as the keys in addresses
// have it.
var hclTemplate = strings.NewReplacer("${", "$${", "%{", "%%{")

// encoded are the secret in base64, alone and inside something longer.
func encoded(secret string) []string {
	var all []string
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		all = append(all, enc.EncodeToString([]byte(secret)), enc.WithPadding(base64.NoPadding).EncodeToString([]byte(secret)))
		all = append(all, insideBase64(enc, secret)...)
	}
	return all
}

// insideBase64 are the secret in the base64 of something longer, as in that of
// "user:password". There its bytes start at any of three places in a group, and
// only the characters that no neighbour changes are its own.
func insideBase64(enc *base64.Encoding, secret string) []string {
	var all []string
	for offset := range 3 {
		text := enc.EncodeToString(append(make([]byte, offset), secret...))
		own := text[(offset*8+5)/6 : (offset+len(secret))*8/6]
		if len(own) > minSecret {
			all = append(all, own)
		}
	}
	return all
}

// mask replaces every secret in a text. Secrets that overlap are replaced as
// one: the end of the second would otherwise be left to read.
func (m *masker) mask(s string) string {
	var b strings.Builder
	done := 0 // up to where the text is written, or is part of a secret
	for i := 0; i+4 <= len(s); i++ {
		n := m.match(s[i:])
		if n == 0 {
			continue
		}
		if i >= done {
			b.WriteString(s[done:i])
			b.WriteString(Masked)
		}
		done = max(done, i+n)
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// match is the length of the longest secret that a text starts with.
func (m *masker) match(s string) int {
	if !m.second[int(s[0])<<8|int(s[1])] {
		return 0
	}
	for _, p := range m.byPrefix[[4]byte([]byte(s[:4]))] {
		if strings.HasPrefix(s, p) {
			return len(p)
		}
	}
	return 0
}

// text masks a text, shortens it, and makes it fit to be shown.
func (m *masker) text(s string) string { return shown(m.mask(s)) }

// paragraph is text that keeps its lines.
func (m *masker) paragraph(s string) string {
	s = strings.ReplaceAll(m.mask(strings.TrimSpace(s)), "\t", "    ")
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
