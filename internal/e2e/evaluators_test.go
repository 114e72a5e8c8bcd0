package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"
	"golang.org/x/sync/errgroup"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
)

// agree compares the inputs of every unit with those that another evaluator
// has, and returns how many values it has compared.
func agree(t *testing.T, p *platform.Platform, other func(path string) (map[string]any, error)) int {
	t.Helper()
	inputs := make([]map[string]any, len(p.Units))
	var group errgroup.Group
	group.SetLimit(4)
	for i, unit := range p.Units {
		group.Go(func() (err error) {
			inputs[i], err = other(unit.Path())
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	c := comparison{t: t}
	for i, unit := range p.Units {
		c.object(unit.Path(), unit.Inputs, inputs[i])
	}
	return c.leaves
}

// rendered are the inputs of a unit as Terragrunt evaluates them.
func (tr tree) rendered(ctx context.Context) func(path string) (map[string]any, error) {
	return func(path string) (map[string]any, error) {
		text, err := tr.Run(ctx, path, nil, "render", "--json")
		if err != nil {
			return nil, err
		}
		var unit struct{ Inputs map[string]any }
		return unit.Inputs, json.Unmarshal([]byte(text), &unit)
	}
}

// applied are the inputs of a unit as the module of its root module has received
// them, and put out again.
func (w *workbench) applied(ctx context.Context, dir string) func(path string) (map[string]any, error) {
	return func(path string) (map[string]any, error) {
		module := workspace.Open(w.tool.Path, filepath.Join(dir, path), os.DevNull)
		module.Env = append(module.Env, "TF_VAR_TOKEN=sandbox-token")
		for _, args := range [][]string{{"init"}, {"apply", "-auto-approve"}} {
			if _, err := module.Run(ctx, 0, append(args, "-no-color")...); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
		text, err := module.Run(ctx, 0, "output", "-json", "inputs")
		if err != nil {
			return nil, err
		}
		var inputs map[string]any
		return inputs, json.Unmarshal([]byte(text), &inputs)
	}
}

// comparison compares values of the two evaluators.
type comparison struct {
	t      *testing.T
	leaves int
}

func (c *comparison) value(path string, want cty.Value, got any) {
	c.t.Helper()
	want, _ = want.Unmark()
	if !want.IsKnown() { // an output or a secret: known to the other alone
		return
	}
	switch kind := want.Type(); {
	case want.IsNull():
		c.leaf(path, nil, got)
	case kind.IsObjectType() || kind.IsMapType():
		object, ok := got.(map[string]any)
		if !ok {
			c.t.Errorf("%s: it has %#v, the platform an object", path, got)
			return
		}
		c.object(path, want.AsValueMap(), object)
	case kind.IsTupleType() || kind.IsListType() || kind.IsSetType():
		c.list(path, want.AsValueSlice(), got)
	case kind == cty.Number:
		// Terragrunt keeps inputs as 64-bit floating point numbers.
		f, _ := want.AsBigFloat().Float64()
		c.leaf(path, f, got)
	case kind == cty.Bool:
		c.leaf(path, want.True(), got)
	default:
		c.leaf(path, want.AsString(), got)
	}
}

func (c *comparison) leaf(path string, want, got any) {
	c.t.Helper()
	c.leaves++
	if got != want {
		c.t.Errorf("%s: it has %#v, the platform %#v", path, got, want)
	}
}

func (c *comparison) object(path string, want map[string]cty.Value, got map[string]any) {
	c.t.Helper()
	if len(want) == 0 && len(got) == 0 {
		c.leaves++
	}
	for key, v := range want {
		if _, ok := got[key]; !ok && !v.IsKnown() { // a secret, which no module puts out
			continue
		} else if !ok {
			c.t.Errorf("%s.%s is missing", path, key)
			continue
		}
		c.value(path+"."+key, v, got[key])
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			c.t.Errorf("%s.%s is too much: %#v", path, key, got[key])
		}
	}
}

func (c *comparison) list(path string, want []cty.Value, got any) {
	c.t.Helper()
	list, ok := got.([]any)
	if !ok || len(list) != len(want) {
		c.t.Errorf("%s: it has %#v, the platform a list of %d", path, got, len(want))
		return
	}
	if len(want) == 0 {
		c.leaves++
	}
	for i, v := range want {
		c.value(fmt.Sprintf("%s[%d]", path, i), v, list[i])
	}
}

// TestEvaluators holds three evaluators to each other where the language is at
// its most difficult: the generator, Terragrunt on its tree, and Terraform on
// the plain root modules.
func TestEvaluators(t *testing.T) {
	t.Parallel()
	w := &workbench{terragrunt: findTerragrunt(t), tool: findTool(t)}
	for _, name := range []string{"overrides", "expressions"} {
		t.Run(name+" in Terragrunt", func(t *testing.T) {
			t.Parallel()
			dir := copyTestdata(t, name)
			live := w.tree(t, generate(t, dir, dir, "terragrunt"), nil)
			live.Env = append(live.Env, "TOKEN=sandbox-token")
			live.run(t, "hcl", "fmt", "--check")
			atLeast(t, 180, agree(t, load(t, dir), live.rendered(t.Context())))
		})
		t.Run(name+" in root modules", func(t *testing.T) {
			t.Parallel()
			dir := copyTestdata(t, name)
			generate(t, dir, dir, "terraform")
			atLeast(t, 180, agree(t, load(t, dir), w.applied(t.Context(), dir)))
		})
	}
}

// TestReferences applies units that need each other, with Terragrunt and as plain
// root modules: what one tells the other is the same.
func TestReferences(t *testing.T) {
	t.Parallel()
	w := &workbench{terragrunt: findTerragrunt(t), tool: findTool(t)}
	dir := copyTestdata(t, "references")
	p := load(t, dir)
	live := w.tree(t, generate(t, dir, dir, "terragrunt"), nil)
	live.run(t, "hcl", "fmt", "--check")
	checkDependencies(t, live, p)
	live.run(t, "run", "--all", "--strict-mode", "plan")
	live.run(t, "run", "--all", "--strict-mode", "apply")
	live.run(t, "run", "--all", "--strict-mode", "--", "plan", "-detailed-exitcode")
	atLeast(t, 10, agree(t, p, live.rendered(t.Context())))

	plain := copyTestdata(t, "references")
	generate(t, plain, plain, "terraform")
	rendered, applied := live.rendered(t.Context()), w.applied(t.Context(), plain)
	inOrder(p, func(unit *platform.Unit) {
		want, err := rendered(unit.Path())
		if err != nil {
			t.Fatal(err)
		}
		got, err := applied(unit.Path())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: rendered by Terragrunt (-), given to the root module (+):\n%s", unit.Path(), diff)
		}
	})
}

// TestSecretFromEnvironment checks that a secret is read from the environment when the tree
// runs.
func TestSecretFromEnvironment(t *testing.T) {
	t.Parallel()
	w := &workbench{terragrunt: findTerragrunt(t), tool: findTool(t)}
	dir := copyTestdata(t, "expressions")
	live := w.tree(t, generate(t, dir, dir, "terragrunt"), nil)
	live.Env = append(live.Env, "TOKEN=sandbox-token")
	inputs, err := live.rendered(t.Context())("platform/functions")
	if err != nil {
		t.Fatal(err)
	}
	if got := inputs["token"]; got != "Bearer sandbox-token" {
		t.Errorf("got %v", got)
	}
}

// copyTestdata copies the platforms, since trees are written beside them.
func copyTestdata(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// atLeast keeps a comparison from being empty.
func atLeast(t *testing.T, want, compared int) {
	t.Helper()
	if compared < want {
		t.Errorf("%d values were compared, want at least %d", compared, want)
	}
}
