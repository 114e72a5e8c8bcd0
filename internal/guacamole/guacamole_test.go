package guacamole_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
)

// versions runs a test against both versions.
func versions(t *testing.T, test func(t *testing.T, sim *guacsim.Server, block string)) {
	t.Helper()
	for name, opts := range map[string][]guacsim.Option{"1.5.5": {guacsim.Version155()}, "1.6.0": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, block := start(t, opts...)
			test(t, sim, block)
		})
	}
}

// start runs a simulated Guacamole and returns it with a provider block for it.
func start(t *testing.T, opts ...guacsim.Option) (sim *guacsim.Server, block string) {
	t.Helper()
	sim = guacsim.New(opts...)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return sim, fmt.Sprintf(`
provider "onprem" {
  guacamole = { url = "%s/guacamole", username = "guacadmin", password = "guacadmin", request_timeout = "2s" }
}
`, server.URL)
}

// run is a test case that leaves nothing behind.
func run(t *testing.T, sim *guacsim.Server, steps ...resource.TestStep) {
	t.Helper()
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             empty(sim),
		Steps:                    steps,
	})
}

func empty(sim *guacsim.Server) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if c, g := sim.Connections(), sim.Groups(); len(c)+len(g) > 0 {
			return fmt.Errorf("left over: %v %v", c, g)
		}
		return nil
	}
}

// expect checks the action of a plan, and that nothing is left to do after it.
func expect(address string, action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{
		PreApply:             []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)},
		PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
	}
}

// holds checks what Guacamole has stored under a name.
func holds(sim *guacsim.Server, name string, check func(c guacsim.Connection) error) resource.TestCheckFunc {
	return func(*terraform.State) error {
		all := sim.Connections()
		i := slices.IndexFunc(all, func(c guacsim.Connection) bool { return c.Name == name })
		if i < 0 {
			return fmt.Errorf("there is no connection %q", name)
		}
		return check(all[i])
	}
}

// parameters checks the stored parameters of a connection.
func parameters(sim *guacsim.Server, name string, want map[string]string) resource.TestCheckFunc {
	return holds(sim, name, func(c guacsim.Connection) error {
		if !maps.Equal(c.Parameters, want) {
			return fmt.Errorf("parameters %v, want %v", c.Parameters, want)
		}
		return nil
	})
}

// refuses checks that a configuration is refused with all of these messages.
func refuses(t *testing.T, config string, messages ...string) {
	t.Helper()
	refused := false
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps:                    []resource.TestStep{{Config: config}},
		ErrorCheck: func(err error) error {
			text := strings.Join(strings.Fields(err.Error()), " ") // Terraform breaks lines
			for _, m := range messages {
				if !strings.Contains(text, m) {
					t.Errorf("no message has %q in\n%s", m, err)
				}
			}
			refused = true
			return nil
		},
	})
	if !refused {
		t.Error("the configuration was accepted")
	}
}

// before runs f ahead of a step.
func before(f func(), step resource.TestStep) resource.TestStep {
	step.PreConfig = f
	return step
}
