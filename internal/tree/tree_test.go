package tree

import (
	"bytes"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"golang.org/x/tools/txtar"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
	"github.com/onprem-tools/terraform-provider-onprem/modules"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// load evaluates a platform that has its local modules among its files.
func load(t *testing.T, files map[string]string) *platform.Platform {
	t.Helper()
	sources, local := map[string][]byte{}, fstest.MapFS{}
	for name, text := range files {
		if path.Dir(name) == "." && strings.HasSuffix(name, ".hcl") {
			sources[name] = []byte(text)
		} else {
			local[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	p, diags := platform.Load(sources, platform.Options{Builtins: modules.Names(), Open: func(s platform.Source) (fs.FS, error) {
		switch {
		case s.Builtin != "":
			return fs.Sub(modules.FS, s.Builtin)
		case s.Dir != "":
			return fs.Sub(local, s.Dir)
		}
		return nil, platform.ErrUnavailable
	}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return p
}

func render(t *testing.T, files map[string]string, format Format) map[string]string {
	t.Helper()
	rendered, err := Render(load(t, files), Options{Format: format, Modules: modules.FS, Base: ".", Release: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	tree := map[string]string{}
	for name, content := range rendered {
		if !strings.HasPrefix(name, "modules/") {
			tree[name] = string(content)
		}
	}
	return tree
}

// scenario is the example platform.
func scenario(t *testing.T) map[string]string {
	t.Helper()
	return example(t, "generator")
}

// example is a platform of the examples.
func example(t *testing.T, folder string) map[string]string {
	t.Helper()
	names, err := filepath.Glob("../../examples/" + folder + "/*.hcl")
	if err != nil || len(names) == 0 {
		t.Fatal("the example platform is missing", err)
	}
	files := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = string(text)
	}
	return files
}

// TestGolden compares trees with the archives in testdata: what stands in the
// folder tree/ of an archive is made of the other files in it.
func TestGolden(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			input, want := map[string]string{}, map[string]string{}
			for _, f := range archive.Files {
				if golden, ok := strings.CutPrefix(f.Name, "tree/"); ok {
					want[golden] = string(f.Data)
				} else {
					input[f.Name] = string(f.Data)
				}
			}
			format := Terragrunt
			if strings.Contains(name, "terraform") {
				format = Terraform
			}
			if len(input) == 0 {
				input = scenario(t)
			}
			got := render(t, input, format)
			if *update {
				writeGolden(t, name, archive, got)
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the tree differs; if that is right, run the test with -update (-want +got):\n%s", diff)
			}
		})
	}
}

func writeGolden(t *testing.T, name string, archive *txtar.Archive, tree map[string]string) {
	t.Helper()
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "tree/") })
	for _, file := range slices.Sorted(maps.Keys(tree)) {
		archive.Files = append(archive.Files, txtar.File{Name: "tree/" + file, Data: []byte(tree[file])})
	}
	if err := os.WriteFile(name, txtar.Format(archive), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestSameBytes renders one platform several times, cut into files in another
// way and with its blocks in another order.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	files := scenario(t)
	want := render(t, files, Terragrunt)
	for range 5 {
		if diff := cmp.Diff(want, render(t, files, Terragrunt)); diff != "" {
			t.Fatal(diff)
		}
	}
	blocks := strings.Split(files["sites.platform.hcl"], "\nenvironment ")
	if len(blocks) != 3 {
		t.Fatalf("the example should have two environments, got %d parts", len(blocks))
	}
	files["sites.platform.hcl"] = "environment " + blocks[2]
	files["a.platform.hcl"] = "environment " + blocks[1]
	if diff := cmp.Diff(want, render(t, files, Terragrunt)); diff != "" {
		t.Error("the order of blocks should not matter:\n", diff)
	}
}

// TestFormatted parses every file of HCL and holds it to the canonical format.
func TestFormatted(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"generator", "clusters"} {
		for _, format := range []Format{Terragrunt, Terraform} {
			for name, text := range render(t, example(t, folder), format) {
				if strings.HasSuffix(name, ".hcl") || strings.HasSuffix(name, ".tf") {
					checkFormat(t, name, text)
				}
			}
		}
	}
}

func checkFormat(t *testing.T, name, text string) {
	t.Helper()
	if _, diags := hclwrite.ParseConfig([]byte(text), name, hcl.InitialPos); diags.HasErrors() {
		t.Error(diags)
	}
	if !bytes.Equal(hclwrite.Format([]byte(text)), []byte(text)) || strings.HasSuffix(text, "\n\n") || strings.Contains(text, "\n\n\n") {
		t.Errorf("%s is not in canonical format:\n%s", name, text)
	}
}

// TestClusters renders the platform that makes clusters, whose trees get the way
// to log in from the environment alone.
func TestClusters(t *testing.T) {
	t.Parallel()
	tree := render(t, example(t, "clusters"), Terragrunt)
	for file, has := range map[string]string{
		"stage/seoul/cluster/terragrunt.hcl": "_components/cluster.hcl",
		"prod/seoul/cluster/terragrunt.hcl":  "worker_batch_size = 2",
		"_components/cluster.hcl":            "nodes              = local.site.nodes",
		"_providers/onprem.hcl":              `user = "ubuntu"`,
		".github/workflows/plan.yml":         "ONPREM_SSH_PRIVATE_KEY: ${{ secrets.ONPREM_SSH_PRIVATE_KEY }}",
	} {
		if !strings.Contains(tree[file], has) {
			t.Errorf("%s does not have %q:\n%s", file, has, tree[file])
		}
	}
}

// TestDRY measures what the tree repeats.
func TestDRY(t *testing.T) {
	t.Parallel()
	files := scenario(t)
	rendered := render(t, files, Terragrunt)
	everything := oneLine(strings.Join(slices.Collect(maps.Values(rendered)), "\n"))

	p := load(t, files)
	for _, c := range p.Components {
		for _, in := range c.Inputs {
			if _, isReference := in.Expr.(*hclsyntax.ScopeTraversalExpr); isReference || len(in.Expr.Variables()) == 0 {
				continue // a name, or a constant
			}
			text := oneLine((&tree{Platform: p}).write(in.Expr, inComponent))
			if n := strings.Count(everything, text); n != 1 {
				t.Errorf("the expression of %s.%s stands %d times, want once:\n%s", c.Name, in.Name, n, text)
			}
		}
	}

	total, twice := 0, 0
	stage, prod := map[string]int{}, map[string]int{}
	for name, text := range rendered {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if strings.Trim(line, "{}()[], \n") == "" {
				continue // says nothing
			}
			total++
			switch {
			case strings.HasPrefix(name, "stage/"):
				stage[line]++
			case strings.HasPrefix(name, "prod/"):
				prod[line]++
			}
		}
	}
	for line, n := range stage {
		twice += min(n, prod[line])
	}
	share := 100 * float64(twice) / float64(total)
	t.Logf("%d of %d lines stand in both environments: %.1f %%", twice, total, share)
	if share > 5 {
		t.Errorf("%.1f %% of the lines stand in both environments, want at most 5 %%", share)
	}
}

