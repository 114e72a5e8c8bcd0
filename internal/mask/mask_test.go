package mask

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"net/url"
	"strings"
	"testing"
)

func TestMask(t *testing.T) {
	const key = "-----BEGIN KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ0x\nyZ2Wm3lS5bq8tN4c\nQw7xZ9A=\n-----END KEY-----\n"
	var found Secrets
	for _, secret := range []string{`pa"ss<w>/ord`, "kR7vq2Lw9z", "kR7vq2", "abc", key, " padded \n", "app-kR7v", "9z-prod"} {
		found.Add(secret)
	}
	m := &found
	encode := base64.StdEncoding.EncodeToString
	nest := func(depth int, s string) string {
		for range depth {
			s = string(marshal(t, map[string]string{"a": s}))
		}
		return s
	}
	auths := marshal(t, map[string]string{"auth": encode([]byte("ci:kR7vq2Lw9z")), "z": ""})
	tests := map[string]struct{ text, want string }{
		"equal":               {"kR7vq2Lw9z", "(sensitive)"},
		"inside":              {"postgres://app:kR7vq2Lw9z@db", "postgres://app:(sensitive)@db"},
		"overlapping":         {"x app-kR7vq2Lw9z-prod y", "x (sensitive) y"},
		"side by side":        {"kR7vq29z-prod", "(sensitive)(sensitive)"},
		"the longest":         {"kR7vq2Lw9z kR7vq2Lw", "(sensitive) (sensitive)Lw"},
		"too short":           {"abc", "abc"},
		"in JSON":             {`{"p":"pa\"ss<w>/ord"}`, `{"p":"(sensitive)"}`},
		"in JSON for HTML":    {`{"p":"pa\"ss\u003cw\u003e/ord"}`, `{"p":"(sensitive)"}`},
		"in JSON in JSON":     {nest(2, `pa"ss<w>/ord`), nest(2, Masked)},
		"three times JSON":    {nest(3, `pa"ss<w>/ord`), nest(3, Masked)},
		"in JSON in base64":   {encode([]byte(nest(1, `xpa"ss<w>/ordx`))), "eyJhIjoieH(sensitive)eCJ9"},
		"in a URL":            {"?p=pa%22ss%3Cw%3E%2Ford", "?p=(sensitive)"},
		"base64":              {encode([]byte("kR7vq2Lw9z")), "(sensitive)"},
		"base64, no padding":  {base64.RawStdEncoding.EncodeToString([]byte(`pa"ss<w>/ord`)), "(sensitive)"},
		"base64 for URLs":     {base64.URLEncoding.EncodeToString([]byte(`pa"ss<w>/ord`)), "(sensitive)"},
		"padded, without":     {"[padded]", "[(sensitive)]"},
		"base64 twice":        {encode(auths), "eyJhdXRoIjoiWTJrNm(sensitive)VnPT0iLCJ6IjoiIn0="},
		"end of a key":        {"  Qw7xZ9A=\r\n", "  (sensitive)\r\n"},
		"lines of a key":      {"    MC4CAQAwBQYDK2VwBCIEIJ0x\r\n    yZ2Wm3lS5bq8tN4c\n", "    (sensitive)\r\n    (sensitive)\n"},
		"nothing":             {"kR7v q2Lw", "kR7v q2Lw"},
		"shorter than a word": {"kR", "kR"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := m.Text(tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	content, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// In base64 a secret starts at any of three places of a group, and what stands
// beside it changes its first and last character.
func TestMaskInsideBase64(t *testing.T) {
	var found Secrets
	found.Add("kR7vq2Lw9z")
	m := &found
	for before := range 7 {
		for after := range 7 {
			text := strings.Repeat("x", before) + "kR7vq2Lw9z" + strings.Repeat("y", after)
			masked := m.Text(base64.StdEncoding.EncodeToString([]byte(text)))
			if !strings.Contains(masked, Masked) {
				t.Errorf("%q is not masked: %s", text, masked)
			}
		}
	}
}

// However a server or a program spells what it was given, nothing of it is left.
func TestMaskSpellings(t *testing.T) {
	const secret = `pa"ss<w>/o'rd & é😀+=`
	s := &Secrets{}
	s.Add(secret)
	inJSON := func(s string) string { return strings.Trim(string(marshal(t, s)), `"`) }
	ascii := `pa\"ss<w>/o'rd & \u00e9\ud83d\ude00+=`
	for name, text := range map[string]string{
		"Go's JSON":               inJSON(secret),
		"ASCII JSON (Python)":     ascii,
		"ASCII JSON in capitals":  strings.NewReplacer("e9", "E9", "ud83d", "uD83D", "de00", "DE00").Replace(ascii),
		"JSON with slashes (PHP)": `pa\"ss<w>\/o'rd & ` + "é😀+=",
		"form":                    url.QueryEscape(secret),
		"strict percent":          strings.ReplaceAll(url.QueryEscape(secret), "+", "%20"),
		"small percent":           strings.ToLower(url.QueryEscape(secret)),
		"encodeURIComponent":      strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(secret), "+", "%20"), "%27", "'"),
		"path":                    url.PathEscape(secret),
		"Go's HTML":               html.EscapeString(secret),
		"Go's html/template":      template.HTMLEscapeString(secret),
		"HTML (Python)":           strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#x27;").Replace(secret),
		"HTML (PHP)":              strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#039;").Replace(secret),
		"JSON in HTML":            html.EscapeString(inJSON(secret)),
		"HTML in JSON":            inJSON(html.EscapeString(secret)),
		"JSON in a form":          url.QueryEscape(inJSON(secret)),
		"a form in a form":        url.QueryEscape(url.QueryEscape(secret)),
		"a form in JSON":          inJSON(url.QueryEscape(secret)),
		"a form in HTML":          template.HTMLEscapeString(url.QueryEscape(secret)),
		"HTML in HTML":            html.EscapeString(html.EscapeString(secret)),
		"base64 of a form":        base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(secret))),
		"base64 in a form":        url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(secret))),
		"base64 in JSON (PHP)":    strings.ReplaceAll(base64.StdEncoding.EncodeToString([]byte(secret)), "/", `\/`),
	} {
		if got := s.Text("[" + text + "]"); got != "["+Masked+"]" {
			t.Errorf("%s: %s is left of %s", name, got, text)
		}
	}
}

