package kong_test

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
)

// TestFaultsThroughTerraform breaks every operation for good, then heals it: each failure is told, and the next apply
// converges without an import, with one service in the gateway. Faults that a retry mends are in kongapi's tests.
func TestFaultsThroughTerraform(t *testing.T) {
	t.Parallel()
	for _, f := range []faulty.Fault{
		faulty.Reset.After(), faulty.Hang.After(), faulty.BadGateway, faulty.WrongType,
		faulty.Status(http.StatusUnauthorized, `{"message":"Unauthorized"}`),
	} {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			sim := kongsim.New()
			url := sim.Start(t)
			with := func(host string) string {
				return fmt.Sprintf(`
					provider "onprem" {
						kong = { admin_url = %q, max_retries = 0, request_timeout = "300ms" }
					}
					resource "onprem_kong_service" "frs" {
						host = %q
					}`, url, host)
			}
			breaking := func(pattern string) func() { return func() { sim.Fail(pattern, f, -1) } }
			failed := func(verb string) *regexp.Regexp {
				return regexp.MustCompile(`(?s)Unable to ` + verb + ` onprem_kong_service.*/services.*kong`)
			}
			one := func(host string) resource.TestCheckFunc {
				return func(*terraform.State) error {
					s := sim.Entities("services")
					if len(s) != 1 || s[0]["host"] != host {
						return fmt.Errorf("want one service with host %s: %v", host, s)
					}
					return nil
				}
			}
			steps := []resource.TestStep{
				{PreConfig: breaking("* /**"), Config: with("old"), ExpectError: failed("create")},
				{PreConfig: sim.Heal, Config: with("old"), Check: one("old")},
				{PreConfig: breaking("GET /**"), Config: with("old"), ExpectError: failed("read")},
				{PreConfig: sim.Heal, Config: with("old"), PlanOnly: true},
				{PreConfig: breaking("PATCH /**"), Config: with("new"), ExpectError: failed("update")},
				{PreConfig: sim.Heal, Config: with("new"), Check: one("new")},
				{PreConfig: breaking("DELETE /**"), Config: with("new"), Destroy: true, ExpectError: failed("delete")},
				{PreConfig: sim.Heal, Config: with("new"), Check: one("new")},
			}
			if f.String() == faulty.WrongType.String() {
				steps = append(steps[:6], steps[7:]...) // a delete is answered without a body: there is no wrong one
			}
			unit(t, sim, steps...)
		})
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
	unit(t, sim,
		resource.TestStep{Config: config, Check: resource.ComposeTestCheckFunc(atMost("PUT /**", n+1), atMost("* /**", n+1+10))},
		resource.TestStep{PreConfig: sim.Reset, RefreshState: true,
			RefreshPlanChecks: resource.RefreshPlanChecks{PostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			// The framework refreshes and then plans once more: two plans' worth.
			Check: atMost("* /**", 2*10)},
	)
}
