package kong

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

// rule is a validator of strings made of a function that answers what is wrong.
type rule struct {
	describes string
	wrong     func(s string) string
}

// Description implements validator.String.
func (r rule) Description(context.Context) string { return r.describes }

// MarkdownDescription implements validator.String.
func (r rule) MarkdownDescription(context.Context) string { return r.describes }

// ValidateString implements validator.String.
func (r rule) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if why := r.wrong(req.ConfigValue.ValueString()); why != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+r.describes, why)
	}
}

var (
	uuidRule     = rule{"UUID", wrongUUID}
	nameRule     = rule{"name", wrongName}
	tagRule      = rule{"tag", wrongTag}
	hostRule     = rule{"host", wrongHost}
	pathRule     = rule{"path", wrongPath}
	urlRule      = rule{"URL", wrongURL}
	matchHost    = rule{"host", wrongMatchHost}
	matchPath    = rule{"path", wrongMatchPath}
	sniRule      = rule{"server name", wrongSNI}
	methodRule   = rule{"method", wrongMethod}
	headerRule   = rule{"header name", wrongHeader}
	addressRule  = rule{"address", wrongAddress}
	uuidForm     = lazyregexp.New(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	hostLabel    = `[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?`
	hostForm     = lazyregexp.New(`^` + hostLabel + `(\.` + hostLabel + `)*\.?$`)
	nameForm     = lazyregexp.New(`^[A-Za-z0-9._~\x{80}-\x{10FFFF}-]+$`)
	methodForm   = lazyregexp.New(`^[A-Z]+$`)
	headerForm   = lazyregexp.New(`^[A-Za-z0-9_-]+$`)
	plainForm    = lazyregexp.New(`^[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*$`)
	escape       = lazyregexp.New(`%.{0,2}`)
	escapeForm   = lazyregexp.New(`^%[0-9A-Fa-f]{2}$`)
	protocols    = []string{"http", "https", "grpc", "grpcs", "tcp", "tls", "udp", "tls_passthrough"}
	protocolList = strings.Join(protocols, ", ")
)

func wrongUUID(s string) string {
	if !uuidForm.MatchString(s) {
		return fmt.Sprintf("%q is no UUID. Refer to the `id` of a resource or data source.", s)
	}
	return ""
}

func wrongName(s string) string {
	switch {
	case !nameForm.MatchString(s):
		return fmt.Sprintf("%q holds something else than letters, digits and . - _ ~, or is empty.", s)
	case uuidForm.MatchString(s):
		return fmt.Sprintf("%q looks like a UUID, which Kong would take for an id.", s)
	}
	return ""
}

func wrongTag(s string) string {
	bad := func(r rune) bool { return r == ',' || r == '/' || r < ' ' || r == 0x7f }
	if s == "" || strings.ContainsFunc(s, bad) {
		return fmt.Sprintf("%q is no tag: at least one character, and none of comma, slash and control characters.", s)
	}
	return ""
}

func isIP(s string) bool {
	_, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	return err == nil
}

func wrongHost(s string) string {
	if isIP(s) || hostForm.MatchString(s) {
		return ""
	}
	if i := strings.LastIndexByte(s, ':'); i > 0 && (hostForm.MatchString(s[:i]) || isIP(s[:i])) {
		return fmt.Sprintf("%q has a port: write %q, and the port as `port`.", s, s[:i])
	}
	return fmt.Sprintf("%q is neither a host name nor an IP address.", s)
}

// wrongPath is of a path sent upstream.
func wrongPath(s string) string {
	switch {
	case !strings.HasPrefix(s, "/"):
		return fmt.Sprintf("%q does not start with /.", s)
	case strings.Contains(s, "//"):
		return fmt.Sprintf("%q has an empty segment (//).", s)
	case !plainForm.MatchString(s):
		return fmt.Sprintf("%q has characters that a URL has to escape.", s)
	}
	for _, e := range escape.FindAllString(s, -1) {
		if !escapeForm.MatchString(e) {
			return fmt.Sprintf("%q is no escape: %% is followed by two hexadecimal digits.", e)
		}
	}
	return ""
}

func wrongURL(s string) string {
	if _, err := parseURL(s); err != nil {
		return err.Error()
	}
	return ""
}

// wrongMatchHost is of a host that requests are matched with: a port and one wildcard label are allowed.
func wrongMatchHost(s string) string {
	host := s
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !isIP(s) {
		port := s[i+1:]
		host = s[:i]
		if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
			return fmt.Sprintf("%q: %q is no port.", s, port)
		}
	}
	return wrongWildcard(s, host)
}

func wrongWildcard(s, host string) string {
	switch strings.Count(host, "*") {
	case 0:
	case 1:
		if !strings.HasPrefix(host, "*.") && !strings.HasSuffix(host, ".*") {
			return fmt.Sprintf("%q: a wildcard stands for the first or the last label: *.example.internal or example.*.", s)
		}
		host = strings.Replace(host, "*", "any", 1)
	default:
		return fmt.Sprintf("%q has more than one wildcard.", s)
	}
	if !isIP(host) && !hostForm.MatchString(host) {
		return fmt.Sprintf("%q is neither a host name nor an IP address.", s)
	}
	return ""
}

