package harbor_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
)

// The answers of creates are lost: one apply makes each object once all the same.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	live(t, sim, resource.TestStep{
		PreConfig: func() {
			sim.Fail("POST /api/v2.0/registries", faulty.Reset.After(), 1)
			sim.Fail("POST /api/v2.0/replication/policies", faulty.BadGateway.After(), 1)
			sim.Fail("POST /api/v2.0/projects", faulty.Unavailable, 1)
		},
		Config: block + fullPolicy + fullProject,
		Check: resource.ComposeTestCheckFunc(
			viewed(sim, harborsim.Project, "team1-prod", map[string]any{"project_id": 2}),
			viewed(sim, harborsim.Registry, "dockerhub", map[string]any{"id": 1}),
			viewed(sim, harborsim.ReplicationPolicy, "dockerhub-backup", map[string]any{"id": 1}),
		),
	})
}

// The second half of a create fails: the project is known, and made anew.
func TestUnfinishedProject(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	live(t, sim,
		resource.TestStep{
			PreConfig: func() {
				sim.Fail("PUT /api/v2.0/projects/*", faulty.Status(403, `{"errors":[{"code":"DENIED","message":"read only"}]}`), 1)
			},
			Config:      block + fullProject,
			ExpectError: says("Unable to create onprem_harbor_project", `answered 403: "read only"`, "Harbor is in read-only mode"),
		},
		resource.TestStep{
			Config: block + fullProject, ConfigPlanChecks: expect("onprem_harbor_project.team1", plancheck.ResourceActionDestroyBeforeCreate),
		},
	)
}

// A read that fails neither drops the object nor plans anything.
func TestFailedRefresh(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	live(t, sim,
		resource.TestStep{Config: block + bareProject},
		resource.TestStep{
			PreConfig: func() {
				sim.Fail("GET /api/v2.0/projects/*", faulty.Status(404, "<html><body>404 Not Found</body></html>"), -1)
			},
			Config: block + bareProject, ExpectError: says("Unable to read onprem_harbor_project", "Something other than Harbor's API has answered"),
		},
		resource.TestStep{
			PreConfig: sim.Heal, Config: block + bareProject,
			ConfigPlanChecks: expect("onprem_harbor_project.team1", plancheck.ResourceActionNoop),
		},
	)
}
