package acctest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// System is where objects are, as others than the provider see and change them:
// a simulator, or the objects of a cluster. A kind that it does not know is a panic.
type System interface {
	View(kind, name string) map[string]any // nil when there is none
	Edit(kind, name string, changes map[string]any) error
	Forget(kind, name string) bool
	Left() []string // "kind name" of all that tests can leave over
}

// Fields are fields of an object as the system shows it; nil for absent ones.
type Fields map[string]any

// Run runs steps, and checks that they leave nothing over.
func Run(t *testing.T, system System, steps ...resource.TestStep) {
	t.Helper()
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: Factories, Steps: steps, CheckDestroy: Nothing(system)})
}

// Nothing checks that a system has no more than it has now.
func Nothing(system System) resource.TestCheckFunc {
	before := system.Left()
	return func(*terraform.State) error {
		left := slices.DeleteFunc(system.Left(), func(o string) bool { return slices.Contains(before, o) })
		if len(left) > 0 {
			return fmt.Errorf("left over: %q", left)
		}
		return nil
	}
}

// Has checks fields of an object in the system.
func Has(system System, kind, name string, want Fields) resource.TestCheckFunc {
	return func(*terraform.State) error {
		have := system.View(kind, name)
		if have == nil {
			return fmt.Errorf("there is no %s %q", kind, name)
		}
		for field, value := range want {
			if diff := cmp.Diff(plain(value), plain(have[field])); diff != "" {
				return fmt.Errorf("%s of %s %q is not as wanted (-), but (+):\n%s", field, kind, name, diff)
			}
		}
		return nil
	}
}

// Gone checks that an object is no more.
func Gone(system System, kind, name string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if system.View(kind, name) != nil {
			return fmt.Errorf("%s %q is still there", kind, name)
		}
		return nil
	}
}

// plain is a value as JSON has it.
func plain(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var out any
	_ = json.Unmarshal(text, &out)
	return out
}

// Edit changes an object behind Terraform's back, for the PreConfig of a step.
func Edit(t *testing.T, system System, kind, name string, changes Fields) func() {
	t.Helper()
	return func() {
		if err := system.Edit(kind, name, changes); err != nil {
			t.Error(err)
		}
	}
}

// Forget deletes an object behind Terraform's back, for the PreConfig of a step.
func Forget(t *testing.T, system System, kind, name string) func() {
	t.Helper()
	return func() {
		if !system.Forget(kind, name) {
			t.Errorf("there is no %s %q to delete", kind, name)
		}
	}
}
