package harbor_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
)

const (
	released = "onprem_harbor_label.released"

	fullLabel = `
resource "onprem_harbor_label" "released" {
  name        = "released"
  description = "May be deployed"
  color       = "#48960C"
}
`
	bareLabel = `
resource "onprem_harbor_label" "released" {
  name = "released"
}
`
	projectLabel = bareProject + `
resource "onprem_harbor_label" "released" {
  name       = "released"
  project_id = onprem_harbor_project.team1.project_id
}
`
)

func labelLife(sim *harborsim.Server, block string) acctest.Life {
	return acctest.Life{
		System: sim, Kind: harborsim.Label, Name: "released", Address: released, Identity: []string{"id"}, ImportIDs: []string{"released"},
		Block: block, Full: fullLabel, Bare: bareLabel, Replaced: projectLabel,
		Stored: acctest.Fields{"color": "#48960C", "description": "May be deployed", "scope": "g"}, Stripped: acctest.Fields{"color": nil, "description": nil},
		Drift:  []acctest.Fields{{"color": "#FFFFFF", "description": "x"}, {"name": "published"}},
		Steady: map[string]string{"project_id": "Harbor never moves a label"},
	}
}

func TestLabel(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	labelLife(sim, block).Run(t,
		resource.TestStep{ResourceName: released, ImportState: true, ImportStateId: "team1-prod/released", ImportStateVerify: true},
		resource.TestStep{ // Harbor keeps the labels of a project that is gone
			PreConfig: acctest.Forget(t, sim, harborsim.Project, "team1-prod"),
			Config:    block + projectLabel, ConfigPlanChecks: acctest.Action(released, plancheck.ResourceActionCreate),
		},
		resource.TestStep{PreConfig: acctest.Forget(t, sim, harborsim.Label, "2/released"), Config: block + projectLabel}, // that one
	)
}

func TestLabelErrors(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	acctest.Run(t, sim,
		resource.TestStep{
			Config:      block + strings.Replace(bareLabel, "}", "  project_id = 99\n}", 1),
			ExpectError: acctest.Says("Unable to create onprem_harbor_label … project_id = 99"),
		},
		resource.TestStep{
			Config:      block + bareLabel + strings.Replace(bareLabel, `"onprem_harbor_label" "released"`, `"onprem_harbor_label" "again"`, 1),
			ExpectError: acctest.Says(`"label released already exists" … terraform import onprem_harbor_label.<label> 'released'`),
		},
		resource.TestStep{
			Config: block + bareLabel, ImportState: true, ResourceName: released, ImportStateId: "nope",
			ExpectError: acctest.Says(`Unable to import onprem_harbor_label … no label is named "nope"`),
		},
		resource.TestStep{
			Config:      block + "data \"onprem_harbor_label\" \"none\" {\n name = \"docker\"\n}\n",
			ExpectError: acctest.Says(`Unable to read onprem_harbor_label … no label is named "docker"`),
		},
	)
}

func TestLabelRefusesAtPlan(t *testing.T) {
	t.Parallel()
	acctest.Refuses(t, nowhere, "onprem_harbor_label", "", map[string]string{
		`name = ""`: "between 1 and 128",
		`name = "` + strings.Repeat("é", 65) + `"`: "between 1 and 128",
		"name = \"a\"\n color = \"red\"":           "a colour such as",
		"name = \"a\"\n description = \"\"":        "at least 1",
		"name = \"a\"\n project_id = 0":            "project_id value must be at least 1",
	})
}
