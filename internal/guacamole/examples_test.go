package guacamole_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
)

// TestExamples applies every documented example of Guacamole.
func TestExamples(t *testing.T) {
	t.Parallel()
	acctest.Examples(t, acctest.ExampleSet{
		System:    "guacamole",
		Variables: config.Variables{"windows_password": config.StringVariable(secret)},
		Start: func(t *testing.T, example string) (string, resource.TestCheckFunc) {
			sim, block := start(t)
			if !strings.HasPrefix(example, "data-sources/") {
				return block, acctest.Nothing(sim)
			}
			sim.AddGroup(guacsim.Group{Name: "Virtual machines"}) // what the data sources find
			idc := sim.AddGroup(guacsim.Group{Name: "IDC servers"})
			sim.AddGroup(guacsim.Group{Name: "Loaners", Parent: idc})
			for _, name := range []string{"CP-01 (Control Plane, GPU)", "Storage A/B"} {
				sim.AddConnection(guacsim.Connection{Name: name, Parent: idc, Protocol: "ssh", Parameters: map[string]string{"hostname": "192.168.1.11"}})
			}
			return block, nil
		},
	})
}
