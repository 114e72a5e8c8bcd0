package modules_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclparse"

	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/sandbox"
	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
	"github.com/onprem-tools/terraform-provider-onprem/modules"
)

func TestMain(m *testing.M) { os.Exit(kubetest.Main(m)) }

// TestModules runs the tests that each module has for Terraform, as its users
// would, and plans the example of its README. One after another: what a module
// manages is the whole system's.
func TestModules(t *testing.T) {
	tool := findTool(t)
	cluster := kubetest.Shared(t)
	config := mirror(t)
	systems := sandbox.Sandbox{
		Kubernetes:   cluster,
		HarborURL:    serve(t, harborsim.New()),
		GuacamoleURL: serve(t, guacsim.New()) + "/guacamole",
		KongURL:      serve(t, kongsim.New()),
	}
	namespace := cluster.Namespace(t)
	if err := cluster.Create(t.Context(), strings.NewReader(read(t, "../internal/sandbox/machines.yaml", namespace))); err != nil {
		t.Fatal(err)
	}
	for _, name := range modules.Names() {
		t.Run(name, func(t *testing.T) {
			if name == "network" {
				cluster.Borrow(t, kubetest.BGPConfiguration)
			}
			dir := t.TempDir()
			copyModule(t, name, filepath.Join(dir, name), namespace)
			module := workspace.Open(tool, filepath.Join(dir, name), config)
			module.Env = append(module.Env, systems.Env()...)
			run(t, module, "init")
			run(t, module, "test")

			writeExample(t, name, dir, namespace)
			example := workspace.Open(tool, dir, config)
			example.Env = module.Env
			run(t, example, "init")
			run(t, example, "plan")
		})
	}
}

func run(t *testing.T, w *workspace.Workspace, command string) {
	t.Helper()
	out, err := w.Run(t.Context(), 0, command, "-no-color")
	if err != nil {
		t.Fatal(err)
	}
	t.Log(out)
}

// TestFormat holds the modules to the tool's own format.
func TestFormat(t *testing.T) {
	t.Parallel()
	if out, err := exec.CommandContext(t.Context(), findTool(t), "fmt", "-check", "-diff", "-recursive").CombinedOutput(); err != nil {
		t.Errorf("terraform fmt: %v\n%s", err, out)
	}
}

// TestDocumented demands of every variable and output a description, and a row
// in the module's README.
func TestDocumented(t *testing.T) {
	t.Parallel()
	for _, name := range modules.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			readme, err := modules.FS.ReadFile(name + "/README.md")
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range declarations(t, name) {
				if d.Description == "" {
					t.Errorf("%s has an empty description", d.Name)
				}
				if !strings.Contains(string(readme), "\n| `"+d.Name+"` |") {
					t.Errorf("README.md has no row for %s", d.Name)
				}
			}
		})
	}
}

// TestEmbedded looks for what a tree needs of each module.
func TestEmbedded(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("*/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	if names := modules.Names(); len(names) == 0 || len(names) != len(folders) {
		t.Errorf("embedded are %s, in the repository are %s", names, folders)
	}
	for _, name := range modules.Names() {
		for _, file := range []string{"README.md", "main.tf", "outputs.tf", "variables.tf", "versions.tf"} {
			if _, err := fs.Stat(modules.FS, name+"/"+file); err != nil {
				t.Error(err)
			}
		}
		if tests, err := fs.Glob(modules.FS, name+"/tests"); err != nil || tests != nil {
			t.Errorf("tests do not belong into a tree: %s, %v", tests, err)
		}
	}
}

// declaration is a variable or an output. gohcl refuses one that has no
// description.
type declaration struct {
	Name        string   `hcl:"name,label"`
	Description string   `hcl:"description"`
	Rest        hcl.Body `hcl:",remain"`
}

func declarations(t *testing.T, module string) []declaration {
	t.Helper()
	var all []declaration
	for _, file := range []string{"variables.tf", "outputs.tf"} {
		parsed, diags := hclparse.NewParser().ParseHCLFile(filepath.Join(module, file))
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		var found struct {
			Variables []declaration `hcl:"variable,block"`
			Outputs   []declaration `hcl:"output,block"`
		}
		if diags := gohcl.DecodeBody(parsed.Body, nil, &found); diags.HasErrors() {
			t.Error(diags)
		}
		all = append(append(all, found.Variables...), found.Outputs...)
	}
	return all
}

// findTool returns the tool that `make test` has chosen, or terraform.
func findTool(t *testing.T) string {
	t.Helper()
	if tool := os.Getenv("TF_ACC_TERRAFORM_PATH"); tool != "" {
		return tool
	}
	tool, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("neither terraform on PATH nor TF_ACC_TERRAFORM_PATH: `make test` provides one")
	}
	return tool
}

// mirror builds the provider and returns the CLI configuration to take it with.
func mirror(t *testing.T) string {
	t.Helper()
	provider := filepath.Join(t.TempDir(), workspace.Provider)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", provider, "..").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	config, err := workspace.Mirror(t.TempDir(), provider)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// copyModule copies a module with its tests, which look for virtual machines in
// namespace then: the tool leaves files beside a module, and the cluster may
// have other tests' machines.
func copyModule(t *testing.T, name, dir, namespace string) {
	t.Helper()
	if err := os.CopyFS(dir, os.DirFS(name)); err != nil {
		t.Fatal(err)
	}
	tests, err := filepath.Glob(filepath.Join(dir, "tests", "*.tftest.hcl"))
	if err != nil || len(tests) == 0 {
		t.Fatalf("%s has no tests: %v", name, err)
	}
	for _, file := range tests {
		write(t, file, read(t, file, namespace))
	}
}

var (
	example  = regexp.MustCompile("(?s)```hcl\n(.*?)```")
	source   = regexp.MustCompile(`(?m)^  source = ".*"$`)
	variable = regexp.MustCompile(`\bvar\.\w+`)
)

// writeExample makes the example of a module's README a configuration in dir,
// where the module is. Its variables become ephemeral ones: they are secrets.
func writeExample(t *testing.T, module, dir, namespace string) {
	t.Helper()
	found := example.FindStringSubmatch(read(t, module+"/README.md", namespace))
	if found == nil {
		t.Fatal("README.md has no example")
	}
	text := source.ReplaceAllLiteralString(found[1], fmt.Sprintf("  source = %q", "./"+module))
	used := variable.FindAllString(text, -1)
	slices.Sort(used)
	for _, name := range slices.Compact(used) {
		text += fmt.Sprintf("\nvariable %q {\n  default   = \"secret\"\n  ephemeral = true\n}\n", strings.TrimPrefix(name, "var."))
	}
	write(t, filepath.Join(dir, "main.tf"), text)
}

// read reads a file with another namespace of virtual machines in it.
func read(t *testing.T, file, namespace string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), kubetest.KubeVirtNamespace, namespace)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