// oneLine makes texts comparable that differ in white space only.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestAnotherEnvironment(t *testing.T) {
	t.Parallel()
	files := scenario(t)
	before := render(t, files, Terragrunt)
	files["lab.platform.hcl"] = strings.TrimSpace(`
environment "lab" {
  domain   = "lab.example.internal"
  portal   = "https://accessportal.lab.example.com/guacamole"
  machines = { cp-01 = "192.168.30.11" }
  site "busan" {
    as_number    = 64531
    node_cidr    = "192.168.30.0/24"
    pod_cidr     = "10.65.0.0/16"
    service_cidr = "10.161.0.0/16"
    api_vip      = "192.168.30.10"
    lb_range     = "192.168.30.180-192.168.30.200"
    switches     = ["192.168.30.1"]
    switch_as    = 65003
  }
}`) + "\n"
	if n := strings.Count(files["lab.platform.hcl"], "\n"); n > 15 {
		t.Errorf("an environment took %d lines, want at most 15", n)
	}
	after := render(t, files, Terragrunt)
	for name, text := range before {
		if (strings.HasPrefix(name, "stage/") || strings.HasPrefix(name, "prod/") || strings.HasSuffix(name, ".hcl")) && after[name] != text {
			t.Errorf("%s changed, though only another environment was added:\n%s", name, cmp.Diff(text, after[name]))
		}
	}
	created := 0
	for name := range after {
		if strings.HasPrefix(name, "lab/") {
			created++
		}
	}
	if created != 7 { // env.hcl, site.hcl and five units
		t.Errorf("want 7 files in lab/, got %d", created)
	}
}

