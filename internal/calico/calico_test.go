package calico_test

import (
	"os"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest/objecttest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

func TestMain(m *testing.M) { os.Exit(acctest.Main("calico", func() int { return kubetest.Main(m) })) }

const (
	peers          = "bgppeers.v3.projectcalico.org"
	pools          = "ippools.v3.projectcalico.org"
	configurations = "bgpconfigurations.v3.projectcalico.org"
	filters        = "bgpfilters.v3.projectcalico.org"
)

// objects are those of a test, which begin with a name of its own, or with others.
func objects(t *testing.T, c *kubetest.Cluster, prefix string, others ...string) (all objecttest.Objects, name string) {
	t.Helper()
	name = kubetest.Name(t, prefix)
	return objecttest.In(c, "", []string{peers, pools, configurations, filters}, append(others, name)...), name
}
