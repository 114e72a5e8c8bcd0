package platform

import (
	"math"
	"slices"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

var camelCase = lazyregexp.New(`([a-z0-9])([A-Z])`)

// words splits a name: apiToken, api-token and API_TOKEN are the same.
func words(name string) []string {
	name = strings.ToLower(camelCase.ReplaceAllString(name, "${1}_$2"))
	return strings.FieldsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
}

var (
	secretWords = []string{"password", "passwd", "passphrase", "pwd", "pass", "secret", "token", "apikey", "credential", "authorization"}

	// With key behind it: access_key is left out, which is an account in most systems.
	secretKeys = []string{"private", "api", "secret", "encryption", "signing", "master", "client", "customer", "shared", "account"}

	// In front of secret: what is meant is an object of Kubernetes, by its name.
	objectWords = []string{"password", "credentials", "tls", "ca", "cert", "certificate", "pull", "existing", "kubernetes"}

	// Behind a name that says secret, without changing that.
	valueWords = []string{"wo", "value", "plain", "plaintext", "base64", "b64"}
)

// callsSecret reports whether a name is that of a secret, or of many. What it
// ends with decides: password_version and token_url are none.
func callsSecret(name string) (one, many bool) {
	w := words(name)
	for len(w) > 1 && slices.Contains(valueWords, w[len(w)-1]) {
		w = w[:len(w)-1]
	}
	if len(w) == 0 {
		return false, false
	}
	last, before := w[len(w)-1], ""
	if len(w) > 1 {
		before = w[len(w)-2]
	}
	single := strings.TrimSuffix(last, "s")
	switch {
	case single == "secret" && slices.Contains(objectWords, before):
		return false, false
	case slices.Contains(secretWords, last), last == "key" && slices.Contains(secretKeys, before):
		return true, false
	case slices.Contains(secretWords, single), single == "key" && slices.Contains(secretKeys, before):
		return false, true
	}
	return false, false
}

// secretShapes are texts that are secrets wherever they stand.
var secretShapes = []struct {
	what    string
	pattern *lazyregexp.Regexp
}{
	{"a private key", lazyregexp.New(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----`)},
	{"an access key of AWS", lazyregexp.New(`\b(AKIA|ASIA)[0-9A-Z]{16}\b`)},
	{"a token of GitHub", lazyregexp.New(`\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22})`)},
	{"a token of GitLab", lazyregexp.New(`\bglpat-[A-Za-z0-9_-]{20}`)},
	{"a token of Slack", lazyregexp.New(`\bxox[abprs]-[A-Za-z0-9-]{10}`)},
	{"a token of Vault", lazyregexp.New(`\bhvs\.[A-Za-z0-9_-]{24}`)},
	{"a JSON web token", lazyregexp.New(`\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`)},
	{"a URL with a password", lazyregexp.New(`\b[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s:@]*:[^/\s:@\x00$<{][^/\s:@\x00]*@`)},
	{"a connection string with a password", lazyregexp.New(`(?i)\b(password|passwd|pwd)\s*=\s*[^\s;\x00$<{]`)},
}

// suspicious reports whether a key may be expected under a name.
func suspicious(name string) bool {
	w := words(name)
	has := func(list ...string) bool {
		return slices.ContainsFunc(w, func(s string) bool { return slices.Contains(list, s) })
	}
	return has("key", "keys", "auth", "credential", "credentials", "secret", "secrets", "token", "tokens", "pass", "password", "passwords", "signature") &&
		!has("public", "file", "path", "url", "uri", "name", "ref", "version", "id", "fingerprint", "hash", "digest", "checksum")
}

var (
	hexadecimal = lazyregexp.New(`^[0-9a-f]{32,}$`)
	base64Text  = lazyregexp.New(`^[A-Za-z0-9+/_-]{24,}={0,2}$`)
	allOfBase64 = []*lazyregexp.Regexp{lazyregexp.New(`[A-Z]`), lazyregexp.New(`[a-z]`), lazyregexp.New(`[0-9]`)}
)

// Bits a character that random text has at least, at the lengths above.
const (
	hexadecimalBits = 3.0
	base64Bits      = 4.0
)

// random reports whether a text looks as if a machine had drawn it.
func random(text string) bool {
	switch {
	case hexadecimal.MatchString(text):
		return entropy(text) >= hexadecimalBits
	case base64Text.MatchString(text):
		return entropy(text) >= base64Bits && !slices.ContainsFunc(allOfBase64, func(r *lazyregexp.Regexp) bool { return !r.MatchString(text) })
	}
	return false
}

// entropy is Shannon's, in bits a character.
func entropy(text string) float64 {
	counts := map[rune]float64{}
	for _, r := range text {
		counts[r]++
	}
	bits := 0.0
	for _, n := range counts {
		p := n / float64(len(text))
		bits -= p * math.Log2(p)
	}
	return bits
}
