package kong_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
)

// TestExamples applies every documented example of Kong.
func TestExamples(t *testing.T) {
	t.Parallel()
	acctest.Examples(t, acctest.ExampleSet{
		System: "kong",
		Start: func(t *testing.T, example string) (string, resource.TestCheckFunc) {
			sim, block := gateway(t)
			if strings.HasPrefix(example, "data-sources/") { // what the data sources find
				sim.Add("services", map[string]any{"name": "frs-api", "host": "frs.nicepayment-frs.svc"})
				sim.Add("routes", map[string]any{"name": "portal", "hosts": []string{"accessportal.example.internal"}})
			}
			return block, nil
		},
	})
}
