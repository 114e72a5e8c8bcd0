package kongsim

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

func isUUID(s string) bool { return uuidForm.MatchString(s) }

func between(lo, hi float64) func(any) string {
	msg := fmt.Sprintf("value should be between %s and %s", format(lo), format(hi))
	return func(v any) string {
		if n := asNumber(v); n < lo || n > hi {
			return msg
		}
		return ""
	}
}

func above(lo float64) func(any) string {
	return func(v any) string {
		if asNumber(v) <= lo {
			return "value must be greater than " + format(lo)
		}
		return ""
	}
}

func format(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func oneOf(values ...any) func(any) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	msg := "expected one of: " + strings.Join(words, ", ")
	return func(v any) string {
		if n, ok := v.(float64); ok {
			v = format(n)
		}
		if !slices.Contains(words, fmt.Sprint(v)) {
			return msg
		}
		return ""
	}
}

func all(checks ...func(any) string) func(any) string {
	return func(v any) string {
		for _, c := range checks {
			if msg := c(v); msg != "" {
				return msg
			}
		}
		return ""
	}
}

func uuid(v any) string {
	if !isUUID(asString(v)) {
		return "expected a valid UUID"
	}
	return ""
}

// validName: letters, digits, . - _ ~ and anything beyond ASCII.
func validName(v any) string {
	s := asString(v)
	for _, r := range s {
		if r < utf8.RuneSelf && !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_~", r) {
			return "invalid value '" + s + "': the only accepted ascii characters are alphanumerics or ., -, _, and ~"
		}
	}
	if !utf8.ValidString(s) {
		return "invalid value '" + s + "': not a valid utf-8 string"
	}
	return ""
}

func validTag(v any) string {
	s := asString(v)
	for _, r := range s {
		if r == ',' || r == '/' || r < 0x20 || r == 0x7f || r == utf8.RuneError {
			return "invalid tag '" + s + "': expected printable ascii (except `,` and `/`) or valid utf-8 sequences"
		}
	}
	return ""
}

