package kong_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
)

// TestExamples applies every documented example of Kong and finds nothing to change afterwards.
func TestExamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../examples/*/onprem_kong_*/*.tf")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		if filepath.Base(file) == "import-by-identity.tf" {
			continue // needs the object that it imports
		}
		t.Run(filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			example, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sim, p := gateway(t)
			if filepath.Base(file) == "data-source.tf" { // what the data sources find
				sim.Add("services", map[string]any{"name": "frs-api", "host": "frs.nicepayment-frs.svc"})
				sim.Add("routes", map[string]any{"name": "portal", "hosts": []string{"accessportal.example.internal"}})
			}
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories,
				Steps:                    []resource.TestStep{{Config: p + string(example)}},
			})
		})
	}
}
