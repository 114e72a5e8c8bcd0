package e2e

import (
	"encoding/json"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
	"github.com/onprem-tools/terraform-provider-onprem/internal/sandbox"
)

const example = "../../examples/generator"

// TestScenario is the life of a platform: three sites, 13 units. Its parts build
// on each other.
func TestScenario(t *testing.T) {
	w := newWorkbench(t)
	systems := startScenario(t)
	p := load(t, example)
	live := w.tree(t, generate(t, example, t.TempDir(), "terragrunt"), systems)

	t.Run("every file is formatted", func(t *testing.T) { live.run(t, "hcl", "fmt", "--check") })
	t.Run("every input is declared and none is missing", func(t *testing.T) { live.run(t, "hcl", "validate", "--inputs", "--strict") })
	t.Run("units depend on what the platform says", func(t *testing.T) { checkDependencies(t, live, p) })
	t.Run("a fresh plan uses mocks", func(t *testing.T) { checkFreshPlan(t, live) })
	t.Run("apply", func(t *testing.T) { live.run(t, "run", "--all", "--strict-mode", "apply") })
	t.Run("a second plan is empty", func(t *testing.T) { live.run(t, "run", "--all", "--strict-mode", "--", "plan", "-detailed-exitcode") })
	t.Run("Terragrunt computes the same inputs", func(t *testing.T) {
		atLeast(t, 250, agree(t, p, live.rendered(t.Context())))
	})
	t.Run("every unit has a state of its own, and locked it", func(t *testing.T) { checkStates(t, systems, p) })
	applied := objects(t, systems)
	t.Run("destroy leaves nothing", func(t *testing.T) {
		live.run(t, "run", "--all", "--strict-mode", "destroy")
		if left, err := systems.Leftovers(t.Context()); err != nil || len(left) > 0 {
			t.Errorf("%v, left over:\n%s", err, strings.Join(left, "\n"))
		}
	})
	t.Run("plain root modules make the same objects", func(t *testing.T) {
		plain := generate(t, example, t.TempDir(), "terraform")
		inOrder(p, func(unit *platform.Unit) { w.applyRootModule(t, filepath.Join(plain, unit.Path()), systems) })
		if diff := cmp.Diff(applied, objects(t, systems)); diff != "" {
			t.Errorf("applied by Terragrunt (-) and as plain root modules (+):\n%s", diff)
		}
	})
}

// checkDependencies compares the edges of Terragrunt's graph with those of the
// platform. Every path in a dependency block must be a unit.
func checkDependencies(t *testing.T, live tree, p *platform.Platform) {
	t.Helper()
	var found []struct {
		Path         string
		Dependencies []string
	}
	if err := json.Unmarshal([]byte(live.run(t, "find", "--json", "--dependencies")), &found); err != nil {
		t.Fatal(err)
	}
	got, want := map[string][]string{}, map[string][]string{}
	for _, unit := range found {
		slices.Sort(unit.Dependencies)
		got[unit.Path] = append([]string{}, unit.Dependencies...)
	}
	edges := 0
	for _, unit := range p.Units {
		want[unit.Path()] = []string{}
		for _, on := range unit.Needs {
			want[unit.Path()] = append(want[unit.Path()], on.Path())
			edges++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("platform (-), Terragrunt (+):\n%s", diff)
	}
	if edges == 0 {
		t.Error("no unit depends on another")
	}
}

// checkFreshPlan plans all units while nothing exists. Strict mode makes errors
// of what Terragrunt has deprecated.
func checkFreshPlan(t *testing.T, live tree) {
	t.Helper()
	plans := t.TempDir()
	changes, err := live.Plan(t.Context(), ".", plans, "--strict-mode")
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) == 0 {
		t.Error("the plan makes nothing")
	}
	for _, c := range changes {
		if c.Actions != "[create]" {
			t.Errorf("%s: %s, though nothing is there", c, c.Actions)
		}
	}
	if text := read(t, filepath.Join(plans, "stage/seoul/load-balancer/tfplan.json")); !strings.Contains(text, "mock-network-cluster") {
		t.Error("the load balancer was planned before its network without a mock")
	}
}

// checkStates looks into the store for the states, and for the locks that were
// taken there.
func checkStates(t *testing.T, systems *sandbox.Scenario, p *platform.Platform) {
	t.Helper()
	var want []string
	for _, unit := range p.Units {
		key := unit.Path() + "/terraform.tfstate"
		want = append(want, key)
		lock := "/" + path.Join(sandbox.Bucket, key) + ".tflock"
		// plan, apply and plan again
		if taken := systems.States.Count("PUT " + lock); taken < 3 {
			t.Errorf("%s was taken %d times", lock, taken)
		}
		if released := systems.States.Count("DELETE " + lock); released < 3 {
			t.Errorf("%s was released %d times", lock, released)
		}
	}
	slices.Sort(want)
	got, err := systems.Store.Keys(sandbox.Bucket)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), in the store (+):\n%s", diff)
	}
}

// inOrder calls each with every unit, what is needed first.
func inOrder(p *platform.Platform, each func(*platform.Unit)) {
	done := map[*platform.Unit]bool{}
	var visit func(*platform.Unit)
	visit = func(unit *platform.Unit) {
		if done[unit] {
			return
		}
		done[unit] = true
		for _, on := range unit.Needs {
			visit(on)
		}
		each(unit)
	}
	for _, unit := range p.Units {
		visit(unit)
	}
}

// objects are the objects in all systems by their names, without what differs
// each time they are made.
func objects(t *testing.T, systems *sandbox.Scenario) map[string]any {
	t.Helper()
	list, err := systems.Objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]any{}
	for _, o := range list {
		text, err := json.Marshal(o.Content)
		if err != nil {
			t.Fatal(err)
		}
		var content any
		if err := json.Unmarshal(text, &content); err != nil {
			t.Fatal(err)
		}
		found[o.String()] = stable(content)
	}
	if len(found) != len(list) || len(found) == 0 {
		t.Fatalf("%d objects have %d names", len(list), len(found))
	}
	return found
}

// stable leaves out identifiers and times.
func stable(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			if volatile(strings.ToLower(key)) {
				delete(v, key)
				continue
			}
			v[key] = stable(v[key])
		}
	case []any:
		for i := range v {
			v[i] = stable(v[i])
		}
	}
	return v
}

func volatile(key string) bool {
	return key == "id" || strings.HasSuffix(key, "_id") || strings.HasSuffix(key, "identifier") ||
		strings.HasSuffix(key, "_at") || strings.HasSuffix(key, "_time")
}