var hostLabels = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$`)

func isHostname(s string) bool { return hostLabels.MatchString(s) }

func isIP(s string) bool {
	_, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	return err == nil
}

// splitPort parts host and port; the port is empty when there is none. IPv6 keeps its brackets.
func splitPort(s string) (string, string, bool) {
	if isIP(s) {
		return s, "", true
	}
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s, "", true
	}
	n, err := strconv.Atoi(s[i+1:])
	return s[:i], s[i+1:], err == nil && n >= 0 && n <= 65535
}

func serviceHost(v any) string {
	s := asString(v)
	host, port, ok := splitPort(s)
	if !ok || !isIP(host) && !isHostname(host) {
		return "invalid value: " + s
	}
	if port != "" {
		return "must not have a port"
	}
	return ""
}

func hostWithPort(v any) string {
	s := asString(v)
	host, _, ok := splitPort(s)
	if !ok || !isIP(host) && !isHostname(host) {
		return "invalid hostname: " + s
	}
	return ""
}

func wildcardHost(v any) string {
	s := asString(v)
	if !strings.Contains(s, "*") {
		return hostWithPort(v)
	}
	if strings.Count(s, "*") > 1 {
		return "invalid wildcard: must have at most one wildcard"
	}
	if !strings.HasPrefix(s, "*.") && !strings.HasSuffix(s, ".*") {
		return "invalid wildcard: must be placed at leftmost or rightmost label"
	}
	return hostWithPort(strings.Replace(s, "*", "wildcard", 1))
}

func sniName(v any) string {
	s := asString(v)
	if isIP(s) {
		return "must not be an IP"
	}
	host, port, _ := splitPort(s)
	if port != "" {
		return "must not have a port"
	}
	return wildcardHost(host)
}

func ipOrRange(v any) string {
	s := asString(v)
	if isIP(s) {
		return ""
	}
	if _, err := netip.ParsePrefix(s); err != nil {
		return "invalid ip or cidr range: '" + s + "'"
	}
	return ""
}

var (
	escape     = regexp.MustCompile(`%.{0,2}`)
	goodEscape = regexp.MustCompile(`^%[0-9A-Fa-f]{2}$`)
	rfc3986    = regexp.MustCompile(`^[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*$`)
)

// plainPath is a path sent upstream.
func plainPath(v any) string {
	s := asString(v)
	if !strings.HasPrefix(s, "/") {
		return "should start with: /"
	}
	if strings.Contains(s, "//") {
		return "must not have empty segments"
	}
	if !rfc3986.MatchString(s) {
		return "invalid path: '" + s + "' (characters outside of the reserved list of RFC 3986 found)"
	}
	for _, e := range escape.FindAllString(s, -1) {
		if !goodEscape.MatchString(e) {
			return "invalid url-encoded value: '" + e + "'"
		}
	}
	return ""
}

// routerPath is a path requests are matched with: a normalized prefix, or ~ and a regular expression.
func routerPath(v any) string {
	s := asString(v)
	switch {
	case strings.Contains(s, "//"):
		return "must not have empty segments"
	case strings.HasPrefix(s, "~/"):
		if msg := badRegex(s[1:]); msg != "" {
			return "invalid regex: '" + s[1:] + "' (PCRE returned: pcre2_compile() failed: " + msg + ")"
		}
		return ""
	case !strings.HasPrefix(s, "/"):
		return "should start with: / (fixed path) or ~/ (regex path)"
	}
	if n := normalized(s); n != s {
		return "non-normalized path, consider use '" + n + "' instead"
	}
	return ""
}

// normalized decodes the escapes of unreserved characters, writes the others in upper case and resolves dots.
func normalized(s string) string {
	s = escape.ReplaceAllStringFunc(s, func(e string) string {
		if !goodEscape.MatchString(e) {
			return e
		}
		n, _ := strconv.ParseUint(e[1:], 16, 8)
		c := byte(n)
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			return string(rune(c))
		}
		return strings.ToUpper(e)
	})
	clean := path.Clean(s)
	if clean != "/" && (strings.HasSuffix(s, "/") || strings.HasSuffix(s, "/.") || strings.HasSuffix(s, "/..")) {
		clean += "/"
	}
	return clean
}

// pcreOnly are the groups PCRE knows and Go does not: written as plain groups they keep the rest of the expression
// checkable.
var pcreOnly = strings.NewReplacer("(?=", "(?:", "(?!", "(?:", "(?<=", "(?:", "(?<!", "(?:", "(?>", "(?:", "(?|", "(?:")

func badRegex(s string) string {
	_, err := regexp.Compile(pcreOnly.Replace(s))
	if err == nil {
		return ""
	}
	for text, pcre := range map[string]string{
		"missing closing )":                       "missing closing parenthesis",
		"unexpected )":                            "unmatched closing parenthesis",
		"missing closing ]":                       "missing terminating ] for character class",
		"missing argument to repetition operator": "quantifier does not follow a repeatable item",
		"trailing backslash":                      "\\ at end of pattern",
	} {
		if strings.Contains(err.Error(), text) {
			return pcre + ` in "` + s + `"`
		}
	}
	return "" // possessive quantifiers, back references and the like: right in PCRE
}

func method(v any) string {
	s := asString(v)
	for _, r := range s {
		if r < 'A' || r > 'Z' {
			return "invalid value: " + s
		}
	}
	return ""
}

// empty is the gateway's idea of a field that is not set, in checks over several fields.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case object:
		return len(v) == 0
	}
	return false
}

func quoted(names []string) string { return "'" + strings.Join(names, "', '") + "'" }

func atLeastOne(names ...string) check {
	return func(e object, errs violations, updating bool) {
		if slices.ContainsFunc(names, func(n string) bool { return !empty(dig(e, n)) }) {
			return
		}
		prefix := ""
		if updating {
			prefix = "when updating, "
		}
		errs.entity(prefix + "at least one of these fields must be non-empty: " + quoted(names))
	}
}

func onlyOne(names ...string) check {
	return func(e object, errs violations, _ bool) {
		n := 0
		for _, name := range names {
			if !empty(dig(e, name)) {
				n++
			}
		}
		if n != 1 {
			errs.entity("exactly one of these fields must be non-empty: " + quoted(names))
		}
	}
}

func onlyOneOrNone(names ...string) check {
	return func(e object, errs violations, _ bool) {
		n := 0
		for _, name := range names {
			if !empty(dig(e, name)) {
				n++
			}
		}
		if n > 1 {
			errs.entity("only one or none of these fields must be set: " + quoted(names))
		}
	}
}

func allOrNone(names ...string) check {
	return func(e object, errs violations, _ bool) {
		n := 0
		for _, name := range names {
			if !empty(dig(e, name)) {
				n++
			}
		}
		if n != 0 && n != len(names) {
			errs.entity("all or none of these fields must be set: " + quoted(names))
		}
	}
}

func distinct(names ...string) check {
	return func(e object, errs violations, _ bool) {
		seen := map[any]bool{}
		for _, n := range names {
			v := dig(e, n)
			if empty(v) {
				continue
			}
			if seen[v] {
				errs.entity("values of these fields must be distinct: " + quoted(names))
				return
			}
			seen[v] = true
		}
	}
}

// conditional: when the one field matches, what is wrong with the other is its error and the entity's.
func conditional(name string, match func(v any) bool, then string, rule func(v any) string) check {
	return func(e object, errs violations, _ bool) {
		if errs.at(name) != nil || errs.at(then) != nil && errs["@entity"] == nil || !match(dig(e, name)) {
			return
		}
		if msg := rule(dig(e, then)); msg != "" {
			errs.put(then, msg)
			errs.entity("failed conditional validation given value of field '" + name + "'")
		}
	}
}

func is(values ...string) func(any) bool {
	return func(v any) bool { s, ok := v.(string); return ok && slices.Contains(values, s) }
}

func isNot(values ...string) func(any) bool {
	return func(v any) bool { return !is(values...)(v) }
}

func mustBeNull(v any) string {
	if v != nil {
		return "value must be null"
	}
	return ""
}

func mustBeSet(v any) string {
	if v == nil {
		return "required field missing"
	}
	return ""
}

func texts(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, x := range list {
		if s, ok := x.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only JSON values get here
	}
	return b
}

func upstreamName(v any) string {
	s := asString(v)
	host, port, ok := splitPort(s)
	switch {
	case isIP(host):
		return "Invalid name ('" + s + "'); no ip addresses allowed"
	case !ok || !isHostname(host):
		return "Invalid name ('" + s + "'); must be a valid hostname"
	case port != "":
		return "Invalid name ('" + s + "'); no port allowed"
	}
	return ""
}

func publicKey(v any) string {
	s, ok := v.(string)
	if !ok {
		return "required field missing"
	}
	if block, _ := pem.Decode([]byte(s)); block == nil {
		return "invalid key"
	}
	return ""
}

func redirectURI(v any) string {
	s := asString(v)
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return "cannot parse '" + s + "'"
	}
	if u.Fragment != "" {
		return "fragment not allowed in '" + s + "'"
	}
	return ""
}
