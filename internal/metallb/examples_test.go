package metallb_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest/objecttest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

// TestExamples applies every documented example of MetalLB; the data sources read
// what those of the resources have made.
func TestExamples(t *testing.T) {
	t.Parallel()
	acctest.Examples(t, acctest.ExampleSet{
		System:      "metallb",
		OnResources: true,
		Newer:       map[string]*regexp.Regexp{"_metallb_0_16.tf": acctest.Says("the server does not know this field")},
		Planned: map[string]string{
			"_router_id.tf":    "no peer in the cluster may have another router ID, and tests share it",
			"s/data-source.tf": "other tests make and delete what it lists",
		},
		Variables: config.Variables{"bgp_password": config.StringVariable("Tr0ub4dor-and-3")},
		Start: func(t *testing.T, _ string) (string, resource.TestCheckFunc) {
			return objecttest.Provider(kubetest.Shared(t).Kubeconfig()), nil
		},
	})
}
