package metallb_test

import (
	"os"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest/objecttest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

func TestMain(m *testing.M) { os.Exit(acctest.Main("metallb", func() int { return kubetest.Main(m) })) }

const (
	pools    = "ipaddresspools.v1beta1.metallb.io"
	l2s      = "l2advertisements.v1beta1.metallb.io"
	bgps     = "bgpadvertisements.v1beta1.metallb.io"
	peers    = "bgppeers.v1beta2.metallb.io"
	profiles = "bfdprofiles.v1beta1.metallb.io"
)

// objects are those of a test, which begin with a name of its own.
func objects(t *testing.T, c *kubetest.Cluster, prefix string) (all objecttest.Objects, name string) {
	t.Helper()
	name = kubetest.Name(t, prefix)
	return objecttest.In(c, kubetest.MetalLBNamespace, []string{pools, l2s, bgps, peers, profiles}, name), name
}

// TestFaultsThroughTerraform breaks every operation for good, then heals it.
// Faults that a retry mends are in kube's tests.
func TestFaultsThroughTerraform(t *testing.T) {
	t.Parallel()
	for kind, life := range map[string]func(*testing.T, *kubetest.Cluster, string) acctest.Life{
		"pool": poolLife, "l2": l2Life, "bgp": bgpLife, "peer": peerLife, "profile": profileLife,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := kubetest.Shared(t)
			proxy := c.Proxy(t)
			block := objecttest.Provider(proxy.Kubeconfig, `max_retries = 0`, `request_timeout = "2s"`)
			life(t, c, block).Survives(t, proxy.Handler, "/", faulty.BadGateway)
		})
	}
}
