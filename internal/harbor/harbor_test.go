package harbor_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	helper "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
)

// start runs a simulated Harbor and returns it with the provider block for it.
func start(t *testing.T, opts ...harborsim.Option) (*harborsim.Server, string) {
	t.Helper()
	sim := harborsim.New(opts...)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return sim, blockFor(server.URL, "admin", "Harbor12345")
}

func blockFor(url, username, password string) string {
	return fmt.Sprintf(`
provider "onprem" {
  harbor = { url = %q, username = %q, password = %q }
}
`, url, username, password)
}

// live runs the steps, and checks that nothing is left over afterwards.
func live(t *testing.T, sim *harborsim.Server, steps ...helper.TestStep) {
	t.Helper()
	helper.UnitTest(t, helper.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps:                    steps,
		CheckDestroy:             empty(sim),
	})
}

func empty(sim *harborsim.Server) helper.TestCheckFunc {
	return func(*terraform.State) error {
		for _, kind := range []string{harborsim.Project, harborsim.Registry, harborsim.ReplicationPolicy} {
			if left := sim.Names(kind); len(left) > 0 {
				return fmt.Errorf("left over of %s: %v", kind, left)
			}
		}
		return nil
	}
}

// expect checks what Terraform plans for a resource; the plan after the apply is empty anyway.
func expect(address string, action plancheck.ResourceActionType) helper.ConfigPlanChecks {
	return helper.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)}}
}

// drift is a step that changes fields behind Terraform's back, all of which
// the plan must find and the apply must mend.
func drift(t *testing.T, sim *harborsim.Server, kind, name, address, config string, changes map[string]any) helper.TestStep {
	t.Helper()
	var before map[string]any
	return helper.TestStep{
		PreConfig: func() {
			before = sim.View(kind, name)
			if err := sim.Edit(kind, name, changes); err != nil {
				t.Fatal(err)
			}
		},
		Config: config,
		ConfigPlanChecks: helper.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			finds{address, slices.Sorted(maps.Keys(changes))},
		}},
		Check: func(*terraform.State) error {
			delete(before, "update_time")
			return viewed(sim, kind, name, before)(nil)
		},
	}
}

// finds checks that a plan changes each of the attributes.
type finds struct {
	address    string
	attributes []string
}

// CheckPlan implements plancheck.PlanCheck.
func (f finds) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, r := range req.Plan.ResourceChanges {
		if r.Address != f.address {
			continue
		}
		before, _ := r.Change.Before.(map[string]any)
		after, _ := r.Change.After.(map[string]any)
		for _, name := range f.attributes {
			if reflect.DeepEqual(before[name], after[name]) {
				resp.Error = errors.Join(resp.Error, fmt.Errorf("the plan does not find the change of %s", name))
			}
		}
		return
	}
	resp.Error = fmt.Errorf("%s is not in the plan", f.address)
}

// wrong is a configuration that is refused, with what the message says.
type wrong struct{ attributes, message string }

// refuses plans one resource per case, and wants an error for each, at its
// resource, without a request to Harbor.
func refuses(t *testing.T, kind string, cases map[string]wrong) {
	t.Helper()
	sim, config := start(t)
	for name, c := range cases {
		config += fmt.Sprintf("resource %q %q {\n%s\n}\n", kind, identifier(name), c.attributes)
	}
	checked := false
	helper.UnitTest(t, helper.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps:                    []helper.TestStep{{Config: config, PlanOnly: true}},
		ErrorCheck: func(err error) error {
			checked = true
			messages := strings.Split(err.Error(), "Error: ")
			for name, c := range cases {
				want := says("with "+kind+"."+identifier(name)+",", c.message)
				if !slices.ContainsFunc(messages, want.MatchString) {
					t.Errorf("%s: no error that says %q", name, c.message)
				}
			}
			if t.Failed() {
				return err
			}
			return nil
		},
	})
	if !checked {
		t.Error("nothing was refused")
	}
	if n := sim.Count("* /**"); n > 0 {
		t.Errorf("%d requests for configurations that are wrong in themselves", n)
	}
}

func identifier(name string) string { return strings.NewReplacer(" ", "_", ".", "_").Replace(name) }

// viewed checks fields of an object as Harbor shows them.
func viewed(sim *harborsim.Server, kind, name string, want map[string]any) helper.TestCheckFunc {
	return func(*terraform.State) error {
		have := sim.View(kind, name)
		if have == nil {
			return fmt.Errorf("there is no %s %q", kind, name)
		}
		for field, value := range want {
			if fmt.Sprint(have[field]) != fmt.Sprint(value) {
				return fmt.Errorf("%s %q: %s is %v, want %v", kind, name, field, have[field], value)
			}
		}
		return nil
	}
}

// says matches texts one after the other, however Terraform wraps their lines.
func says(texts ...string) *regexp.Regexp {
	var parts []string
	for _, text := range texts {
		var words []string
		for word := range strings.FieldsSeq(text) {
			words = append(words, regexp.QuoteMeta(word))
		}
		parts = append(parts, strings.Join(words, `\s+`))
	}
	return regexp.MustCompile(`(?s)` + strings.Join(parts, `.*`))
}
