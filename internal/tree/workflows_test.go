package tree

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/onprem-tools/terraform-provider-onprem/modules"
)

// pipelinePlatform is a platform around two modules without a provider, so that
// it can be planned and applied anywhere. app needs net, and last comes after app.
const pipelinePlatform = `
platform "acme" {
  tool   = "%s"
  state "local" {}
  workflows "github" {
    runner  = ["self-hosted", "linux"]
    secrets = ["VAULT_TOKEN"]
    env     = { PROXY = "http://proxy.example.internal:3128" }
  }
}
component "net" {
  per    = "environment"
  module = "./modules/net"
  inputs = { value = env.value }
}
component "app" {
  per    = "environment"
  module = "./modules/app"
  inputs = { value = component.net.outputs.value }
}
component "last" {
  per        = "environment"
  module     = "./modules/app"
  inputs     = { value = secret("PASSWORD") }
  depends_on = [component.app]
}
`

// environment is one of the pipeline platform.
func environment(name string, protected bool) string {
	return fmt.Sprintf("environment %q {\n  value = \"of %s\"\n  protected = %t\n}\n", name, name, protected)
}

const dataModule = `
variable "value" {
  type = string
}
resource "terraform_data" "this" {
  input = var.value
}
output "value" {
  value = terraform_data.this.output
}
`

func pipelineFiles(tool, environments string) map[string]string {
	return map[string]string{
		"platform.hcl":           fmt.Sprintf(pipelinePlatform, tool) + environments,
		"modules/net/main.tf":    dataModule + "module \"inner\" {\n  source = \"../inner\"\n}\n",
		"modules/app/main.tf":    dataModule,
		"modules/inner/main.tf":  "output \"a\" {\n  value = 1\n}\n",
		"modules/app/README.md":  "# app\n",
		"modules/app/motd.tftpl": "hello\n",
	}
}

// platforms are all kinds of platforms that workflows are written for.
func platforms(t *testing.T) map[string]map[string]string {
	stage, prod := environment("stage", false), environment("prod", true)
	shared := pipelineFiles("terraform", stage+prod)
	shared["platform.hcl"] = strings.ReplaceAll(shared["platform.hcl"], `per    = "environment"
  module = "./modules/net"
  inputs = { value = env.value }`, `per    = "platform"
  module = "./modules/net"
  inputs = { value = "shared" }`)
	return map[string]map[string]string{
		"the example":               scenario(t),
		"several labels":            pipelineFiles("tofu", stage+prod),
		"nothing protected":         pipelineFiles("terraform", stage),
		"everything protected":      pipelineFiles("terraform", prod),
		"units of the platform":     shared,
		"a name that YAML mistakes": pipelineFiles("terraform", environment("on", false)+environment("0x1", true)),
	}
}

// workflow is what the tests read of one, and of an action.
type workflow struct {
	Jobs map[string]struct{ Steps []step }
	Runs struct{ Steps []step }
}

type step struct {
	ID, Name, Run string
	Env           map[string]string
}

func (w workflow) steps() []step {
	all := w.Runs.Steps
	for _, job := range w.Jobs {
		all = append(all, job.Steps...)
	}
	return all
}

func parseWorkflow(t *testing.T, text string) workflow {
	t.Helper()
	var w workflow
	if err := yaml.Unmarshal([]byte(text), &w); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWorkflowsLint(t *testing.T) {
	t.Parallel()
	lint := program(t, "actionlint")
	for name, files := range platforms(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeFiles(t, dir, render(t, files, Terragrunt))
			run(t, dir, nil, "git", "init", "--quiet")
			run(t, dir, nil, lint, "-no-color")
		})
	}
}

// TestScriptsAreShell also looks at actions, which actionlint does not.
func TestScriptsAreShell(t *testing.T) {
	t.Parallel()
	checks := [][]string{{"bash", "-n"}}
	if check, err := exec.LookPath("shellcheck"); err == nil {
		checks = append(checks, []string{check, "--shell=bash"})
	} else {
		t.Log("shellcheck is not on PATH: the scripts are only parsed")
	}
	for name, files := range platforms(t) {
		for file, text := range render(t, files, Terragrunt) {
			scripts := []string{text}
			switch {
			case strings.HasSuffix(file, ".yml"):
				scripts = nil
				for _, s := range parseWorkflow(t, text).steps() {
					scripts = append(scripts, "set -eo pipefail\n"+s.Run)
				}
			case !strings.HasSuffix(file, ".sh"):
				continue
			}
			for _, script := range scripts {
				if strings.Contains(script, "${{") {
					t.Errorf("%s: %s: an expression would become part of the program; it belongs into env:\n%s", name, file, script)
				}
				path := filepath.Join(t.TempDir(), "script.sh")
				writeFiles(t, filepath.Dir(path), map[string]string{"script.sh": script})
				for _, check := range checks {
					run(t, "", nil, check[0], append(check[1:], path)...)
				}
			}
		}
	}
}

