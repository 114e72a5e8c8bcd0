package plan

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestAttributes(t *testing.T) {
	tests := map[string]struct {
		change string
		want   []Attr
	}{
		"scalars": {`"before":{"a":1,"b":true,"c":"x","same":"s"},"after":{"a":2,"b":false,"c":"y","same":"s"}`, []Attr{
			{Path: "a", Before: "1", After: "2"}, {Path: "b", Before: "true", After: "false"}, {Path: "c", Before: `"x"`, After: `"y"`},
		}},
		"keys that are too wide, and with commands for a runner": {`"before":{},"after":{"m":{"` + strings.Repeat("k", 300) + `":1,"##[group]x":2}}`, []Attr{
			{Path: `m["\x23#[group]x"]`, After: "2"}, {Path: "m." + strings.Repeat("k", 198) + "… (302 characters)", After: "1"},
		}},
		"null is absent": {`"before":{"a":null,"b":"x","c":null},"after":{"a":"x","b":null}`, []Attr{
			{Path: "a", After: `"x"`}, {Path: "b", Before: `"x"`},
		}},
		"empty is not absent": {`"before":{"a":"","b":null,"c":[]},"after":{"a":null,"b":{},"c":null}`, []Attr{
			{Path: "a", Before: `""`}, {Path: "b", After: "{}"}, {Path: "c", Before: "[]"},
		}},
		"large numbers": {`"before":{"a":9007199254740993},"after":{"a":9007199254740992}`, []Attr{
			{Path: "a", Before: "9007199254740993", After: "9007199254740992"},
		}},
		"keys of maps": {`"before":{"m":{"a/b":1,"c":1}},"after":{"m":{"a/b":2,"c":2}}`, []Attr{
			{Path: `m["a/b"]`, Before: "1", After: "2"}, {Path: "m.c", Before: "1", After: "2"},
		}},
		"an element added in the middle": {`"before":{"l":["a","b","d"]},"after":{"l":["a","b","c","d"]}`, []Attr{{Path: "l[2]", After: `"c"`}}},
		"an element removed first":       {`"before":{"l":[{"n":1},{"n":2}]},"after":{"l":[{"n":2}]}`, []Attr{{Path: "l[0].n", Before: "1"}}},
		"an element changed":             {`"before":{"l":[{"n":1,"m":1},{"n":2}]},"after":{"l":[{"n":1,"m":3},{"n":2}]}`, []Attr{{Path: "l[0].m", Before: "1", After: "3"}}},
		"another kind":                   {`"before":{"a":{"b":1}},"after":{"a":"text"}`, []Attr{{Path: "a", Before: `{"b":1}`, After: `"text"`}}},
		"unknown": {`"before":{"id":"1","l":["a","b"]},"after":{"l":["a"]},"after_unknown":{"id":true,"l":[false,true]}`, []Attr{
			{Path: "id", Before: `"1"`, After: KnownAfterApply}, {Path: "l[1]", Before: `"b"`, After: KnownAfterApply},
		}},
		"unknown as a whole":   {`"before":{"a":1},"after":null,"after_unknown":true`, []Attr{{Path: "(whole object)", Before: `{"a":1}`, After: KnownAfterApply}}},
		"sensitive as a whole": {`"before":{"a":1},"after":{"a":2},"after_sensitive":true`, []Attr{{Path: "(whole object)", Before: Masked, After: secretChanged}}},
		"sensitive": {`"before":{"a":"x1","b":"x2","c":"x3","d":null},"after":{"a":"y1","b":"x2","c":null,"d":"y4"},"before_sensitive":{"a":true,"b":true,"c":true},"after_sensitive":{"a":true,"d":true}`, []Attr{
			{Path: "a", Before: Masked, After: secretChanged}, {Path: "b", After: "(the same value, no longer sensitive)"},
			{Path: "c", Before: Masked}, {Path: "d", After: Masked},
		}},
		"sensitive from now on": {`"before":{"a":"x1","o":{"p":"x2"},"n":null},"after":{"a":"x1","o":{"p":"x2"},"n":null},"before_sensitive":{"o":{"p":true}},"after_sensitive":{"a":true,"o":true,"n":true}`, []Attr{
			{Path: "a", After: "(the same value, sensitive from now on)"},
		}},
		"sensitive and unknown": {`"before":{"a":"x1"},"after":{},"after_unknown":{"a":true},"before_sensitive":{"a":true}`, []Attr{
			{Path: "a", Before: Masked, After: KnownAfterApply},
		}},
		"what forces a replacement is first": {`"before":{"a":1,"z":{"y":1}},"after":{"a":2,"z":{"y":2}},"replace_paths":[["z"]]`, []Attr{
			{Path: "z.y", Before: "1", After: "2", Forces: true}, {Path: "a", Before: "1", After: "2"},
		}},
		"an element forces": {`"before":{"l":[{"a":1,"b":1}]},"after":{"l":[{"a":2,"b":2}]},"replace_paths":[["l",0,"b"]]`, []Attr{
			{Path: "l[0].b", Before: "1", After: "2", Forces: true}, {Path: "l[0].a", Before: "1", After: "2"},
		}},
		"lines": {`"before":{"a":"one\ntwo\nthree\n"},"after":{"a":"one\n2\nthree\n"}`, []Attr{
			{Path: "a", Lines: []string{" one", "-two", "+2", " three"}},
		}},
		"lines, the last one unfinished": {`"before":{"a":"one\ntwo"},"after":{"a":"one\ntwo\nthree"}`, []Attr{
			{Path: "a", Lines: []string{" one", " two", "+three"}},
		}},
		"JSON": {`"before":{"a":"{\"x\":1,\"y\":2}"},"after":{"a":"{\"x\":1,\"y\":3}"}`, []Attr{
			{Path: "a", Lines: []string{" {", `   "x": 1,`, `-  "y": 2`, `+  "y": 3`, " }"}},
		}},
		"JSON in another layout": {`"before":{"a":"{\"x\":1}"},"after":{"a":"{ \"x\": 1 }"}`, []Attr{
			{Path: "a", Lines: []string{" (the same JSON in another layout)"}},
		}},
		"only a secret changes": {`"before":{"s":"secret-one","u":"p=secret-one"},"after":{"s":"secret-two","u":"p=secret-two"},"before_sensitive":{"s":true},"after_sensitive":{"s":true}`, []Attr{
			{Path: "s", Before: Masked, After: secretChanged}, {Path: "u", Before: `"p=(sensitive)"`, After: secretChanged},
		}},
		"hidden characters": {`"before":{"a":"x"},"after":{"a":"x\u202e\r\u0000\t"}`, []Attr{{Path: "a", Before: `"x"`, After: `"x\u202e\r\x00\t"`}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := load(t, Source{Plans: folder(map[string]string{"u": planOf(changeOf("a.b", "", `"actions":["update"],`+tt.change))})})
			if diff := cmp.Diff(tt.want, r.Units[0].Changes[0].Attrs); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAttributesOfCreatedAndDestroyed(t *testing.T) {
	tests := map[string]struct {
		change string
		want   []Attr
	}{
		"created: what is unknown or empty says nothing": {
			`"actions":["create"],"after":{"a":"x","e":"","l":[],"n":null,"o":{"p":1}},"after_unknown":{"id":true}`,
			[]Attr{{Path: "a", After: `"x"`}, {Path: "o.p", After: "1"}}},
		"destroyed: which one it is": {
			`"actions":["delete"],"before":{"id":"7","name":"pods","cidr":"10.64.0.0/16"}`,
			[]Attr{{Path: "id", Before: `"7"`}, {Path: "name", Before: `"pods"`}}},
		"destroyed, and secret": {
			`"actions":["delete"],"before":{"id":"7","name":"pods"},"before_sensitive":{"id":true}`,
			[]Attr{{Path: "id", Before: Masked}, {Path: "name", Before: `"pods"`}}},
		"destroyed, and secret as a whole": {`"actions":["delete"],"before":{"id":"7"},"before_sensitive":true`, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := load(t, Source{Plans: folder(map[string]string{"u": planOf(changeOf("a.b", "", tt.change))})})
			if diff := cmp.Diff(tt.want, r.Units[0].Changes[0].Attrs); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLongTexts(t *testing.T) {
	differences := func(before, after string) Attr {
		d := differ{mask: newMasker(&secrets{})}
		d.walk("text", pair{before: before, after: after})
		if len(d.attrs) != 1 {
			t.Fatalf("want one attribute: %+v", d.attrs)
		}
		return d.attrs[0]
	}
	long := strings.Repeat("0123456789", 10_000)

	t.Run("one line of 100 kB", func(t *testing.T) {
		a := differences(long+"old"+long, long+"new"+long)
		if a.Before != `…"012345678901234567890123456789old012345678901234567890123456789"…` || len(a.After) != len(a.Before) {
			t.Errorf("%+v", a)
		}
	})
	t.Run("100 kB replaced", func(t *testing.T) {
		a := differences("short", long)
		if a.Before != `"short"` || !strings.HasSuffix(a.After, "… (100,000 characters)") || len(a.After) > 2*maxValue {
			t.Errorf("%+v", a)
		}
	})
	t.Run("many lines", func(t *testing.T) {
		var before, after strings.Builder
		for i := range 1000 {
			fmt.Fprintf(&before, "old %d\n", i)
			fmt.Fprintf(&after, "new %d\n", i)
		}
		a := differences(before.String(), after.String())
		if len(a.Lines) != maxLines+1 || a.Lines[maxLines] != " … 1,940 more lines" {
			t.Errorf("%d lines, the last is %q", len(a.Lines), a.Lines[len(a.Lines)-1])
		}
	})
	t.Run("characters stay whole where texts part", func(t *testing.T) {
		a := differences(strings.Repeat("é", 200)+"è", strings.Repeat("é", 200)+"ê")
		if !utf8.ValidString(a.Before) || strings.Contains(a.Before, `\x`) {
			t.Errorf("%+v", a)
		}
	})
}

func TestManyAttributes(t *testing.T) {
	var after []string
	for i := range 1000 {
		after = append(after, fmt.Sprintf(`"a%d":"%s"`, i, strings.Repeat("x", 100)))
	}
	c := load(t, Source{Plans: folder(map[string]string{"u": planOf(changeOf("a.b", "", `"actions":["create"],"after":{`+strings.Join(after, ",")+`}`))})}).Units[0].Changes[0]
	if size := attrSize(c.Attrs); size > maxAttrs || size < maxAttrs/2 || len(c.Attrs)+c.Omitted != 1000 {
		t.Errorf("%d attributes of %d bytes, %d omitted", len(c.Attrs), size, c.Omitted)
	}
}

// Attributes are kept up to the limit, and the one that fills it.
func TestAttributesThatJustFit(t *testing.T) {
	for more, kept := range map[int]int{0: 1, 1: 0} {
		d := differ{mask: newMasker(&secrets{}), size: maxAttrs - (Attr{Path: "a", After: "1"}).size() + more}
		d.emit("a", pair{}, Attr{After: "1"})
		if len(d.attrs) != kept || d.omitted != 1-kept {
			t.Errorf("%d bytes above the limit: %d attributes kept and %d omitted", more, len(d.attrs), d.omitted)
		}
	}
}

func TestCut(t *testing.T) {
	const family = "👩‍👩‍👧‍👦" // four people, one character of 25 bytes
	tests := map[string]struct {
		text  string
		limit int
		want  string
	}{
		"short":                   {"abc", 3, "abc"},
		"ASCII":                   {"abcdef", 3, "abc… (6 characters)"},
		"an emoji at the cut":     {"ab" + family + "c", 10, "ab… (10 characters)"},
		"an emoji that fits":      {"ab" + family + "c", 27, "ab" + family + "… (10 characters)"},
		"a flag":                  {"a🇰🇷b", 5, "a… (4 characters)"},
		"a letter and its accent": {"xe\u0301y", 2, "x… (4 characters)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			short, note := cut(tt.text, tt.limit)
			if short+note != tt.want {
				t.Errorf("got %q, want %q", short+note, tt.want)
			}
		})
	}
}

func TestVisible(t *testing.T) {
	tests := map[string]string{
		"plain, é, 한국, 👍":       "plain, é, 한국, 👍",
		"a\r\nb\tc\x00\x1b[0m":  `a\r\nb\tc\x00\x1b[0m`,
		"right\u202eto left":    `right\u202eto left`,
		"zero\u200bwidth\ufeff": `zero\u200bwidth\ufeff`,
		"line\u2028separator":   `line\u2028separator`,
		"not\xffUTF-8\xc3":      `not\xffUTF-8\xc3`,
		"replaced \ufffd":       "replaced \ufffd",

		// What the runner of GitHub Actions would carry out, and what it would not.
		" \t::add-mask::x":        ` \t\x3a:add-mask::x`,
		"::error file=a::b":       `\x3a:error file=a::b`,
		"a ##[set-output name=b]": `a \x23#[set-output name=b]`,
		"a ::error::b":            "a ::error::b",
		"::1 localhost, ::/0":     "::1 localhost, ::/0",
		"## [heading]":            "## [heading]",
	}
	for text, want := range tests {
		if got := visible(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestValuesHoldNoCommands(t *testing.T) {
	long := strings.Repeat("long ", 50)
	c := load(t, Source{Plans: folder(map[string]string{"u": planOf(changeOf("a.b", "",
		`"actions":["update"],"before":{"l":"`+long+`\na","s":"a","w":"`+long+`"},"after":{"l":"`+long+`\n::error::a","s":"##[error]","w":"`+long+`##[error]"}`))})}).Units[0].Changes[0]
	for _, a := range c.Attrs {
		for _, text := range append(a.Lines, a.Before, a.After) {
			if command.MatchString(strings.TrimLeft(text, "+-")) {
				t.Errorf("%s: %q is a command", a.Path, text)
			}
		}
	}
	if len(c.Attrs) != 3 {
		t.Errorf("%d attributes, want 3", len(c.Attrs))
	}
}

func TestForcedByIsShort(t *testing.T) {
	key := strings.Repeat("k", 100_000)
	c := load(t, Source{Plans: folder(map[string]string{"u": planOf(changeOf("a.b", "",
		`"actions":["delete","create"],"before":{"m":{"`+key+`":1}},"after":{"m":{}},"replace_paths":[["m","`+key+`"]]`))})}).Units[0].Changes[0]
	if len(c.ForcedBy) != 1 || len(c.ForcedBy[0]) > 2*maxValue {
		t.Errorf("an endless key pushes the replacement out of the comment: %d bytes", len(c.ForcedBy[0]))
	}
}

func TestStateful(t *testing.T) {
	tests := map[string]string{
		"onprem_metallb_ip_address_pool": "pool",
		"onprem_harbor_project":          "project",
		"aws_db_instance":                "instance",
		"onprem_cluster_join":            "cluster",
		"onprem_kong_route":              "",
		"terraform_data":                 "",
	}
	for resourceType, want := range tests {
		if got := stateful(resourceType); got != want {
			t.Errorf("%s: got %q, want %q", resourceType, got, want)
		}
	}
}
