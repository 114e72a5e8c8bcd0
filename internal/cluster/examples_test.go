package cluster

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	test "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// TestExamples applies the first examples of the cluster and of its data source;
// TestExamplesOfEntries the others.
func TestExamples(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{
		"cp-01": "192.168.1.11", "cp-02": "192.168.1.12", "cp-03": "192.168.1.13", "worker-01": "192.168.1.21", "worker-02": "192.168.1.22",
		"gpu-01": "192.168.1.31", "gpu-02": "192.168.1.32",
	})
	var texts [2]string
	for i, file := range []string{"resources/onprem_kubernetes_cluster/resource.tf", "data-sources/onprem_kubernetes_cluster/data-source.tf"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "examples", file))
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = strings.ReplaceAll(string(text), "bond0", "eth0") // the one that simulated machines have
	}
	unprotected := strings.Replace(texts[0], "  name ", "  deletion_protection = false\n  name ", 1)
	test.UnitTest(t, test.TestCase{ProtoV6ProviderFactories: factories(s.open), Steps: []test.TestStep{
		{Config: texts[0]}, {Config: texts[0] + texts[1]}, {Config: unprotected},
	}})
}

// TestExamplesOfEntries applies what needs no more than the address of a control
// plane: data sources, ephemeral resources, and actions as Terraform 1.14 invokes
// them.
func TestExamplesOfEntries(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	keys := strings.NewReplacer("~/.ssh/prod", key, "~/.ssh/bastion", key, "gpu-01", "worker-01")
	for _, pattern := range []string{"data-sources/*/data-source*.tf", "ephemeral-resources/*/ephemeral-resource*.tf", "actions/*/action*.tf"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "examples", strings.Replace(pattern, "*", "onprem_kubernetes_*", 1)))
		if err != nil || len(files) == 0 {
			t.Fatal("no examples", err)
		}
		for _, file := range files {
			t.Run(strings.TrimPrefix(file, "../../examples/"), func(t *testing.T) {
				t.Parallel()
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				config, _, _ := strings.Cut(keys.Replace(string(text)), "provider \"kubernetes\"") // which is another's
				w := small(t)
				if !strings.HasPrefix(pattern, "actions") {
					test.UnitTest(t, test.TestCase{ProtoV6ProviderFactories: w.factories(), Steps: []test.TestStep{{Config: config}}})
					return
				}
				name, settings := actionExample(t, config)
				if said := invoke(t, w, name, settings); len(w.asked) == 0 {
					t.Errorf("nothing was done: %q", said)
				}
			})
		}
	}
}

// actionExample returns which action an example has, and what it configures as
// JSON.
func actionExample(t *testing.T, text string) (string, []byte) {
	t.Helper()
	parsed, diags := hclsyntax.ParseConfig([]byte(text), "action.tf", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	action := parsed.Body.(*hclsyntax.Body).Blocks[0] // by the parser
	values := map[string]ctyjson.SimpleJSONValue{}
	for name, a := range action.Body.Blocks[0].Body.Attributes {
		value, diags := a.Expr.Value(nil)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		values[name] = ctyjson.SimpleJSONValue{Value: value}
	}
	settings, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return action.Labels[0], settings
}
