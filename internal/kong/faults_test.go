package kong_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
)

// TestFaultsThroughTerraform breaks every operation for good, then heals it. Faults that a retry mends are in kongapi's
// tests.
func TestFaultsThroughTerraform(t *testing.T) {
	t.Parallel()
	faults := []faulty.Fault{
		faulty.Reset.After(), faulty.Hang.After(), faulty.BadGateway, faulty.WrongType,
		faulty.Status(http.StatusUnauthorized, `{"message":"Unauthorized"}`),
	}
	for name, test := range map[string]struct {
		life   func(*kongsim.Sim, string) acctest.Life
		faults []faulty.Fault
	}{"service": {serviceLife, faults}, "route": {routeLife, faults[:1]}} {
		for _, f := range test.faults {
			t.Run(name+"/"+f.String(), func(t *testing.T) {
				t.Parallel()
				sim := kongsim.New()
				block := providerFor(sim.Start(t), `, max_retries = 0, request_timeout = "300ms"`)
				test.life(sim, block).Survives(t, sim.Handler, "/", f)
			})
		}
	}
}

// TestSharedRequests: 200 routes are created with a request each and refreshed with a handful.
func TestSharedRequests(t *testing.T) {
	t.Parallel()
	const n = 200
	sim, p := gateway(t)
	config := p + fmt.Sprintf(`
		resource "onprem_kong_service" "portal" {
			name = "portal"
			url  = "http://guacamole.secern-access-portal.svc:8080/guacamole"
		}
		resource "onprem_kong_route" "many" {
			count   = %d
			name    = "route-${count.index}"
			paths   = ["/route-${count.index}"]
			service = { id = onprem_kong_service.portal.id }
		}`, n)
	atMost := func(pattern string, most int) resource.TestCheckFunc {
		return func(*terraform.State) error {
			got := sim.Count(pattern)
			t.Logf("%d of %s, at most %d", got, pattern, most)
			if got > most {
				return fmt.Errorf("%d requests, want at most %d", got, most)
			}
			return nil
		}
	}
	acctest.Run(t, sim,
		resource.TestStep{Config: config, Check: resource.ComposeTestCheckFunc(atMost("PUT /**", n+1), atMost("* /**", n+1+10))},
		resource.TestStep{PreConfig: sim.Reset, RefreshState: true,
			RefreshPlanChecks: resource.RefreshPlanChecks{PostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			// The framework refreshes and then plans once more: two plans' worth.
			Check: atMost("* /**", 2*10)},
	)
}
