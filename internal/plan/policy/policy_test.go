package policy

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/internal/plan"
)

// TestExamples asks the policies that the documentation shows about a plan that
// Terraform has made.
func TestExamples(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/plan.json")
	if err != nil {
		t.Fatal(err)
	}
	set, err := Load(t.Context(), "../../../examples/policies")
	if err != nil {
		t.Fatal(err)
	}
	const (
		deletion = "onprem_harbor_project.old: This onprem_harbor_project in production would be deleted."
		public   = `onprem_harbor_project.base: The project "base" would be public.`
		range1   = "onprem_metallb_ip_address_pool.default: 198.51.100.10-198.51.100.20 is outside of 192.0.2.0/24, 203.0.113.0/24, the ranges of prod/seoul."
		range2   = "onprem_metallb_ip_address_pool.default: 192.0.2.16/28 is outside of 198.51.100.0/24, the ranges of stage/seoul."
		range3   = "onprem_calico_ip_pool.pods: 203.0.113.0/24 is outside of 198.51.100.0/24, the ranges of stage/seoul."
	)
	for unit, want := range map[string][]string{
		"prod/seoul/platform": {
			"deny no_deletion_in_prod " + deletion, "deny no_public_project " + public, "deny pools_in_site_range " + range1,
		},
		"stage/seoul/platform": {
			"deny no_public_project " + public, "deny pools_in_site_range " + range3, "deny pools_in_site_range " + range2,
		},
		"stage/tokyo/platform": {
			"deny no_public_project " + public,
			"warn pools_in_site_range onprem_calico_ip_pool.pods: No ranges are known for stage/tokyo: add them to data.yaml.",
			"warn pools_in_site_range onprem_metallb_ip_address_pool.default: No ranges are known for stage/tokyo: add them to data.yaml.",
		},
	} {
		t.Run(unit, func(t *testing.T) {
			t.Parallel()
			plans := fstest.MapFS{unit + "/tfplan.json": {Data: content}}
			findings, err := set.Check(t.Context(), plans)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, words(unit, findings)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestGuide holds the policy in the guide to the one that is tested.
func TestGuide(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../../templates/guides/plan-comment.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("../../../examples/policies/no_public_project.rego")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(example), "\n") // its comment
	if !strings.Contains(string(guide), "```rego\n"+code+"```") {
		t.Error("the guide shows another policy than examples/policies/no_public_project.rego")
	}
}

// words are findings on one line each.
func words(unit string, findings []plan.Finding) []string {
	var lines []string
	for _, f := range findings {
		line := verdict(f.Denies) + " " + f.Policy + " "
		if f.Unit != unit {
			line += "in " + f.Unit + ": "
		}
		if f.Address != "" {
			line += f.Address + ": "
		}
		lines = append(lines, line+f.Message)
	}
	return lines
}

func TestLoad(t *testing.T) {
	t.Parallel()
	const fine = "package onprem.fine\n\ndeny contains \"no\" if input.unit == \"prod\"\n"
	for _, tt := range []struct {
		name  string
		files map[string]string
		says  string // empty: it loads
	}{
		{"a policy", map[string]string{"fine.rego": fine}, ""},
		{"in a folder below, with what is no policy", map[string]string{"network/fine.rego": fine, "README.md": "# Policies"}, ""},
		{"tests are left out", map[string]string{"fine.rego": fine, "fine_test.rego": "package broken {"}, ""},
		{"syntax", map[string]string{"bad.rego": "package onprem.bad\n\ndeny contains if {"}, "bad.rego:3: rego_parse_error"},
		{"Rego of before 1.0", map[string]string{"old.rego": "package onprem.old\n\ndeny[\"no\"] { true }"}, "old.rego:3"},
		{"an unknown function", map[string]string{"bad.rego": "package onprem.bad\n\ndeny contains x if x := nothing(1)"}, "bad.rego:3: rego_type_error: undefined function nothing"},
		{
			"a function that talks to others",
			map[string]string{"leak.rego": "package onprem.leak\n\ndeny contains x if x := http.send({\"method\": \"get\", \"url\": \"https://example.com\"})"},
			"leak.rego:3: rego_type_error: undefined function http.send",
		},
		{
			"a schema, which may be anywhere",
			map[string]string{"leak.rego": "package onprem.leak\n\ndeny contains x if x := json.match_schema({}, {\"$ref\": \"https://example.com\"})"},
			"leak.rego:3: rego_type_error: undefined function json.match_schema",
		},
		{
			"a schema that is only checked",
			map[string]string{"leak.rego": "package onprem.leak\n\ndeny contains x if x := json.verify_schema({\"$ref\": \"https://example.com\"})"},
			"leak.rego:3: rego_type_error: undefined function json.verify_schema",
		},
		{"another package", map[string]string{"main.rego": "package main\n\ndeny contains \"no\" if true"}, "main.rego:3: the rule deny is in package main, and would never be asked"},
		{"one value", map[string]string{"one.rego": "package onprem.one\n\ndeny := \"no\""}, "one.rego:3: the rule deny holds one value"},
		{"data that is broken", map[string]string{"fine.rego": fine, "data.yaml": "a: [1"}, "data.yaml"},
		{"no policy", map[string]string{"lib.rego": "package onprem.lib\n\nis_prod if input.unit == \"prod\""}, "there is no policy in "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(t.Context(), folder(t, tt.files))
			if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
		})
	}
	if _, err := Load(t.Context(), "testdata/missing"); err == nil {
		t.Error("a folder that is not there has loaded")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	const head = "package onprem.rule\n\n"
	for _, tt := range []struct{ name, policy, plan, want string }{
		{"a message", `deny contains "no"`, `{}`, "deny rule no"},
		{"a warning", `warn contains "hm"`, `{}`, "warn rule hm"},
		{"an address", `deny contains {"msg": "no", "address": "a.b"}`, `{}`, "deny rule a.b: no"},
		{"nothing", `deny contains "no" if input.unit == "other"`, `{}`, ""},
		{"the unit", `deny contains input.unit`, `{"unit": "faked"}`, "deny rule prod/network"},
		{"numbers keep their digits", `deny contains sprintf("%v", [input.n])`, `{"n": 12345678901234567890}`, "deny rule 12345678901234567890"},
		{"neither message nor object", `deny contains 1`, `{}`, "deny rule The policy failed: rule.rego:3: the rule deny holds something else than messages and objects with \"msg\" and \"address\""},
		{"a function that fails", `deny contains "no" if net.cidr_contains("10.0.0.0/8", input.n)`, `{"n": "x"}`, "deny rule The policy failed: rule.rego:3: eval_builtin_error"},
		{"a warning that fails", `warn contains "no" if net.cidr_contains("10.0.0.0/8", input.n)`, `{"n": "x"}`, "deny rule The policy failed: rule.rego:3: eval_builtin_error"},
		{"a plan that cannot be read", `deny contains "no"`, `{`, ""},
		{"a plan that is none", `deny contains "no"`, `null`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, map[string]string{"rule.rego": head + tt.policy})
			set, err := Load(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			findings, err := set.Check(t.Context(), fstest.MapFS{"prod/network/tfplan.json": {Data: []byte(tt.plan)}})
			if err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(strings.Join(words("prod/network", findings), "\n"), dir+"/", "")
			if tt.want == "" && got != "" || !strings.HasPrefix(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCheckStops(t *testing.T) {
	t.Parallel()
	set, err := Load(t.Context(), folder(t, map[string]string{"rule.rego": "package onprem.rule\n\ndeny contains \"no\""}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := set.Check(ctx, fstest.MapFS{"tfplan.json": {Data: []byte("{}")}}); err == nil {
		t.Error("an interrupted check looks like one that has found nothing")
	}
}

// folder is made of files by name.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
