package metallb_test

import (
	"testing"

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
		Start: func(t *testing.T, _ string) (string, resource.TestCheckFunc) {
			return objecttest.Provider(kubetest.Shared(t).Kubeconfig()), nil
		},
	})
}
