package tree

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/modules"
)

func TestReadme(t *testing.T) {
	t.Parallel()
	both := environment("stage", false) + environment("prod", true)
	with := pipelineFiles("tofu", both)
	without := pipelineFiles("tofu", both)
	start := strings.Index(without["platform.hcl"], "  workflows")
	end := strings.Index(without["platform.hcl"], "component")
	without["platform.hcl"] = without["platform.hcl"][:start] + "}\n" + without["platform.hcl"][end:]

	for name, tc := range map[string]struct {
		files       map[string]string
		options     Options
		has, hasNot []string
	}{
		"with workflows": {
			files: with, options: Options{Format: Terragrunt, Base: "."},
			has: []string{
				"| [prod](prod) | by a person |", "| [stage](stage) | on merge |", "net --> app", "app --> last",
				"terraform-provider-onprem generate\n", "terragrunt run --all --filter './stage/**' -- plan",
				"| `PASSWORD` | `secret(\"PASSWORD\")`", "| `VAULT_TOKEN` | providers and the state |",
				"| `prod` | applies of prod | required reviewers, and the default branch", "`tofu` and `terragrunt`",
			},
			hasNot: []string{"TF_VAR_", "-chdir", "by hand"},
		},
		"without": {
			files: without, options: Options{Format: Terragrunt, Base: "."},
			has:    []string{"| [prod](prod) | by hand |", "| `PASSWORD` |"},
			hasNot: []string{"Pull request", "Drift", "required reviewers", "VAULT_TOKEN"},
		},
		"a platform file elsewhere": {
			files: with, options: Options{Format: Terragrunt, Base: "../platform"},
			has: []string{"generate -f ../platform -o .\n", "validate -f ../platform\n", "[../platform](../platform)"},
		},
		"plain Terraform": {
			files: with, options: Options{Format: Terraform, Base: "."},
			has:    []string{"generate --format terraform\n", "tofu -chdir=", "| `TF_VAR_PASSWORD` |", "There are no workflows", "| [prod](prod) | by hand |"},
			hasNot: []string{"terragrunt", "_components", "Pull request"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.options.Modules = modules.FS
			rendered, err := Render(load(t, tc.files), tc.options)
			if err != nil {
				t.Fatal(err)
			}
			text := string(rendered["README.md"])
			for _, want := range tc.has {
				if !strings.Contains(text, want) {
					t.Errorf("lacks %q", want)
				}
			}
			for _, unwanted := range tc.hasNot {
				if strings.Contains(text, unwanted) {
					t.Errorf("has %q", unwanted)
				}
			}
			if strings.Contains(text, "\n\n\n") || strings.Contains(text, "<%") || strings.Contains(text, " \n") {
				t.Error("has empty lines, spaces or pieces of the template left over")
			}
			if t.Failed() {
				t.Log(text)
			}
		})
	}
}

// TestOrders puts every unit after those it needs, also where names say otherwise.
func TestOrders(t *testing.T) {
	t.Parallel()
	p := load(t, scenario(t))
	got := readme{&tree{Platform: p}}.Orders()
	want := []order{
		{"prod", []string{
			"prod/access-portal", "prod/registry", "prod/seoul/network", "prod/seoul/load-balancer", "prod/seoul/gateway",
			"prod/tokyo/network", "prod/tokyo/load-balancer", "prod/tokyo/gateway",
		}},
		{"stage", []string{"stage/access-portal", "stage/registry", "stage/seoul/network", "stage/seoul/load-balancer", "stage/seoul/gateway"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOwners(t *testing.T) {
	t.Parallel()
	const head = "# Who approves what. Of the lines that match a file the last one decides.\n"
	stage := environment("stage", false)
	owned := strings.Replace(environment("prod", true), "{", "{\n  owners = [\"@acme/operations\", \"@ann\"]", 1)
	for name, tc := range map[string]struct{ platform, environments, want string }{
		"nobody":            {"", stage, ""},
		"the platform's":    {"owners = [\"@acme/platform\"]", stage, head + "* @acme/platform\n"},
		"one environment's": {"", stage + owned, head + "/prod/ @acme/operations @ann\n"},
		"both":              {"owners = [\"@acme/platform\"]", stage + owned, head + "* @acme/platform\n/prod/ @acme/operations @ann\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := pipelineFiles("terraform", tc.environments)
			files["platform.hcl"] = strings.Replace(files["platform.hcl"], `platform "acme" {`, "platform \"acme\" {\n  "+tc.platform, 1)
			if diff := cmp.Diff(tc.want, render(t, files, Terragrunt)[".github/CODEOWNERS"]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestIgnored(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		files map[string]string
		local bool
	}{
		"states in files":   {pipelineFiles("terraform", environment("stage", false)), true},
		"states in a store": {scenario(t), false},
	} {
		lines := strings.Split(render(t, tc.files, Terragrunt)[".gitignore"], "\n")
		if slices.Contains(lines, ".state/") != tc.local {
			t.Errorf("%s: .state/ is ignored: %t", name, !tc.local)
		}
		if slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, ".terraform.lock.hcl") }) {
			t.Errorf("%s: lock files are to be committed", name)
		}
		if !slices.Contains(lines, "tfplan.json") || !slices.Contains(lines, ".terragrunt-cache/") {
			t.Errorf("%s: plans and caches are not to be committed", name)
		}
	}
}