func wrongSNI(s string) string {
	switch {
	case isIP(s):
		return fmt.Sprintf("%q is an IP address; clients send no server name for one.", s)
	case strings.Contains(s, ":"):
		return fmt.Sprintf("%q has a port: a server name has none.", s)
	}
	return wrongWildcard(s, s)
}

// wrongMatchPath is of a path that requests are matched with: a normalized prefix, or ~ and a regular expression.
func wrongMatchPath(s string) string {
	switch {
	case strings.Contains(s, "//"):
		return fmt.Sprintf("%q has an empty segment (//).", s)
	case strings.HasPrefix(s, "~/"):
		return wrongRegex(s[1:])
	case !strings.HasPrefix(s, "/"):
		return fmt.Sprintf("%q starts neither with / (a prefix) nor with ~/ (a regular expression).", s)
	}
	if n := normalPath(s); n != s {
		return fmt.Sprintf("%q is not normalized, and would never match: write %q.", s, n)
	}
	return ""
}

// normalPath is how Kong writes a path before it matches it: unreserved characters plain, escapes in upper case, no
// dots (kong/tools/uri.lua).
func normalPath(s string) string {
	s = escape.ReplaceAllStringFunc(s, func(e string) string {
		plain, err := url.PathUnescape(e)
		switch {
		case !escapeForm.MatchString(e) || err != nil:
			return e
		case nameForm.MatchString(plain) && plain[0] < 0x80:
			return plain
		}
		return strings.ToUpper(e)
	})
	clean := path.Clean(s)
	if clean != "/" && (strings.HasSuffix(s, "/") || strings.HasSuffix(s, "/.") || strings.HasSuffix(s, "/..")) {
		clean += "/"
	}
	return clean
}

// perlGroups are groups that PCRE has and Go has not. Read as plain groups, they leave the rest checkable.
var perlGroups = strings.NewReplacer("(?=", "(?:", "(?!", "(?:", "(?<=", "(?:", "(?<!", "(?:", "(?>", "(?:", "(?|", "(?:")

// wrongRegex finds what no dialect of regular expressions allows. What only PCRE knows (possessive quantifiers, back
// references) passes: Kong is the judge of it.
func wrongRegex(s string) string {
	_, err := regexp.Compile(perlGroups.Replace(s))
	if err == nil {
		return ""
	}
	for _, certain := range []string{"missing closing", "unexpected )", "missing argument to repetition", "trailing backslash"} {
		if strings.Contains(err.Error(), certain) {
			return fmt.Sprintf("%q is no regular expression: %s.", s, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
	}
	return ""
}

func wrongMethod(s string) string {
	if !methodForm.MatchString(s) {
		return fmt.Sprintf("%q is no method: write it in capital letters, as GET.", s)
	}
	return ""
}

func wrongHeader(s string) string {
	switch {
	case strings.EqualFold(s, "host"):
		return "The header host is matched with `hosts`."
	case !headerForm.MatchString(s):
		return fmt.Sprintf("%q is no header name: letters, digits, - and _ only.", s)
	}
	return ""
}

func wrongAddress(s string) string {
	if isIP(s) {
		return ""
	}
	if _, err := netip.ParsePrefix(s); err != nil {
		return fmt.Sprintf("%q is neither an IP address nor a range in CIDR notation.", s)
	}
	return ""
}

// upstreamURL is what the shorthand `url` of a service stands for.
type upstreamURL struct {
	protocol, host string
	port           int64
	path           string // empty for none
}

// parseURL takes a URL apart as Kong does: without a port, http has 80, https 443, and every other protocol the
// service's default, which is 80 again.
func parseURL(s string) (upstreamURL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return upstreamURL{}, fmt.Errorf("%q is no URL: %w", s, err)
	}
	out := upstreamURL{protocol: u.Scheme, host: u.Hostname(), port: 80, path: u.EscapedPath()}
	switch {
	case !slices.Contains(protocols, u.Scheme):
		return out, fmt.Errorf("%q does not start with a protocol and ://. Protocols are %s", s, protocolList)
	case u.Host == "":
		return out, fmt.Errorf("%q names no host", s)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return out, fmt.Errorf("%q has a user, a query or a fragment, which Kong does not keep", s)
	}
	if why := wrongHost(out.host); why != "" {
		return out, fmt.Errorf("%q: %s", s, why)
	}
	if out.path != "" {
		if why := wrongPath(out.path); why != "" {
			return out, fmt.Errorf("%q: %s", s, why)
		}
	}
	if u.Scheme == "https" {
		out.port = 443
	}
	if u.Port() != "" {
		if out.port, err = strconv.ParseInt(u.Port(), 10, 64); err != nil || out.port > 65535 {
			return out, fmt.Errorf("%q: the port %s is not between 0 and 65535", s, u.Port())
		}
	}
	return out, nil
}

// String is the shortest URL that means the same.
func (u upstreamURL) String() string {
	host := u.host
	if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") {
		host = "[" + host + "]"
	}
	if bare := (upstreamURL{protocol: u.protocol, host: u.host}); u.port != bare.usualPort() {
		host += ":" + strconv.FormatInt(u.port, 10)
	}
	return u.protocol + "://" + host + u.path
}

func (u upstreamURL) usualPort() int64 {
	if u.protocol == "https" {
		return 443
	}
	return 80
}
