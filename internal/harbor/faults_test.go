package harbor_test

import (
	"net/http/httptest"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
)

// The answers of creates are lost: one apply makes each object once all the same.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	acctest.Run(t, sim, resource.TestStep{
		PreConfig: func() {
			sim.Fail("POST /api/v2.0/registries", faulty.Reset.After(), 1)
			sim.Fail("POST /api/v2.0/replication/policies", faulty.BadGateway.After(), 1)
			sim.Fail("POST /api/v2.0/projects", faulty.Unavailable, 1)
		},
		Config: block + fullPolicy + fullProject,
		Check: resource.ComposeTestCheckFunc(
			acctest.Has(sim, harborsim.Project, "team1-prod", acctest.Fields{"project_id": 2}),
			acctest.Has(sim, harborsim.Registry, "dockerhub", acctest.Fields{"id": 1}),
			acctest.Has(sim, harborsim.ReplicationPolicy, "dockerhub-backup", acctest.Fields{"id": 1}),
		),
	})
}

// TestFaultsThroughTerraform breaks every operation of every resource for good,
// then heals it. Faults that a retry mends are in harborapi's tests.
func TestFaultsThroughTerraform(t *testing.T) {
	t.Parallel()
	for name, life := range map[string]func(*harborsim.Server, string) acctest.Life{
		"label": labelLife, "project": projectLife, "registry": registryLife, "replication_policy": policyLife,
	} {
		for _, f := range []faulty.Fault{faulty.BadGateway, faulty.WrongType} {
			t.Run(name+"/"+f.String(), func(t *testing.T) {
				t.Parallel()
				sim := harborsim.New()
				server := httptest.NewServer(sim)
				t.Cleanup(server.Close)
				life(sim, block(server.URL, `, max_retries = 0, request_timeout = "2s"`)).Survives(t, sim.Handler, "/", f)
			})
		}
	}
}

// The second half of a create fails: the project is known, and made anew.
func TestUnfinishedProject(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	acctest.Run(t, sim,
		resource.TestStep{
			PreConfig: func() {
				sim.Fail("PUT /api/v2.0/projects/*", faulty.Status(403, `{"errors":[{"code":"DENIED","message":"read only"}]}`), 1)
			},
			Config:      block + fullProject,
			ExpectError: acctest.Says(`Unable to create onprem_harbor_project … answered 403: "read only" … Harbor is in read-only mode`),
		},
		resource.TestStep{
			Config: block + fullProject, ConfigPlanChecks: acctest.Action("onprem_harbor_project.team1", plancheck.ResourceActionDestroyBeforeCreate),
		},
	)
}

// A read that fails neither drops the object nor plans anything.
func TestFailedRefresh(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	acctest.Run(t, sim,
		resource.TestStep{Config: block + bareProject},
		resource.TestStep{
			PreConfig: func() {
				sim.Fail("GET /api/v2.0/projects/*", faulty.Status(404, "<html><body>404 Not Found</body></html>"), -1)
			},
			Config: block + bareProject, ExpectError: acctest.Says("Unable to read onprem_harbor_project … Something other than Harbor's API has answered"),
		},
		resource.TestStep{
			PreConfig: sim.Heal, Config: block + bareProject,
			ConfigPlanChecks: acctest.Action("onprem_harbor_project.team1", plancheck.ResourceActionNoop),
		},
	)
}
