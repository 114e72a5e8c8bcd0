package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cli"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
	"github.com/onprem-tools/terraform-provider-onprem/internal/sandbox"
	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
	"github.com/onprem-tools/terraform-provider-onprem/modules"
)

const tools = "../../.tools"

// workbench is what runs trees.
type workbench struct {
	terragrunt string
	tool       sandbox.Tool
	config     string // CLI configuration that takes the provider from a mirror
}

// newWorkbench finds the tools and builds the provider. The test is skipped
// where a tool is missing.
func newWorkbench(t *testing.T) *workbench {
	t.Helper()
	w := &workbench{terragrunt: findTerragrunt(t), tool: findTool(t)}
	provider := filepath.Join(t.TempDir(), workspace.Provider)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", provider, "../..").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	var err error
	if w.config, err = workspace.Mirror(t.TempDir(), provider); err != nil {
		t.Fatal(err)
	}
	return w
}

func findTerragrunt(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(tools, "bin/terragrunt"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("Terragrunt is not built: run `make tools-terragrunt` (%v)", err)
	}
	return path
}

// findTool finds the Terraform or OpenTofu that all tests run.
func findTool(t *testing.T) sandbox.Tool {
	t.Helper()
	tool, err := sandbox.FindTool(t.Context(), os.Getenv("TF_ACC_TERRAFORM_PATH"), filepath.Join(tools, "bin"))
	if err != nil {
		t.Skip(err)
	}
	return tool
}

// startScenario starts all systems, beside a cluster that other tests share:
// what the modules manage is a whole cluster's.
func startScenario(t *testing.T) *sandbox.Scenario {
	t.Helper()
	systems, err := sandbox.StartScenario(t.Context(), sandbox.ScenarioOptions{Tools: tools, Home: t.TempDir(), Beside: true})
	if errors.Is(err, kubetest.ErrNotBuilt) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(systems.Stop)
	return systems
}

// tree is a tree whose commands must not fail.
type tree struct{ *sandbox.Tree }

// tree is the tree in dir, run against the systems, which may be nil.
func (w *workbench) tree(t *testing.T, dir string, systems *sandbox.Scenario) tree {
	t.Helper()
	env := []string{"TF_CLI_CONFIG_FILE=" + w.config, "TF_IN_AUTOMATION=1"}
	if systems != nil {
		env = append(env, systems.Env()...)
	}
	return tree{&sandbox.Tree{Dir: dir, Terragrunt: w.terragrunt, Tool: w.tool, Env: env, Log: io.Discard}}
}

func (tr tree) run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := tr.Run(t.Context(), ".", nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// applyRootModule applies a plain root module, and finds nothing more to do.
func (w *workbench) applyRootModule(t *testing.T, dir string, systems *sandbox.Scenario) {
	t.Helper()
	module := workspace.Open(w.tool.Path, dir, w.config)
	for _, variable := range systems.Env() {
		module.Env = append(module.Env, variable, "TF_VAR_"+variable)
	}
	for _, args := range [][]string{{"init"}, {"apply", "-auto-approve"}, {"plan", "-detailed-exitcode"}} {
		if _, err := module.Run(t.Context(), 0, append(args, "-no-color")...); err != nil {
			t.Fatal(err)
		}
	}
}

// generate runs the generator as its command does, and returns the tree's folder.
func generate(t *testing.T, from, to, format string) string {
	t.Helper()
	var words bytes.Buffer
	args := []string{"generate", "-f", from, "-o", to, "--format", format}
	if code := cli.Run(t.Context(), "test", args, cli.Streams{Out: &words, Err: &words}); code != 0 {
		t.Fatalf("exit code %d\n%s", code, words.String())
	}
	return to
}

// load evaluates the platform in a folder.
func load(t *testing.T, dir string) *platform.Platform {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*platform.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string][]byte{}
	for _, file := range files {
		sources[file] = []byte(read(t, file))
	}
	p, diags := platform.Load(sources, platform.Options{Open: func(s platform.Source) (fs.FS, error) {
		if s.Builtin != "" {
			return fs.Sub(modules.FS, s.Builtin)
		}
		return os.DirFS(filepath.Join(dir, s.Dir)), nil
	}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return p
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
