package kubevirt_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

// TestExamples applies every documented example of KubeVirt, which gives the
// portal a connection to each machine.
func TestExamples(t *testing.T) {
	t.Parallel()
	acctest.Examples(t, acctest.ExampleSet{
		System: "kubevirt",
		Start: func(t *testing.T, _ string) (string, resource.TestCheckFunc) {
			c := kubetest.Shared(t)
			if err := c.Create(t.Context(), strings.NewReader(strings.ReplaceAll(machines, "NAMESPACE", kubetest.KubeVirtNamespace))); err != nil {
				t.Fatal(err)
			}
			portal := httptest.NewServer(guacsim.New())
			t.Cleanup(portal.Close)
			return fmt.Sprintf(`
				provider "onprem" {
					kubernetes = { config_path = %q }
					guacamole  = { url = "%s/guacamole", username = "guacadmin", password = "guacadmin" }
				}`, c.Kubeconfig(), portal.URL), nil
		},
	})
}
