package functions_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform/functions"
)

// The tools evaluate the table of functions_test.go: that is what makes it more
// than our own opinion.

func TestTerraformAgrees(t *testing.T) {
	t.Parallel()
	agree(t, outputs(t, findTool(t, "terraform")))
}

func TestOpenTofuAgrees(t *testing.T) {
	t.Parallel()
	agree(t, outputs(t, findTool(t, "tofu")))
}

func TestTerragruntAgrees(t *testing.T) {
	t.Parallel()
	terragrunt := findTool(t, "terragrunt")
	config := "inputs = {\n"
	for i, c := range cases {
		config += fmt.Sprintf("  %s = %s\n", key(i), probe(c.expression))
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "terragrunt.hcl"), config+"}\n")

	var rendered struct{ Inputs map[string]string }
	decode(t, run(t, dir, terragrunt, "render", "--json", "--non-interactive"), &rendered)
	agree(t, rendered.Inputs)
}

// A function that a newer tool brings belongs into the table, or among the
// excluded ones with a reason.
func TestEveryFunctionOfTheToolsIsConsidered(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"terraform", "tofu"} {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			var known struct {
				Functions map[string]any `json:"function_signatures"`
			}
			decode(t, run(t, t.TempDir(), findTool(t, tool), "metadata", "functions", "-json"), &known)
			for name := range known.Functions {
				name = strings.TrimPrefix(name, "core::")
				_, have := functions.Table()[name]
				_, not := functions.Excluded[name]
				if !have && !not {
					t.Errorf("%s is neither in the table nor excluded", name)
				}
			}
			for _, name := range functions.Names() {
				if _, ok := known.Functions[name]; !ok && name != "try" && name != "can" {
					t.Errorf("%s does not have %s", tool, name)
				}
			}
		})
	}
}

// outputs has the tool evaluate the cases as outputs of an empty configuration.
func outputs(t *testing.T, tool string) map[string]string {
	t.Helper()
	var config string
	for i, c := range cases {
		config += fmt.Sprintf("output %q {\n  value = %s\n}\n", key(i), probe(c.expression))
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.tf"), config)
	run(t, dir, tool, "apply", "-auto-approve", "-no-color")

	var values map[string]struct{ Value string }
	decode(t, run(t, dir, tool, "output", "-json"), &values)
	got := map[string]string{}
	for name, output := range values {
		got[name] = output.Value
	}
	return got
}

func agree(t *testing.T, got map[string]string) {
	t.Helper()
	for i, c := range cases {
		if got[key(i)] != c.want {
			t.Errorf("%s: got %s, want %s", c.expression, got[key(i)], c.want)
		}
	}
}

func key(i int) string { return fmt.Sprintf("case_%03d", i) }

// findTool prefers the tool as make built it.
func findTool(t *testing.T, name string) string {
	t.Helper()
	built, err := filepath.Abs(filepath.Join("../../../.tools/bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(built); err == nil {
		return built
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is neither in .tools/bin nor on PATH", name)
	}
	return path
}

func run(t *testing.T, dir, tool string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+os.DevNull, "TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", filepath.Base(tool), strings.Join(args, " "), err, out, &stderr)
	}
	return out
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func decode(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
}