func TestWorkflowsOfPlatforms(t *testing.T) {
	t.Parallel()
	stage, prod := environment("stage", false), environment("prod", true)
	without := pipelineFiles("terraform", stage)
	without["platform.hcl"] = strings.Replace(without["platform.hcl"], `workflows "github" {
    runner  = ["self-hosted", "linux"]
    secrets = ["VAULT_TOKEN"]
    env     = { PROXY = "http://proxy.example.internal:3128" }
  }`, "", 1)
	all := platforms(t)
	for name, tc := range map[string]struct {
		files       map[string]string
		format      Format
		has, hasNot []string // of apply.yml; nil: there are no workflows
	}{
		"none wanted":           {files: without, format: Terragrunt},
		"plain Terraform":       {files: pipelineFiles("terraform", stage+prod), format: Terraform},
		"one of each":           {pipelineFiles("terraform", stage+prod), Terragrunt, []string{"  push:", `AUTOMATIC: "stage"`, `options: ["prod", "stage"]`}, nil},
		"nothing protected":     {pipelineFiles("terraform", stage), Terragrunt, []string{"  push:", `options: ["stage"]`}, nil},
		"everything protected":  {pipelineFiles("terraform", prod), Terragrunt, []string{`options: ["prod"]`}, []string{"push", "AUTOMATIC", "--follow"}},
		"units of the platform": {all["units of the platform"], Terragrunt, []string{`options: ["platform", "prod", "stage"]`, `AUTOMATIC: "stage"`}, nil},
		"labels, variables and secrets": {all["several labels"], Terragrunt, []string{
			`runs-on: ["self-hosted", "linux"]`, `PROXY: "http://proxy.example.internal:3128"`,
			"VAULT_TOKEN: ${{ secrets.VAULT_TOKEN }}", "PASSWORD: ${{ secrets.PASSWORD }}",
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := render(t, tc.files, tc.format)
			apply, written := files[".github/workflows/apply.yml"]
			if written != (tc.has != nil) {
				t.Fatalf("workflows were written: %t", written)
			}
			if _, anything := files[".github/actions/setup/action.yml"]; anything != written {
				t.Error("an action without workflows, or the other way round")
			}
			for _, want := range tc.has {
				if !strings.Contains(apply, want) {
					t.Errorf("lacks %q:\n%s", want, apply)
				}
			}
			for _, unwanted := range tc.hasNot {
				if strings.Contains(apply, unwanted) {
					t.Errorf("has %q:\n%s", unwanted, apply)
				}
			}
		})
	}
}

func TestRelease(t *testing.T) {
	t.Parallel()
	for constraint, want := range map[string]string{
		"":                  "1.11.4",
		">= 1.11":           "1.11.4",
		"~> 1.11.0":         "1.11.4",
		"1.12.2":            "1.12.2",
		">= 1.14, < 2.0":    "1.14.0",
		"no constraint: 1!": "1.11.4",
	} {
		if got := release(constraint, "1.11.4"); got != want {
			t.Errorf("%q: got %s, want %s", constraint, got, want)
		}
	}
}

// TestWorkflowsInstallTheirRelease: pipelines run the release that wrote them,
// or say why they cannot.
func TestWorkflowsInstallTheirRelease(t *testing.T) {
	t.Parallel()
	for release, want := range map[string][]string{
		"1.2.3": {`ONPREM_VERSION: "1.2.3"`, "releases/download/v$ONPREM_VERSION"},
		"":      {"::error::The build that wrote this tree is no release"},
	} {
		files, err := Render(load(t, scenario(t)), Options{Format: Terragrunt, Modules: modules.FS, Base: ".", Release: release})
		if err != nil {
			t.Fatal(err)
		}
		setup := string(files[".github/actions/setup/action.yml"])
		for _, w := range want {
			if !strings.Contains(setup, w) {
				t.Errorf("release %q: lacks %q:\n%s", release, w, setup)
			}
		}
		if release == "" && strings.Contains(setup, "ONPREM_VERSION") {
			t.Errorf("a build that is no release is installed all the same:\n%s", setup)
		}
		for _, s := range parseWorkflow(t, setup).steps() {
			run(t, "", nil, "bash", "-n", "-c", s.Run)
		}
	}
}

