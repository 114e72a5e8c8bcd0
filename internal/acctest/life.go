package acctest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// Life is what every resource must live through: it is made, imported in every
// way, changed behind Terraform's back in every attribute and put right,
// stripped of all that is optional, lost and made anew, replaced, and destroyed
// with nothing left. After each step the plan is empty.
type Life struct {
	System     System
	Kind, Name string            // of the object in the system
	Address    string            // of the resource
	Block      string            // of the provider
	Full, Bare string            // configurations: all that the object can have, and the least
	Stored     Fields            // of the object that Full makes
	Stripped   Fields            // of the object once Bare is applied
	Drift      []Fields          // changes by another hand; a plan must find each of their attributes
	Steady     map[string]string // attributes that no hand can change, and why
	Identity   []string          // attributes; joined with "/" they are an import id
	ImportIDs  []string          // others
	Unread     []string          // attributes that an import cannot know
	Replaced   string            // a configuration that makes another object; "" where nothing does
}

// Run runs the life, and then the steps that only this resource has.
func (l Life) Run(t *testing.T, more ...resource.TestStep) {
	t.Helper()
	l.register(&lived)
	found := map[string]bool{}
	full, bare := l.Block+l.Full, l.Block+l.Bare
	steps := []resource.TestStep{{Config: full, ConfigPlanChecks: Action(l.Address, plancheck.ResourceActionCreate), Check: l.has(l.Stored)}}
	steps = append(steps, l.queries(t))
	steps = append(steps, l.imports()...)
	for _, changes := range l.Drift {
		steps = append(steps, l.drifts(t, changes, finds{address: l.Address, found: found}))
	}
	steps = append(steps,
		resource.TestStep{Config: bare, ConfigPlanChecks: Action(l.Address, plancheck.ResourceActionUpdate), Check: l.has(l.Stripped)},
		resource.TestStep{ResourceName: l.Address, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity, SkipFunc: WithoutIdentity(t)},
		resource.TestStep{
			PreConfig: Forget(t, l.System, l.Kind, l.Name),
			Config:    bare, ConfigPlanChecks: Action(l.Address, plancheck.ResourceActionCreate),
		},
	)
	if l.Replaced != "" {
		steps = append(steps, resource.TestStep{
			Config: l.Block + l.Replaced, ConfigPlanChecks: Action(l.Address, plancheck.ResourceActionReplace),
		})
	}
	Run(t, l.System, append(steps, more...)...)
	if !t.Failed() {
		l.everythingDrifts(t, found)
	}
}

func (l Life) has(want Fields) resource.TestCheckFunc { return Has(l.System, l.Kind, l.Name, want) }

// imports are by every id, and once more in a block whose configuration
// Terraform writes itself.
func (l Life) imports() []resource.TestStep {
	own := ImportID(l.Address, l.Identity...)
	ids := []resource.ImportStateIdFunc{own}
	for _, id := range l.ImportIDs {
		ids = append(ids, func(*terraform.State) (string, error) { return id, nil })
	}
	var steps []resource.TestStep
	for _, id := range ids {
		steps = append(steps, resource.TestStep{
			ResourceName: l.Address, ImportState: true, ImportStateIdFunc: id, ImportStateVerify: true,
			ImportStateVerifyIdentifierAttribute: l.Identity[len(l.Identity)-1], ImportStateVerifyIgnore: l.Unread,
		})
	}
	return append(steps, resource.TestStep{
		ResourceName: l.Address, ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateIdFunc: own, GenerateConfig: true,
	})
}

// Drifts changes the object behind Terraform's back: the plan finds it in each
// of the attributes, and the apply leaves the object as it was.
func (l Life) Drifts(t *testing.T, changes Fields, attributes ...string) resource.TestStep {
	t.Helper()
	return l.drifts(t, changes, finds{l.Address, attributes, map[string]bool{}})
}

func (l Life) drifts(t *testing.T, changes Fields, finds finds) resource.TestStep {
	t.Helper()
	before := Fields{}
	return resource.TestStep{
		PreConfig: func() {
			maps.Copy(before, l.System.View(l.Kind, l.Name))
			for _, volatile := range []string{"update_time", "updated_at"} {
				delete(before, volatile)
			}
			Edit(t, l.System, l.Kind, l.Name, changes)()
		},
		Config:           l.Block + l.Full,
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{finds}},
		Check:            func(s *terraform.State) error { return l.has(before)(s) },
	}
}

// finds checks that a plan changes each of the attributes, or any, of a
// resource that is there, and gathers those that it changes.
type finds struct {
	address    string
	attributes []string
	found      map[string]bool
}

// CheckPlan implements plancheck.PlanCheck.
func (f finds) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	changed := changedAttributes(req.Plan, f.address)
	maps.Copy(f.found, changed)
	if len(changed) == 0 {
		resp.Error = fmt.Errorf("the plan finds no change of %s", f.address)
	}
	for _, name := range f.attributes {
		if !changed[name] {
			resp.Error = errors.Join(resp.Error, fmt.Errorf("the plan does not find the change of %s", name))
		}
	}
}

func changedAttributes(plan *tfjson.Plan, address string) map[string]bool {
	changed := map[string]bool{}
	for _, r := range plan.ResourceChanges {
		before, _ := r.Change.Before.(map[string]any)
		after, _ := r.Change.After.(map[string]any)
		unknown, _ := r.Change.AfterUnknown.(map[string]any)
		for name := range before {
			if r.Address == address && unknown[name] != true && !reflect.DeepEqual(before[name], after[name]) {
				changed[name] = true
			}
		}
	}
	return changed
}

// everythingDrifts checks that every attribute that can be configured was found
// to have changed, or is said to be steady.
func (l Life) everythingDrifts(t *testing.T, found map[string]bool) {
	t.Helper()
	configurable := configurable(t, l.Type())
	for _, name := range configurable {
		reason, steady := l.Steady[name]
		switch {
		case steady && found[name]:
			t.Errorf("%s is said to be steady (%s), and changes", name, reason)
		case steady:
			t.Logf("%s does not drift: %s", name, reason)
		case !found[name]:
			t.Errorf("no drift of %s is found: change it in Drift, or say in Steady why it cannot change", name)
		}
	}
	for name := range l.Steady {
		if !slices.Contains(configurable, name) {
			t.Errorf("%s, which is said to be steady, cannot be configured", name)
		}
	}
}

// Type is the type of the resource.
func (l Life) Type() string { return strings.Split(l.Address, ".")[0] }
