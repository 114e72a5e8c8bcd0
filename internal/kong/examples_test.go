package kong_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
)

// TestExamples applies every documented example of Kong.
func TestExamples(t *testing.T) {
	t.Parallel()
	acctest.Examples(t, acctest.ExampleSet{
		System: "kong",
		Start: func(t *testing.T, example string) (string, resource.TestCheckFunc) {
			var opts []kongsim.Option
			if strings.HasSuffix(example, "_expressions.tf") {
				opts = append(opts, kongsim.Flavor(kongsim.Expressions))
			}
			sim, block := gateway(t, opts...)
			switch {
			case strings.HasPrefix(example, "data-sources/"): // what the data sources find
				portal := sim.Add("services", map[string]any{"name": "portal", "host": "guacamole.secern-access-portal.svc"})
				sim.Add("services", map[string]any{"name": "frs-api", "host": "frs.nicepayment-frs.svc"})
				sim.Add("routes", map[string]any{
					"name": "portal", "hosts": []string{"accessportal.example.internal"}, "service": map[string]any{"id": portal},
				})
				sim.Add("routes", map[string]any{"id": "1d6f7c0a-8b1e-4a53-b9d2-0f5e6a7c8d21", "paths": []string{"/guacamole/recordings"}})
			case strings.HasSuffix(example, "_tls.tf"): // what the service shows
				sim.Add("certificates", map[string]any{
					"id": "f2a4d0b1-6c3e-4d57-9a0e-3b8f5c1d7e62", "cert": "{vault://env/cert}", "key": "{vault://env/key}",
				})
			}
			return block, nil
		},
	})
}