// TestConfirm runs the step that stands between a person and an apply.
func TestConfirm(t *testing.T) {
	t.Parallel()
	script := stepOf(t, render(t, pipelineFiles("terraform", environment("prod", true)), Terragrunt), "apply.yml", "person")
	for name, tc := range map[string]struct {
		confirm, ref string
		fails        bool
	}{
		"yes":           {"yes", "refs/heads/main", false},
		"anything else": {"y", "refs/heads/main", true},
		"nothing":       {"", "refs/heads/main", true},
		"a command":     {`yes"; true; "`, "refs/heads/main", true},
		"a branch":      {"yes", "refs/heads/work", true},
		"a tag":         {"yes", "refs/tags/main", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output := filepath.Join(t.TempDir(), "output")
			cmd := exec.Command("bash", "-eo", "pipefail", "-c", script)
			cmd.Env = append(os.Environ(), "CONFIRM="+tc.confirm, "GITHUB_REF="+tc.ref, "BRANCH=main", "ENVIRONMENT=prod", "GITHUB_OUTPUT="+output)
			said, err := cmd.CombinedOutput()
			if (err != nil) != tc.fails {
				t.Errorf("%v\n%s", err, said)
			}
			if tc.fails {
				if _, err := os.Stat(output); err == nil {
					t.Error("it must not name an environment to apply")
				}
				return
			}
			if got := readFile(t, output); got != "environments=[\"prod\"]\n" {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestAffected runs the step that chooses what is planned, with the real
// Terragrunt, for all that a commit may change.
func TestAffected(t *testing.T) {
	t.Parallel()
	everything := func(string) bool { return true }
	nothing := func(string) bool { return false }
	begins := func(with string) func(string) bool {
		return func(unit string) bool { return strings.HasPrefix(unit, with) }
	}
	ends := func(with string) func(string) bool {
		return func(unit string) bool { return strings.HasSuffix(unit, with) }
	}
	for name, tc := range map[string]struct {
		change  func(*testing.T, *repository)
		units   func(name string) bool
		removed string
	}{
		"no unit":                   {change: write("note.txt"), units: nothing},
		"the README of a module":    {change: write("modules/gateway/README.md"), units: nothing},
		"root":                      {change: write("root.hcl"), units: everything},
		"values of an environment":  {change: write("stage/env.hcl"), units: begins("stage/")},
		"values of a site":          {change: write("prod/seoul/site.hcl"), units: begins("prod/seoul/")},
		"a component":               {change: write("_components/gateway.hcl"), units: ends("/gateway")},
		"a provider":                {change: write("_providers/onprem.hcl"), units: func(unit string) bool { return !ends("/access-portal")(unit) }},
		"a module":                  {change: write("modules/network/main.tf"), units: ends("/network")},
		"a template in a module":    {change: write("modules/network/files/motd.tftpl"), units: ends("/network")},
		"a module of other modules": {change: write("modules/inner/main.tf"), units: everything},
		"one unit":                  {change: write("prod/tokyo/gateway/terragrunt.hcl"), units: begins("prod/tokyo/gateway")},
		"a lock file":               {change: write("prod/registry/.terraform.lock.hcl"), units: begins("prod/registry")},
		"a unit less": {
			change:  func(t *testing.T, r *repository) { r.git(t, "rm", "-rq", "stage/registry") },
			units:   nothing,
			removed: "stage/registry",
		},
		"an environment more": {
			change: func(t *testing.T, r *repository) { run(t, r.dir, nil, "cp", "-r", "stage", "lab") },
			units:  begins("lab/"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t, scenario(t))
			tc.change(t, r)
			r.commit(t)
			temp := t.TempDir()
			said := run(t, r.dir, []string{"RUNNER_TEMP=" + temp, "GITHUB_OUTPUT=" + temp + "/output"},
				"bash", "-eo", "pipefail", "-c", stepOf(t, r.files, "plan.yml", "affected"))

			var units []string
			environments := []string{}
			for _, unit := range r.units(t) {
				if tc.units(unit) {
					units = append(units, "./"+unit)
					name, _, _ := strings.Cut(unit, "/")
					environments = append(environments, name)
				}
			}
			if diff := cmp.Diff(strings.Join(units, "\n"), strings.TrimSpace(readFile(t, temp+"/affected"))); diff != "" {
				t.Errorf("units (-want +got):\n%s", diff)
			}
			if want := environmentsOutput(t, slices.Compact(environments)); readFile(t, temp+"/output") != want {
				t.Errorf("want %s, got %s", want, readFile(t, temp+"/output"))
			}
			if tc.removed != "" && !strings.Contains(said, "::warning::"+tc.removed+" is removed") || tc.removed == "" && strings.Contains(said, "removed") {
				t.Errorf("removed units: want %q, got:\n%s", tc.removed, said)
			}
		})
	}
}

// TestMerge runs the step that chooses what a merge applies.
func TestMerge(t *testing.T) {
	t.Parallel()
	platform := pipelineFiles("terraform", environment("stage", false)+environment("lab", false)+environment("prod", true))
	for name, tc := range map[string]struct {
		change, before string
		want           []string
	}{
		"an environment":         {"lab/env.hcl", "HEAD^1", []string{"lab"}},
		"a protected one":        {"prod/env.hcl", "HEAD^1", []string{}},
		"all":                    {"root.hcl", "HEAD^1", []string{"lab", "stage"}},
		"nothing":                {"note.txt", "HEAD^1", []string{}},
		"a first push":           {"note.txt", strings.Repeat("0", 40), []string{"lab", "stage"}},
		"a history written anew": {"note.txt", strings.Repeat("a", 40), []string{"lab", "stage"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t, platform)
			write(tc.change)(t, r)
			r.commit(t)
			temp := t.TempDir()
			run(t, r.dir, []string{"RUNNER_TEMP=" + temp, "GITHUB_OUTPUT=" + temp + "/output", "BEFORE=" + tc.before, "AUTOMATIC=lab stage"},
				"bash", "-eo", "pipefail", "-c", stepOf(t, r.files, "apply.yml", "merge"))
			if want := environmentsOutput(t, tc.want); readFile(t, temp+"/output") != want {
				t.Errorf("want %s, got %s", want, readFile(t, temp+"/output"))
			}
		})
	}
}

// environmentsOutput is what a step says that has chosen environments.
func environmentsOutput(t *testing.T, names []string) string {
	t.Helper()
	list, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	return "environments=" + string(list) + "\n"
}

// TestPlanAndApply goes the way of a new environment: two of its three units are
// planned on mocks, or come after such a one, and must not be applied so.
func TestPlanAndApply(t *testing.T) {
	t.Parallel()
	tool := "terraform"
	if _, err := exec.LookPath(tool); err != nil {
		tool = "tofu"
	}
	program(t, tool)
	// Each of the two signs of a mock has to be enough.
	for name, tc := range map[string]struct {
		follow bool
		forget func(t *testing.T, folder string)
	}{
		"a person, and a log in other words": {false, func(t *testing.T, folder string) {
			writeFiles(t, folder, map[string]string{"log.json": ""})
		}},
		"a merge, and mocks like any value": {true, func(t *testing.T, folder string) {
			run(t, folder, nil, "sed", "-i", "s/mock-/real-/g", "json/stage/app/tfplan.json", "json/stage/last/tfplan.json")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			follow := tc.follow
			r := newRepository(t, pipelineFiles(tool, environment("stage", !follow)))
			temp := t.TempDir()
			output := filepath.Join(temp, "output")
			env := []string{"GITHUB_OUTPUT=" + output, "TG_DOWNLOAD_DIR=" + temp + "/cache", "PASSWORD=secret", "TF_IN_AUTOMATION=1"}
			plan := func(folder, changed string) {
				t.Helper()
				_ = os.Remove(output)
				run(t, r.dir, env, "bash", "-c", `bash .github/scripts/plan.sh "$0" <<< './stage/**'`, filepath.Join(temp, folder))
				if got := readFile(t, output); got != "changed="+changed+"\n" {
					t.Fatalf("%s: %s", folder, got)
				}
			}
			apply := []string{".github/scripts/apply.sh", filepath.Join(temp, "plan")}
			if follow {
				apply = append(apply, "--follow")
			}

			plan("plan", "true")
			tc.forget(t, temp+"/plan")
			run(t, r.dir, env, "bash", apply...)
			if diff := cmp.Diff("./stage/net\n", readFile(t, temp+"/plan/ready")); diff != "" {
				t.Errorf("applied as planned (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff("./stage/app\n./stage/last\n", readFile(t, temp+"/plan/waiting")); diff != "" {
				t.Errorf("waited (-want +got):\n%s", diff)
			}
			plan("left", map[bool]string{false: "true", true: "false"}[follow])
			if !follow { // the second approval
				apply[1] = filepath.Join(temp, "left")
				run(t, r.dir, env, "bash", apply...)
				plan("after", "false")
			}
			state := readFile(t, filepath.Join(r.dir, ".state/stage/app/terraform.tfstate"))
			if strings.Contains(state, "mock-") || !strings.Contains(state, "of stage") {
				t.Errorf("a mock was applied:\n%s", state)
			}
		})
	}
}

// TestPlanNothing: without any filter Terragrunt would plan everything.
func TestPlanNothing(t *testing.T) {
	t.Parallel()
	r := newRepository(t, pipelineFiles("terraform", environment("stage", false)))
	temp := t.TempDir()
	run(t, r.dir, []string{"GITHUB_OUTPUT=" + temp + "/output"}, "bash", "-c", `bash .github/scripts/plan.sh "$0" < /dev/null`, temp)
	if got := readFile(t, temp+"/output"); got != "changed=false\n" {
		t.Error(got)
	}
	if plans, _ := filepath.Glob(temp + "/plans/*"); len(plans) > 0 {
		t.Error("it has planned", plans)
	}
	if got := readFile(t, temp+"/report.json"); got != "[]\n" {
		t.Error("the report should be empty: ", got)
	}
}

// repository is a tree in a Git repository, with its platform.
type repository struct {
	dir   string
	files map[string]string
}

func newRepository(t *testing.T, platform map[string]string) *repository {
	t.Helper()
	for _, tool := range []string{"git", "jq", "terragrunt"} {
		program(t, tool)
	}
	rendered, err := Render(load(t, platform), Options{Format: Terragrunt, Modules: modules.FS, Base: "."})
	if err != nil {
		t.Fatal(err)
	}
	r := &repository{dir: t.TempDir(), files: map[string]string{}}
	for name, content := range rendered {
		r.files[name] = string(content)
	}
	writeFiles(t, r.dir, r.files)
	writeFiles(t, r.dir, platform)
	r.git(t, "init", "--quiet", "--initial-branch=main")
	r.commit(t)
	return r
}

func (r *repository) git(t *testing.T, args ...string) {
	t.Helper()
	run(t, r.dir, nil, "git", args...)
}

func (r *repository) commit(t *testing.T) {
	t.Helper()
	r.git(t, "add", "--all")
	r.git(t, "-c", "user.name=Ann", "-c", "user.email=ann@example.com", "commit", "--quiet", "--message=x")
}

// units are the folders of all units, in order.
func (r *repository) units(t *testing.T) []string {
	t.Helper()
	var units []string
	for line := range strings.Lines(run(t, r.dir, nil, "git", "ls-files", "*/"+unitFile)) {
		units = append(units, strings.TrimSuffix(strings.TrimSpace(line), "/"+unitFile))
	}
	slices.Sort(units)
	return units
}

// write is a change of one file, or a new one.
func write(name string) func(*testing.T, *repository) {
	return func(t *testing.T, r *repository) {
		t.Helper()
		writeFiles(t, r.dir, map[string]string{name: r.files[name] + "\n# changed\n"})
	}
}

// stepOf is the shell of a step.
func stepOf(t *testing.T, files map[string]string, file, id string) string {
	t.Helper()
	for _, s := range parseWorkflow(t, files[".github/workflows/"+file]).steps() {
		if s.ID == id {
			return s.Run
		}
	}
	t.Fatalf("%s has no step %s", file, id)
	return ""
}

// program is the path of one that the test cannot do without.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(filepath.Join("../../.tools/bin", name))
	if err != nil {
		path, err = exec.LookPath(name)
	}
	if err != nil {
		t.Skipf("%s is neither in .tools/bin nor on PATH: run make tools-test", name)
	}
	path, err = filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs a program that has to succeed, with the built tools on its PATH.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	tools, err := filepath.Abs("../../.tools/bin")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "PATH="+os.Getenv("PATH")+":"+tools, "TG_NON_INTERACTIVE=true", "TG_NO_TIPS=true"), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
