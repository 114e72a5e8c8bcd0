package platform

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/onprem-tools/terraform-provider-onprem/modules"
)

// loadBuiltin loads platform files with this project's own modules.
func loadBuiltin(files map[string]string) (*Platform, hcl.Diagnostics) {
	sources := map[string][]byte{}
	for name, text := range files {
		sources[name] = []byte(text)
	}
	return Load(sources, Options{Open: openBuiltin})
}

func openBuiltin(s Source) (fs.FS, error) {
	if m, ok := modulesForTests[s.Dir]; ok {
		return m, nil
	}
	if s.Builtin == "" {
		return nil, ErrUnavailable
	}
	if _, err := fs.Stat(modules.FS, s.Builtin); errors.Is(err, fs.ErrNotExist) {
		return nil, ErrUnavailable
	}
	return fs.Sub(modules.FS, s.Builtin)
}

// ruleTest is a platform and what the rules find in it.
type ruleTest struct {
	source string
	// want are the findings: "line rule: words, more words", all of which the
	// message has.
	want []string
}

// testRules runs cases against every rule: what a case does not want must not
// be found either.
func testRules(t *testing.T, cases map[string]ruleTest) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, diags := loadBuiltin(map[string]string{"platform.hcl": tc.source})
			checkFindings(t, diags, tc.want)
		})
	}
}

func checkFindings(t *testing.T, diags hcl.Diagnostics, want []string) {
	t.Helper()
	for i, d := range diags {
		rule, ok := RuleOf(d)
		if !ok {
			t.Fatalf("no rule: %s: %s %s", d.Subject, d.Summary, d.Detail)
		}
		got := fmt.Sprintf("%d %s", d.Subject.Start.Line, strings.TrimPrefix(rule.ID, "onprem/"))
		if i >= len(want) {
			t.Errorf("not wanted: %s: %s\n%s", got, d.Summary, d.Detail)
			continue
		}
		expected, parts, _ := strings.Cut(want[i], ": ")
		if got != expected {
			t.Errorf("got %s, want %s: %s\n%s", got, expected, d.Summary, d.Detail)
		}
		for _, words := range strings.Split(parts, ", ") {
			if !strings.Contains(d.Detail, words) {
				t.Errorf("%s does not say %q:\n%s", got, words, d.Detail)
			}
		}
	}
	if len(diags) < len(want) {
		t.Errorf("missing: %s", want[len(diags):])
	}
}

// clusters are components that take everything from their sites, for cases that
// differ in their sites only.
const clusters = header + `
component "network" {
  per    = "site"
  module = "builtin:network"
  inputs = {
    name                      = "${env.name}-${site.name}"
    as_number                 = site.as_number
    node_to_node_mesh         = try(site.mesh, false)
    ip_pools                  = { pods = { cidr = try(site.pods, "10.244.0.0/16"), encapsulation = "VXLAN" } }
    bgp_peers                 = try(site.peers, {})
    node_cidr                 = try(site.nodes, null)
    service_cidr              = try(site.services, null)
    service_load_balancer_ips = try(site.announced, [])
    api_vip                   = try(site.vip, null)
  }
}
component "load-balancer" {
  per    = "site"
  module = "builtin:load-balancer"
  inputs = {
    pools     = try(site.pools, {})
    bgp_peers = try(site.routers, {})
  }
}
`

// onClusters runs cases whose sources are environments alone.
func onClusters(t *testing.T, cases map[string]ruleTest) {
	t.Helper()
	for name, tc := range cases {
		cases[name] = ruleTest{strings.TrimPrefix(tc.source, "\n") + "\n" + clusters, tc.want}
	}
	testRules(t, cases)
}

// TestExamples holds the platforms of the examples to all rules.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, example := range []string{"generator", "clusters"} {
		t.Run(example, func(t *testing.T) {
			t.Parallel()
			names, err := filepath.Glob("../../examples/" + example + "/*.hcl")
			if err != nil || len(names) == 0 {
				t.Fatal("no example", err)
			}
			files := map[string]string{}
			for _, name := range names {
				text, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				files[filepath.Base(name)] = string(text)
			}
			_, diags := loadBuiltin(files)
			checkFindings(t, diags, nil)
		})
	}
}

// TestRulesDocumented wants a section for each rule on the page about them, with
// its severity, how to ignore it, and an example that parses.
func TestRulesDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../templates/guides/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, section := range strings.Split(string(page), "\n### ")[1:] {
		id, text, _ := strings.Cut(section, "\n")
		sections[id] = text
	}
	for _, rule := range Rules() {
		text, ok := sections[rule.ID]
		if !ok {
			t.Errorf("%s has no section", rule.ID)
			continue
		}
		delete(sections, rule.ID)
		severity := map[hcl.DiagnosticSeverity]string{hcl.DiagError: "*Error.*", hcl.DiagWarning: "*Warning.*"}[rule.Severity]
		if !strings.HasPrefix(text, "\n"+severity+" ") {
			t.Errorf("%s does not begin with %s", rule.ID, severity)
		}
		ignore := "# onprem:ignore " + rule.ID + " because "
		if rule.Strict || rule.ID == ruleIgnoreUnused.ID { // comments are not for comments
			ignore = "\nCannot be ignored.\n"
		}
		if !strings.Contains(text, ignore) {
			t.Errorf("%s does not say %q", rule.ID, strings.TrimSpace(ignore))
		}
	}
	if len(sections) > 0 {
		t.Errorf("sections without rule: %s", slices.Sorted(maps.Keys(sections)))
	}
	for i, text := range strings.Split(string(page), "```")[1:] {
		if source, ok := strings.CutPrefix(text, "terraform\n"); ok {
			if _, diags := hclsyntax.ParseConfig([]byte(source), fmt.Sprintf("example %d", i/2), hcl.InitialPos); diags.HasErrors() {
				t.Errorf("%v\n%s", diags, source)
			}
		}
	}
}
