package plan

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMaskAddress(t *testing.T) {
	var found secrets
	found.Add("onprem")
	found.Add("se]cret")
	m := newMasker(&found)
	tests := map[string]string{
		`onprem_harbor_project.onprem`:                   `onprem_harbor_project.onprem`,
		`module.onprem["onprem"].onprem_a.b["x-onprem"]`: `module.onprem["(sensitive)"].onprem_a.b["x-(sensitive)"]`,
		`a.b["se]cret"].c`:                               `a.b["(sensitive)"].c`,
		`a.b["q\"]onprem"]`:                              `a.b["q\"](sensitive)"]`,
		`a.b["never closed onprem`:                       `a.b["never closed (sensitive)`,
		`a.b[0]`:                                         `a.b[0]`,
		"a.b[\"line\nbreak\"]":                           `a.b["line\nbreak"]`,
	}
	for address, want := range tests {
		if got := m.address(address); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
	if got := m.address("a" + strings.Repeat(`["onprem"]`, 1000)); len(got) > 300 || strings.Contains(got, "onprem") {
		t.Errorf("an endless address gives %d bytes: %s", len(got), got)
	}
}

// A plan in which the same secret is flagged in one unit and stands all over
// another one.
func TestSecretsAcrossUnits(t *testing.T) {
	const secret = "kR7vq2Lw9z"
	sources := map[string]string{
		"attribute": planOf(changeOf("a.b", "", `"actions":["no-op"],"before":{"p":"`+secret+`"},"after":{"p":"`+secret+`"},"after_sensitive":{"p":true}`)),
		"whole":     planOf(changeOf("a.b", "", `"actions":["create"],"after":{"p":["`+secret+`"]},"after_sensitive":true`)),
		"variable":  `{"format_version":"1.2","configuration":{"root_module":{"variables":{"p":{"sensitive":true}}}},"variables":{"p":{"value":{"k":"` + secret + `"}}}}`,
		"output":    `{"format_version":"1.2","resource_changes":[],"output_changes":{"o":{"actions":["create"],"after":"` + secret + `","after_sensitive":true}}}`,
		"old":       planOf(changeOf("a.b", "", `"actions":["update"],"before":{"p":"`+secret+`"},"after":{"p":"else"},"after_sensitive":{"p":true}`)),
		"state":     `{"format_version":"1.2","resource_changes":[],"prior_state":{"values":{"root_module":{"child_modules":[{"resources":[{"values":{"p":"` + secret + `"},"sensitive_values":{"p":true}}]}]}}}}`,
		"action":    `{"format_version":"1.2","resource_changes":[],"action_invocations":[{"address":"a.b","config_values":{"p":"` + secret + `"},"config_sensitive":{"p":true}}]}`,
	}
	encoded := base64.StdEncoding.EncodeToString([]byte("ci:" + secret))
	victim := `{"format_version":"1.2","resource_changes":[` + changeOf(`a.b["`+secret+`"]`, `,"previous_address":"a.c[`+secret+`]","deposed":"`+secret+`","action_reason":"`+secret+`"`,
		`"actions":["update"],"importing":{"id":"x/`+secret+`"},"before":{"j":"{\"k\":1}","l":["`+secret+`"]},"after":{"m":{"`+secret+`":"`+secret+`"},"j":"{\"`+secret+`\":\"`+encoded+`\"}"},"replace_paths":[["m","`+secret+`"]]`) + `],
		"output_changes":{"o":{"actions":["create"],"after":"x` + secret + `x"}},
		"checks":[{"address":{"to_display":"check.a"},"status":"fail","instances":[{"problems":[{"message":"bad: ` + secret + `"}]}]}]}`
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			r := load(t, Source{
				Plans:     folder(map[string]string{"source": source, "victim": victim}),
				RunReport: strings.NewReader(`[{"Name":"failed","Result":"failed","Cause":"login with ` + secret + ` refused"}]`),
			})
			r.AddFindings(
				Finding{Policy: "p", Address: `a["` + secret + `"]`, Message: "found " + secret},
				Finding{Policy: "p", Address: secret, Message: "a policy may take anything for an address"},
			)
			for _, u := range r.Units {
				if u.State == Unreadable {
					t.Fatalf("%s: %s", u.Path, u.Error)
				}
			}
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			for _, form := range []string{secret, encoded[8:16]} {
				if strings.Contains(string(text), form) {
					t.Errorf("%s is in the report:\n%s", form, text)
				}
			}
			if count := strings.Count(string(text), Masked); count < 10 {
				t.Errorf("only %d values are masked:\n%s", count, text)
			}
		})
	}
}

func TestAddressesOfFindings(t *testing.T) {
	r := load(t, Source{Plans: folder(map[string]string{
		"u":       planOf(changeOf("a_secret.this", "", `"actions":["create"],"after":{}`)),
		"flagged": planOf(changeOf("a.b", "", `"actions":["create"],"after":{"p":"secret"},"after_sensitive":{"p":true}`)),
	})})
	r.AddFindings(Finding{Unit: "u", Address: "a_secret.this"}, Finding{Unit: "u", Address: "x.secret"}, Finding{Unit: "flagged", Address: "a_secret.this"})
	want := []string{"a_secret.this", "x.(sensitive)", "a_(sensitive).this"}
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.Address)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSecretsOfRealPlans(t *testing.T) {
	text, err := json.Marshal(loadCase(t, "secrets"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile("testdata/plans/secrets/terraform/" + planFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"kR7#vq2!Lw9z", "old-kR7-password", "MC4CAQAwBQYDK2Vw", "4815162342", "a1I3I3ZxMiFMdzl6", "kR7%23vq2"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%s is in the report", secret)
		}
		if !strings.Contains(string(raw), secret) {
			t.Errorf("%s is not in the plan: the test shows nothing", secret)
		}
	}
}

func TestShortSecretsStayHiddenWhereFlagged(t *testing.T) {
	r := load(t, Source{Plans: folder(map[string]string{"u": planOf(changeOf("a.b", "",
		`"actions":["update"],"before":{"p":"one","o":{"pin":"123"}},"after":{"p":"two","o":"text"},"before_sensitive":{"p":true,"o":{"pin":true}},"after_sensitive":{"p":true}`))})})
	want := []Attr{
		{Path: "o", Before: Masked, After: `"text"`},
		{Path: "p", Before: Masked, After: secretChanged},
	}
	if diff := cmp.Diff(want, r.Units[0].Changes[0].Attrs); diff != "" {
		t.Error(diff)
	}
}

func TestManySecrets(t *testing.T) {
	var found secrets
	for i := range 20_000 {
		found.Add(fmt.Sprintf("token-%08d", i))
	}
	m := newMasker(&found)
	if got := m.Text("a token-00019999 b token-99999999"); got != "a (sensitive) b token-99999999" {
		t.Error(got)
	}
}
