package render

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"github.com/onprem-tools/terraform-provider-onprem/internal/plan"
)

var (
	markdown = goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
	// ours are the tags that a document may have, each on a line.
	ours = regexp.MustCompile(`^(<details>|</details>|<summary>[^<>&@]*</summary>|<!-- onprem-plan v1 [^<>]* -->)$`)
	// foreign is what our own words never hold.
	foreign = regexp.MustCompile("[@#<>`|\\\\\\x00-\\x09\\x0b-\\x1f\u202a-\u202e]")
)

// checkMarkdown parses a document as GitHub does, and checks that its structure
// is the one that was written: no tag, link, image, mention or heading came out
// of a plan.
func checkMarkdown(t *testing.T, document string) {
	t.Helper()
	source := []byte(document)
	open := 0
	err := ast.Walk(markdown.Parse(text.NewReader(source)), func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := node.(type) {
		case *ast.HTMLBlock:
			open += checkTags(t, n, source)
		case *ast.RawHTML, *ast.Image, *ast.AutoLink, *ast.ThematicBreak, *ast.CodeBlock, *extast.TaskCheckBox, *extast.Strikethrough:
			t.Errorf("a plan made a %s:\n%s", n.Kind(), around(n, source))
		case *ast.Link:
			if string(n.Destination) != options.URL {
				t.Errorf("a plan made a link to %s", n.Destination)
			}
		case *ast.CodeSpan:
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			if words := string(n.Segment.Value(source)); foreign.MatchString(words) {
				t.Errorf("these are not our words: %q", words)
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if open != 0 {
		t.Errorf("%d <details> are not closed", open)
	}
}

// checkTags gives how many folds a block opens, less those that it closes.
func checkTags(t *testing.T, block *ast.HTMLBlock, source []byte) int {
	t.Helper()
	lines := string(block.Lines().Value(source))
	if block.HasClosure() {
		lines += string(block.ClosureLine.Value(source))
	}
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line != "" && !ours.MatchString(line) {
			t.Errorf("this tag is not ours: %q", line)
		}
	}
	return strings.Count(lines, "<details>") - strings.Count(lines, "</details>")
}

func around(node ast.Node, source []byte) string {
	if node.Type() == ast.TypeBlock {
		return string(node.Lines().Value(source))
	}
	return string(node.Parent().Lines().Value(source))
}

// The documents hold as many bullets, fences and folds as there are things to
// show: nothing from a plan adds one or swallows one.
func TestStructureOfHostilePlans(t *testing.T) {
	r := reports["real-hostile"](t)
	counts := map[ast.NodeKind]int{}
	source := []byte(Summary(r, options))
	err := ast.Walk(markdown.Parse(text.NewReader(source)), func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			counts[node.Kind()]++
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	items, bodies := 0, 0
	for _, s := range sections(r) {
		items += len(s.items)
		for _, entry := range s.items {
			if len(entry().body) > 0 {
				bodies++
			}
		}
	}
	if counts[ast.KindListItem] != items || counts[ast.KindFencedCodeBlock] != bodies {
		t.Errorf("%d items and %d fences, want %d and %d", counts[ast.KindListItem], counts[ast.KindFencedCodeBlock], items, bodies)
	}
	if tables := counts[extast.KindTable]; tables != 1 {
		t.Errorf("%d tables", tables)
	}
}

// core is part of every secret below, and of nothing else.
const core = "zQ7xK9wV"

// FuzzComment builds a plan in which a secret stands wherever it can, amid
// whatever the fuzzer thinks of.
func FuzzComment(f *testing.F) {
	for _, s := range []string{
		"", "plain", "_", "`", "```\n~~~", "</details>", "<!-- x -->", "@team #1", "a|b\\|c", "\r\n\x00\u202e", "\"${x}%{y}", "{\"a\":[1]}", "👩‍👩‍👧‍👦",
		strings.Repeat("long ", 100), "\n\n# heading\n\n---\n", "[x](y)", "<", "\\", "\t- a\n\t  - b", "]", "\u2028",
	} {
		f.Add(s, s, uint8(len(s)))
		f.Add("tail", s, uint8(3))
	}
	f.Fuzz(func(t *testing.T, tail, junk string, n uint8) {
		tail, junk = strings.ToValidUTF8(tail, "?"), strings.ToValidUTF8(junk, "?")
		if strings.Contains(junk, core) || len(junk)+len(tail) > 2_000 {
			t.Skip("the secret would stand in the junk, or the plan would be long")
		}
		secret := core + tail
		r := load(t, plan.Source{Plans: leaky(t, secret, junk, int(n)), RunReport: strings.NewReader(
			`[{"Name":"failed","Result":"failed","Cause":` + quote(t, junk+secret+junk) + `}]`)})
		r.AddFindings(plan.Finding{Policy: junk + secret, Unit: "u", Message: junk + secret})
		for _, u := range r.Units {
			if u.State == plan.Unreadable {
				t.Fatalf("the plan should be readable: %s", u.Error)
			}
		}
		o := options
		o.Budget, o.MaxParts = minBudget, 2
		parts := Comment(r, o)
		for i, part := range parts {
			checkPart(t, part, i, minBudget)
		}
		summary := Summary(r, o)
		checkMarkdown(t, summary)
		var machine, terminal strings.Builder
		if err := JSON(&machine, r); err != nil {
			t.Fatal(err)
		}
		if err := Text(&terminal, r); err != nil {
			t.Fatal(err)
		}
		for _, output := range append(parts, summary, machine.String(), terminal.String()) {
			if i := strings.Index(output, core); i >= 0 {
				t.Fatalf("the secret is in the output: %q", output[max(0, i-60):min(len(output), i+60)])
			}
			if encoded := base64.RawStdEncoding.EncodeToString([]byte(core)); strings.Contains(output, encoded[:10]) {
				t.Fatalf("the secret is in the output, in base64")
			}
		}
	})
}

func quote(t *testing.T, s string) string {
	t.Helper()
	quoted, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(quoted)
}

// leaky are plans of one secret: flagged once, and unflagged all over another unit.
func leaky(t *testing.T, secret, junk string, n int) fstest.MapFS {
	t.Helper()
	type object = map[string]any
	nested, err := json.Marshal(object{secret: []string{junk, secret}})
	if err != nil {
		t.Fatal(err)
	}
	values := object{
		"equal": secret, "inside": junk + secret + junk, "lines": junk + "\n" + secret + "\n" + junk, "json": string(nested),
		"base64": base64.StdEncoding.EncodeToString([]byte(secret)), "raw": base64.RawURLEncoding.EncodeToString([]byte(secret)),
		"auth": base64.StdEncoding.EncodeToString([]byte("ci:" + secret)), "url": url.QueryEscape(secret),
		"map": object{secret: secret, junk: junk}, "list": []any{junk, secret, object{"x" + junk: secret}},
	}
	before := object{"inside": junk, "lines": junk + "\n" + junk + "\n", "json": `{"a":1}`, "list": []any{secret, junk}}
	var changes []object
	for i, actions := range [][]string{{"delete"}, {"delete", "create"}, {"create", "forget"}, {"update"}, {"create"}, {"no-op"}, {"forget"}, {"read"}} {
		for range 1 + n/64 {
			changes = append(changes, object{
				"address": "a_pool.b[" + quote(t, junk+secret) + "]", "mode": "managed", "type": "a_pool", "action_reason": junk,
				"previous_address": "a.c[" + quote(t, secret) + "]", "deposed": secret,
				"change": object{
					"actions": actions, "before": before, "after": values, "importing": object{"id": junk + secret},
					"replace_paths": []any{[]any{"map", secret}, []any{junk, i}},
				},
			})
		}
	}
	victim := object{
		"format_version": "1.2", "resource_changes": changes, "resource_drift": changes[:1],
		"deferred_changes":   []object{{"reason": junk + secret, "resource_change": changes[0]}},
		"action_invocations": []object{{"address": "action.a[" + quote(t, secret+junk) + "]"}},
		"output_changes":     object{"o" + junk: object{"actions": []string{"update"}, "before": before, "after": values}},
		"checks": []object{{"address": object{"to_display": "check.a"}, "status": "fail",
			"instances": []object{{"problems": []object{{"message": junk + secret + junk}}}}}},
	}
	flagged := object{"format_version": "1.2", "resource_changes": []object{}, "output_changes": object{
		"o": object{"actions": []string{"no-op"}, "before": secret, "before_sensitive": true},
	}}
	files := fstest.MapFS{}
	for unit, content := range map[string]object{"u": victim, "flagged": flagged} {
		raw, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		add(files, unit, string(raw))
	}
	return files
}