// TestUnit checks what a unit says where it is easily wrong.
func TestUnit(t *testing.T) {
	t.Parallel()
	const module = `
variable "a" {
  type    = any
  default = null
}
variable "text" {
  type    = string
  default = ""
}
variable "word" {
  type      = string
  default   = ""
  ephemeral = true
}
output "out" { value = 1 }
`
	head := `
platform "acme" {
  state "local" {}
}
locals {
  user  = "app"
  login = "${local.user}:${secret("WORD")}"
}
environment "stage" {
  unused = secret("UNUSED")
  host   = "${local.login}@host"
  site "seoul" {
    port = 80
    url  = "https://${env.host}:${site.port}"
    path = "${site.url}/path"

    label = "${env.name}/${site.name}:${local.login}"
    other = try(site.missing, local.login)
    whole = "${length(site)}${local.login}"
  }
}
`
	for name, tc := range map[string]struct {
		component, file string
		format          Format
		want, not       []string
	}{
		"an object on null": {
			component: `inputs = { a = { b = { x = 1 } } }
				override "stage" { inputs = { a = { b = null } } }
				override "stage/seoul" { inputs = { a = { b = { y = 2 } } } }`,
			format: Terragrunt, file: "stage/seoul/x/terragrunt.hcl",
			want: []string{"expose = true", "a = merge(include.component.inputs.a, { b = { y = 2 } })"},
		},
		"an object on null in a root module": {
			component: `inputs = { a = { x = 1 } }
				override "stage" { inputs = { a = null } }
				override "stage/seoul" { inputs = { a = { y = 2 } } }`,
			format: Terraform, file: "stage/seoul/x/main.tf",
			want: []string{`source = "../../../tf/caller" a = { y = 2 } }`},
		},
		"attributes that read secrets": {
			component: `inputs = { text = site.path }`,
			format:    Terraform, file: "stage/seoul/x/main.tf",
			want: []string{
				`path = "${("https://${local.env.host}:${(80)}")}/path"`, `host = "${local.common.login}@host"`,
				`login = "${("app")}:${var.WORD}"`, `variable "WORD" { type = string sensitive = true }`,
			},
			not: []string{"UNUSED", "url ="},
		},
		"attributes of other objects, missing ones, and the own object": {
			component: `inputs = { text = "${site.label}${site.other}${site.whole}" }`,
			format:    Terraform, file: "stage/seoul/x/main.tf",
			want: []string{
				`label = "${local.env.name}/${("seoul")}:${local.common.login}"`,
				`other = try(local.site.missing, local.common.login)`,
				`whole = "${length(local.site)}${local.common.login}"`,
			},
		},
		"a secret that stays out of the state": {
			component: `inputs = { word = site.path }`,
			format:    Terraform, file: "stage/seoul/x/main.tf",
			want: []string{`variable "WORD" { type = string sensitive = true ephemeral = true }`},
		},
		"a heredoc in a provider": {
			component: "provider \"x\" {\n  ca = <<-EOT\n    of ${env.name}\n  EOT\n}",
			format:    Terragrunt, file: "_components/x.hcl",
			want: []string{"ca = ${jsonencode(<<-EOT of ${local.env.name} EOT )}"},
		},
		"a module that calls another one": {
			component: `inputs = {}`,
			format:    Terragrunt, file: "_components/x.hcl",
			want: []string{`source = "${dirname(find_in_parent_folders("root.hcl"))}/tf//caller"`},
		},
		"outputs of a module that is not at hand": {
			component: "inputs = { a = component.y.outputs.id }\n}\ncomponent \"y\" {\n  per    = \"environment\"\n  module = \"git::https://git.example.com/y.git?ref=v1\"",
			format:    Terraform, file: "stage/y/main.tf",
			want: []string{`output "id" { value = module.y.id }`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := render(t, map[string]string{
				"platform.hcl":      head + "component \"x\" {\n  per = \"site\"\n  module = \"./tf/caller\"\n" + tc.component + "\n}\n",
				"tf/caller/main.tf": module + `module "called" { source = "../called" }`,
				"tf/called/main.tf": "",
			}, tc.format)
			got := oneLine(tree[tc.file])
			for _, want := range tc.want {
				if !strings.Contains(got, want) {
					t.Errorf("%s lacks %s:\n%s", tc.file, want, tree[tc.file])
				}
			}
			for _, not := range tc.not {
				if strings.Contains(got, not) {
					t.Errorf("%s has %s:\n%s", tc.file, not, tree[tc.file])
				}
			}
		})
	}
}
