package calico_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest/objecttest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

// TestExamples applies every documented example of Calico; the data sources read
// what those of the resources have made.
func TestExamples(t *testing.T) {
	t.Parallel()
	acctest.Examples(t, acctest.ExampleSet{
		System:      "calico",
		OnResources: true,
		Start: func(t *testing.T, example string) (string, resource.TestCheckFunc) {
			c := kubetest.Shared(t)
			if strings.HasPrefix(example, "resources/onprem_calico_bgp_configuration/") {
				c.Borrow(t, kubetest.BGPConfiguration)
			}
			return objecttest.Provider(c.Kubeconfig()), nil
		},
	})
}