// Secrets without characters of their own in any spelling cost little, and many
// are not looked for in spellings of spellings.
func TestMaskMany(t *testing.T) {
	s := &Secrets{}
	for i := range few + 1 {
		s.Add(fmt.Sprintf("pa/ss<%d>word", 1000+i))
	}
	twice := url.QueryEscape(url.QueryEscape("pa/ss<1000>word"))
	for text, want := range map[string]string{
		"pa/ss<1000>word": Masked, url.QueryEscape("pa/ss<1099>word"): Masked, twice: twice,
	} {
		if got := s.Text(text); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	if n := len(forms("kR7vq2Lw9z", true)); n > 60 {
		t.Errorf("a secret of letters has %d forms", n)
	}
}

func TestContext(t *testing.T) {
	ctx := With(With(t.Context(), "kR7vq2Lw9z"), "second-one", "", "abc")
	if got := In(ctx).Text("kR7vq2Lw9z second-one abc"); got != Masked+" "+Masked+" abc" {
		t.Errorf("got %q", got)
	}
	if got := In(t.Context()).Text("kR7vq2Lw9z"); got != "kR7vq2Lw9z" {
		t.Errorf("without secrets: %q", got)
	}
	of := &Secrets{}
	joined := Join(of, nil, In(ctx))
	of.Add("added-later")
	if got := joined.Text("second-one added-later"); got != Masked+" added-later" {
		t.Errorf("joined: %q", got)
	}
	if got := of.Text("added-later"); got != Masked {
		t.Errorf("a set that has masked before: %q", got)
	}
}
