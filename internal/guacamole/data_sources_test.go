package guacamole_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
)

func TestDataSources(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	acctest.Run(t, sim, resource.TestStep{
		Config: block + fullConnection + `
data "onprem_guacamole_connection_group" "idc" {
  name       = "IDC servers"
  depends_on = [onprem_guacamole_connection.cp01]
}

data "onprem_guacamole_connection" "by_path" {
  path       = "IDC servers/CP-01 (Control Plane, GPU)"
  depends_on = [onprem_guacamole_connection.cp01]
}

data "onprem_guacamole_connection" "by_name" {
  name              = "CP-01 (Control Plane, GPU)"
  parent_identifier = data.onprem_guacamole_connection_group.idc.identifier
}
`,
		Check: resource.ComposeAggregateTestCheckFunc(
			resource.TestCheckResourceAttrPair("data.onprem_guacamole_connection.by_path", "identifier", cp01, "identifier"),
			resource.TestCheckResourceAttrPair("data.onprem_guacamole_connection.by_name", "identifier", cp01, "identifier"),
			resource.TestCheckResourceAttr("data.onprem_guacamole_connection.by_name", "path", "IDC servers/CP-01 (Control Plane, GPU)"),
			resource.TestCheckResourceAttr("data.onprem_guacamole_connection.by_name", "protocol", "ssh"),
			resource.TestCheckResourceAttr("data.onprem_guacamole_connection.by_name", "ssh.hostname", "192.168.1.11"),
			resource.TestCheckResourceAttr("data.onprem_guacamole_connection.by_name", "max_connections", "5"),
			resource.TestCheckResourceAttr("data.onprem_guacamole_connection_group.idc", "path", "IDC servers"),
			resource.TestCheckResourceAttr("data.onprem_guacamole_connection_group.idc", "type", "ORGANIZATIONAL"),
			acctest.NoSecrets(t, secret),
		),
	})
}

func TestDataSourceMessages(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	acctest.Run(t, sim,
		resource.TestStep{
			Config:      block + `data "onprem_guacamole_connection" "a" { path = "IDC servers/CP-99" }`,
			ExpectError: acctest.Says(`there is no connection "IDC servers/CP-99" in the portal`),
		},
		resource.TestStep{
			Config:      block + `data "onprem_guacamole_connection_group" "a" { name = "idc servers" }`,
			ExpectError: acctest.Says(`there is no connection group "idc servers" in the root`),
		},
	)
	acctest.Refuses(t, nowhere, "data.onprem_guacamole_connection", "", map[string]string{"": "one (and only one) of"})
	acctest.Refuses(t, nowhere, "data.onprem_guacamole_connection_group", "", map[string]string{"name = \"a\"\npath = \"b\"": "one (and only one) of"})
}
