package calico_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest/objecttest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

// filter is what a peer of the examples refers to.
const filter = `{apiVersion: projectcalico.org/v3, kind: BGPFilter, metadata: {name: between-sites}, spec: {}}`

// TestExamples applies every documented example of Calico; the data sources read
// what those of the resources have made.
func TestExamples(t *testing.T) {
	t.Parallel()
	acctest.Examples(t, acctest.ExampleSet{
		System:      "calico",
		OnResources: true,
		Newer: map[string]*regexp.Regexp{
			"_calico_3_31.tf": acctest.Says("the server does not know this field"),
			"_calico_3_32.tf": acctest.Says("the server does not know this field"),
		},
		Planned: map[string]string{"s/data-source.tf": "other tests make and delete what it lists"},
		Start: func(t *testing.T, example string) (string, resource.TestCheckFunc) {
			c := kubetest.Shared(t)
			if strings.HasPrefix(example, "resources/onprem_calico_bgp_configuration/") {
				c.Borrow(t, kubetest.BGPConfiguration)
			}
			if strings.HasSuffix(example, "_sites.tf") {
				if err := c.Create(t.Context(), strings.NewReader(filter)); err != nil {
					t.Fatal(err)
				}
			}
			return objecttest.Provider(c.Kubeconfig()), nil
		},
	})
}
