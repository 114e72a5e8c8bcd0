package mask

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

const (
	// minLine is how long a line of a secret is that is masked by itself, as
	// when a key stands indented in YAML.
	minLine = 16
	// minKeyLine is the same for a key in PEM, of which the last line is short.
	minKeyLine = 8
	// maxNested is how deep JSON in texts of other JSON is known to hold a secret.
	maxNested = 3
)

// forms are the ways in which a secret shows up in other values. Thorough ones
// are in the spelling of every encoder, and in spellings of spellings, as in a
// form that is repeated in a form; the others are those of Terraform and Go.
func forms(secret string, thorough bool) []string {
	all := spellings(secret, thorough)
	coded := encoded(secret)
	for _, auth := range insideBase64(base64.StdEncoding, secret) { // a registry's credentials in the Secret of a cluster
		coded = append(coded, insideBase64(base64.StdEncoding, auth)...)
	}
	inside := []string{escapeJSON(secret, true)}
	if thorough {
		inside = distinct(append(inJSON(secret), inURL(secret)...))
	}
	for _, s := range inside {
		if s != secret {
			coded = append(coded, encoded(s)...)
		}
	}
	all = append(all, coded...)
	if thorough {
		for _, code := range distinct(coded) {
			all = append(all, everywhere(code)...)
		}
	}
	all = append(all, strings.ReplaceAll(secret, "\r\n", "\n"))
	enough := minLine
	if strings.Contains(secret, "-----BEGIN ") {
		enough = minKeyLine
	}
	for line := range strings.SplitSeq(secret, "\n") {
		line = strings.TrimSpace(line)
		if len(line) >= enough && line != secret && !strings.HasPrefix(line, "-----") {
			all = append(all, spellings(line, thorough)...)
		}
	}
	return all
}

// spellings are a text as it is, without the space around it, and as it stands
// inside JSON, HCL, URLs and HTML. JSON is often a text inside other JSON.
func spellings(text string, thorough bool) []string {
	all := []string{text}
	if trimmed := strings.TrimSpace(text); trimmed != text && trimmed != "" {
		all = append(all, trimmed)
	}
	if strings.IndexFunc(text, differs) < 0 {
		return all
	}
	for _, escapeHTML := range []bool{true, false} {
		escaped := text
		for range maxNested {
			escaped = escapeJSON(escaped, escapeHTML)
			all = append(all, escaped, hclTemplate.Replace(escaped))
		}
	}
	all = append(all, url.QueryEscape(text), url.PathEscape(text), html.EscapeString(text))
	if thorough {
		for _, once := range everywhere(text) {
			all = append(all, everywhere(once)...)
		}
	}
	return all
}

// everywhere is a text in every spelling.
func everywhere(text string) []string {
	if strings.IndexFunc(text, differs) < 0 {
		return []string{text}
	}
	return distinct(slices.Concat([]string{text}, inJSON(text), inURL(text), inHTML(text)))
}

func distinct(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}

// differs reports whether a character may be spelt differently somewhere.
func differs(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
}

// inJSON are a text as the common encoders write it between quotes: Go's with
// and without HTML in mind, those that keep to ASCII, those that escape slashes.
func inJSON(text string) []string {
	var all []string
	for _, escapeHTML := range []bool{true, false} {
		s := escapeJSON(text, escapeHTML)
		for _, s := range []string{s, toASCII(s)} {
			all = append(all, s, strings.ReplaceAll(s, "/", `\/`), upperHex(s, unicodeEscape))
		}
	}
	return all
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

var unicodeEscape = lazyregexp.New(`\\u[0-9a-f]{4}`)

// toASCII escapes what is not ASCII as JSON does.
func toASCII(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// upperHex writes the hexadecimal digits of escapes in capitals.
func upperHex(s string, escape *lazyregexp.Regexp) string {
	return escape.ReplaceAllStringFunc(s, func(found string) string { return found[:2] + strings.ToUpper(found[2:]) })
}

// hclTemplate escapes what starts a template in HCL, as the keys in addresses
// have it.
var hclTemplate = strings.NewReplacer("${", "$${", "%{", "%%{")

// inHTML are a text as the common escapers write it: Go's, those of PHP, Python,
// Java and JavaScript, which differ in quotes, and those for text outside of tags.
func inHTML(text string) []string {
	all := []string{html.EscapeString(text)}
	for _, style := range htmlStyles {
		all = append(all, style.Replace(text))
	}
	return all
}

var htmlStyles = func() (all []*strings.Replacer) {
	const text = "&\x00&amp;\x00<\x00&lt;\x00>\x00&gt;"
	for _, more := range []string{
		"",
		"\x00\"\x00&quot;",
		"\x00\"\x00&quot;\x00'\x00&#39;",
		"\x00\"\x00&quot;\x00'\x00&#039;",
		"\x00\"\x00&quot;\x00'\x00&#x27;",
		"\x00\"\x00&quot;\x00'\x00&apos;",
		"\x00\"\x00&quot;\x00'\x00&#x27;\x00/\x00&#x2F;",
		"\x00\"\x00&#34;\x00'\x00&#39;\x00+\x00&#43;",
	} {
		all = append(all, strings.NewReplacer(strings.Split(text+more, "\x00")...))
	}
	return all
}()

var percentEscape = lazyregexp.New(`%[0-9A-F]{2}`)

// inURL are a text in a form, in a path, and as JavaScript's encodeURIComponent
// writes it, with digits in capitals and not.
func inURL(text string) []string {
	form := url.QueryEscape(text)
	strict := strings.ReplaceAll(form, "+", "%20")
	all := []string{form, strict, url.PathEscape(text), unescapedByScripts.Replace(strict)}
	for _, s := range all {
		all = append(all, percentEscape.ReplaceAllStringFunc(s, strings.ToLower))
	}
	return all
}

var unescapedByScripts = strings.NewReplacer("%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*")

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
