package guacamole_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
)

const (
	windows     = "onprem_guacamole_connection_group.windows"
	bareWindows = `
resource "onprem_guacamole_connection_group" "windows" {
  name = "Windows"
}
`
)

func groupLife(sim *guacsim.Server, block string) acctest.Life {
	idc := sim.AddGroup(guacsim.Group{Name: "IDC"})
	return acctest.Life{
		System: sim, Kind: guacsim.KindGroup, Name: "Windows", Address: windows, Block: block,
		Full: `
resource "onprem_guacamole_connection_group" "windows" {
  name                     = "Windows"
  parent_identifier        = "` + idc + `"
  type                     = "BALANCING"
  max_connections          = 10
  max_connections_per_user = 2
  enable_session_affinity  = true
}
`,
		Bare: bareWindows,
		Stored: acctest.Fields{"Parent": idc, "Type": "BALANCING", "Attributes": map[string]string{
			"max-connections": "10", "max-connections-per-user": "2", "enable-session-affinity": "true",
		}},
		Stripped: acctest.Fields{"Parent": "ROOT", "Type": "ORGANIZATIONAL", "Attributes": map[string]string{}},
		Drift: []acctest.Fields{
			{"Type": "ORGANIZATIONAL", "Parent": "ROOT", "Attributes": map[string]any{
				"max-connections": "11", "max-connections-per-user": nil, "enable-session-affinity": nil,
			}},
			{"Name": "renamed"}, // it is found by its identifier
		},
		Steady:   map[string]string{"force_destroy": "the provider's own"},
		Identity: []string{"identifier"}, ImportIDs: []string{"IDC/Windows"},
	}
}

func TestConnectionGroup(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, sim *guacsim.Server, block string) {
		groupLife(sim, block).Run(t)
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
	acctest.Run(t, sim,
		resource.TestStep{Config: block + idcGroup},
		resource.TestStep{
			PreConfig: func() {
				sim.AddConnection(guacsim.Connection{Name: "by hand", Protocol: "ssh", Parent: sim.Groups()[0].Identifier})
			},
			Config: block, ExpectError: acctest.Says(`the group "IDC servers" is not empty … "by hand" … force_destroy`),
		},
		resource.TestStep{Config: forced, ConfigPlanChecks: acctest.Action("onprem_guacamole_connection_group.idc", plancheck.ResourceActionUpdate)},
		resource.TestStep{Config: block},
	)
}

func TestConnectionGroupMessages(t *testing.T) {
	t.Parallel()
	t.Run("in the configuration", func(t *testing.T) {
		t.Parallel()
		acctest.Refuses(t, nowhere, "onprem_guacamole_connection_group", `name = "a"`, map[string]string{
			`type = "FOLDER"`:      "Attribute type value must be one of",
			`max_connections = -1`: "Attribute max_connections value must be at least 0",
		})
	})
	t.Run("the root", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t)
		acctest.Run(t, sim, resource.TestStep{
			Config: block + bareWindows, ResourceName: windows, ImportState: true, ImportStateId: "ROOT",
			ExpectError: acctest.Says("ROOT is the top of the tree"),
		})
	})
}
