// Package mask hides secrets by their values, however they are spelt: a secret
// is taken out of a text whether it stands there as it is, in JSON, HCL, a form,
// a URL, HTML or base64. Patterns and names of fields play no part.
package mask

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Masked stands for what is secret.
const Masked = "(sensitive)"

// minSecret is how many characters a secret has at least. Masking shorter
// ones everywhere would leave nothing to read, and hide little.
const minSecret = 4

// few secrets are looked for in all spellings there are. A client holds a
// handful; a plan may have hundreds of thousands, for which that would take gigabytes.
const few = 200

// Secrets collects values that must not be shown. It is safe for concurrent
// use; the zero value and nil are empty.
type Secrets struct {
	mu     sync.Mutex
	values map[string]struct{}
	masker *Masker // of the values, until another one comes
}

// Add adds values, but those too short to be told from anything else.
func (s *Secrets) Add(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range values {
		if utf8.RuneCountInString(secret) < minSecret {
			continue
		}
		if s.values == nil {
			s.values = map[string]struct{}{}
		}
		if _, known := s.values[secret]; !known {
			s.values[secret] = struct{}{}
			s.masker = nil
		}
	}
}

// Text masks a text.
func (s *Secrets) Text(text string) string {
	if s == nil {
		return text
	}
	return s.Masker().Text(text)
}

// Masker masks what has been added so far.
func (s *Secrets) Masker() *Masker {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.masker == nil {
		s.masker = newMasker(s.values)
	}
	return s.masker
}

func (s *Secrets) all() []string {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.values))
}

// Join returns a set with the values of several, of which any may be nil.
func Join(sets ...*Secrets) *Secrets {
	joined := &Secrets{}
	for _, s := range sets {
		joined.Add(s.all()...)
	}
	return joined
}

type contextKey struct{}

// With says that requests made with the returned context may hold secrets.
func With(ctx context.Context, values ...string) context.Context {
	s := Join(In(ctx))
	s.Add(values...)
	return context.WithValue(ctx, contextKey{}, s)
}

// In returns the secrets that With has put into a context, or nil.
func In(ctx context.Context) *Secrets {
	s, _ := ctx.Value(contextKey{}).(*Secrets)
	return s
}

// Masker replaces secrets, longest first. It looks secrets up by their first
// four bytes: hundreds of thousands of them cost memory only for themselves,
// which tries and automata do not achieve.
type Masker struct {
	byPrefix map[[4]byte][]string
	second   [1 << 16]bool // which first two bytes are worth a look
}

func newMasker(secrets map[string]struct{}) *Masker {
	patterns := map[string]struct{}{}
	for secret := range secrets {
		for _, form := range forms(secret, len(secrets) <= few) {
			if utf8.RuneCountInString(form) >= minSecret {
				patterns[form] = struct{}{}
			}
		}
	}
	m := &Masker{byPrefix: map[[4]byte][]string{}}
	byLength := func(a, b string) int { return len(b) - len(a) }
	for _, p := range slices.SortedFunc(maps.Keys(patterns), byLength) {
		m.byPrefix[[4]byte([]byte(p))] = append(m.byPrefix[[4]byte([]byte(p))], p)
		m.second[int(p[0])<<8|int(p[1])] = true
	}
	return m
}

// Text replaces every secret in a text. Secrets that overlap are replaced as
// one: the end of the second would otherwise be left to read.
func (m *Masker) Text(s string) string {
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
func (m *Masker) match(s string) int {
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
