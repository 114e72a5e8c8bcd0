package calico_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

// TestExamples applies every documented example of Calico and finds nothing to
// change afterwards: first those of the resources, which the data sources read.
func TestExamples(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	for _, object := range []string{"onprem_calico_bgp_peer", "onprem_calico_ip_pool"} {
		config := provider(c.Kubeconfig()) + example(t, "resources", object, "resource.tf")
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: acctest.Factories,
			Steps: []resource.TestStep{
				{Config: config},
				{Config: config + example(t, "data-sources", object, "data-source.tf")},
			},
		})
	}
}

func example(t *testing.T, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", "..", "examples"}, parts...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}
