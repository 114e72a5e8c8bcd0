package guacamole_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
)

const (
	windows     = "onprem_guacamole_connection_group.windows"
	bareWindows = idcGroup + `
resource "onprem_guacamole_connection_group" "windows" {
  name = "Windows"
}
`
)

func TestConnectionGroup(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, sim *guacsim.Server, block string) {
		full := idcGroup + `
resource "onprem_guacamole_connection_group" "windows" {
  name                     = "Windows desktops"
  parent_identifier        = onprem_guacamole_connection_group.idc.identifier
  type                     = "BALANCING"
  max_connections          = 10
  max_connections_per_user = 2
  enable_session_affinity  = true
}
`
		run(t, sim,
			resource.TestStep{Config: block + bareWindows, ConfigPlanChecks: expect(windows, plancheck.ResourceActionCreate)},
			resource.TestStep{
				Config: block + full, ConfigPlanChecks: expect(windows, plancheck.ResourceActionUpdate),
				Check: func(*terraform.State) error {
					for _, g := range sim.Groups() {
						if g.Name == "Windows desktops" && g.Type == "BALANCING" && g.Attributes["max-connections"] == "10" &&
							g.Attributes["max-connections-per-user"] == "2" && g.Attributes["enable-session-affinity"] == "true" && g.Parent != "ROOT" {
							return nil
						}
					}
					return fmt.Errorf("stored %v", sim.Groups())
				},
			},
			groupImported(acctest.ImportID(windows, "identifier")),
			groupImported(func(*terraform.State) (string, error) { return "IDC servers/Windows desktops", nil }),
			before(func() {
				sim.EditGroup("Windows desktops", func(g *guacsim.Group) { g.Attributes["max-connections"] = "11"; g.Type = "ORGANIZATIONAL" })
			}, resource.TestStep{Config: block + full, ConfigPlanChecks: expect(windows, plancheck.ResourceActionUpdate)}),
			resource.TestStep{Config: block + bareWindows, ConfigPlanChecks: expect(windows, plancheck.ResourceActionUpdate)},
			before(func() { sim.Forget("connectionGroup", "Windows") },
				resource.TestStep{Config: block + bareWindows, ConfigPlanChecks: expect(windows, plancheck.ResourceActionCreate)}),
		)
	})
}

func groupImported(id resource.ImportStateIdFunc) resource.TestStep {
	return resource.TestStep{
		ResourceName: windows, ImportState: true, ImportStateIdFunc: id, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "identifier",
	}
}

func TestConnectionGroupIdentity(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories, TerraformVersionChecks: acctest.WithIdentity, CheckDestroy: empty(sim),
		Steps: []resource.TestStep{
			{
				Config: block + bareWindows,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectIdentityValueMatchesState(windows, tfjsonpath.New("identifier")),
				},
			},
			{ResourceName: windows, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		},
	})
}

// Guacamole would delete what is in the group as well.
func TestConnectionGroupIsNotEmpty(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	forced := block + `
resource "onprem_guacamole_connection_group" "idc" {
  name          = "IDC servers"
  force_destroy = true
}
`
	run(t, sim,
		resource.TestStep{Config: block + idcGroup},
		before(func() {
			sim.AddConnection(guacsim.Connection{Name: "by hand", Protocol: "ssh", Parent: sim.Groups()[0].Identifier})
		}, resource.TestStep{
			Config: block, ExpectError: regexp.MustCompile(`(?s)the group "IDC servers" is not empty.*"by hand".*force_destroy`),
		}),
		resource.TestStep{Config: forced, ConfigPlanChecks: expect("onprem_guacamole_connection_group.idc", plancheck.ResourceActionUpdate)},
		resource.TestStep{Config: block},
	)
}

func TestConnectionGroupMessages(t *testing.T) {
	t.Parallel()
	t.Run("in the configuration", func(t *testing.T) {
		t.Parallel()
		_, block := start(t)
		refuses(t, block+`
resource "onprem_guacamole_connection_group" "a" {
  name            = "a"
  type            = "FOLDER"
  max_connections = -1
}
`, `Attribute type value must be one of`, `Attribute max_connections value must be at least 0`)
	})
	t.Run("the root", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t)
		run(t, sim, resource.TestStep{
			Config: block + bareWindows, ResourceName: windows, ImportState: true, ImportStateId: "ROOT",
			ExpectError: regexp.MustCompile(`ROOT is the top of the tree`),
		})
	})
}
