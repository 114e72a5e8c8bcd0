package calico_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest/objecttest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

// TestFaultsThroughTerraform breaks every operation for good, then heals it.
// Faults that a retry mends are in kube's tests.
func TestFaultsThroughTerraform(t *testing.T) {
	t.Parallel()
	type life func(*testing.T, *kubetest.Cluster, string) acctest.Life
	test := func(kind string, life life, f faulty.Fault) {
		t.Run(kind+"/"+f.String(), func(t *testing.T) {
			t.Parallel()
			c := kubetest.Shared(t)
			proxy := c.Proxy(t)
			life(t, c, objecttest.Provider(proxy.Kubeconfig, `max_retries = 0`, `request_timeout = "2s"`)).Survives(t, proxy.Handler, "/", f)
		})
	}
	for _, f := range []faulty.Fault{
		faulty.Reset.After(), faulty.Hang.After(), faulty.BadGateway, faulty.WrongType,
		faulty.Status(http.StatusUnauthorized, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}`),
	} {
		test("peer", peerLife, f)
	}
	test("pool", poolLife, faulty.BadGateway)
	test("configuration", configurationLife, faulty.BadGateway)
}

// TestRequests: 200 peers are created with a request each and refreshed with a
// handful.
func TestRequests(t *testing.T) {
	t.Parallel()
	const n = 200
	c := kubetest.Shared(t)
	proxy := c.Proxy(t)
	all, name := objects(t, c, "many")
	config := objecttest.Provider(proxy.Kubeconfig) + fmt.Sprintf(`
		resource "onprem_calico_bgp_peer" "many" {
			count     = %d
			name      = "%s-${count.index}"
			peer_ip   = "192.168.1.1"
			as_number = 65001
		}`, n, name)
	atMost := func(what string, most int) resource.TestCheckFunc {
		return func(*terraform.State) error {
			if got := proxy.Count("* /**"); got > most {
				return fmt.Errorf("%d requests for %s, want at most %d", got, what, most)
			}
			return nil
		}
	}
	acctest.Run(t, all,
		resource.TestStep{Config: config, Check: atMost("the creates", n+20)},
		resource.TestStep{PreConfig: proxy.Reset, RefreshState: true, Check: atMost("the refresh", 20)},
	)
}

// TestKilledRun: what a run made that was killed before it could say so, the
// next one goes on with.
func TestKilledRun(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "tor")
	left := fmt.Sprintf(`{"apiVersion":"projectcalico.org/v3","kind":"BGPPeer","metadata":{"name":%q},"spec":{"peerIP":"192.168.1.1","asNumber":65009,"ttlSecurity":1}}`, name)
	all.Apply(t, peers, left, name)
	acctest.Run(t, all,
		resource.TestStep{
			Config:           peer(c.Kubeconfig(), name, "peer_ip = \"192.168.1.1\"\nas_number = 65001"),
			ConfigPlanChecks: acctest.Action(tor, plancheck.ResourceActionCreate),
			Check: resource.ComposeTestCheckFunc(
				acctest.Has(all, peers, name, acctest.Fields{"asNumber": 65001}), acctest.Has(all, peers, name, acctest.Fields{"ttlSecurity": nil}),
			),
		},
	)
}

// TestSameName: two resources for one object are a mistake that is told.
func TestSameName(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "tor")
	acctest.Run(t, all,
		resource.TestStep{
			Config: objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf(`
				resource "onprem_calico_bgp_peer" "twice" {
					count   = 2
					name    = %q
					peer_ip   = "192.168.1.1"
					as_number = 65001
				}`, name),
			ExpectError: acctest.Says("another resource of this configuration has just created it Two resources have the same name."),
		},
	)
}

// TestWithoutCalico: a cluster that does not serve projectcalico.org/v3 has not
// lost its objects.
func TestWithoutCalico(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	proxy := c.Proxy(t)
	all, name := objects(t, c, "tor")
	config := peer(proxy.Kubeconfig, name, "peer_ip = \"192.168.1.1\"\nas_number = 65001")
	acctest.Run(t, all,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig:   func() { proxy.Fail("* /**", faulty.Status(http.StatusNotFound, "404 page not found\n"), -1) },
			Config:      config,
			ExpectError: acctest.Says("projectcalico.org/v3 is not served by this cluster Install calico-apiserver"),
		},
		resource.TestStep{PreConfig: proxy.Heal, Config: config, PlanOnly: true},
	)
}
