package calico_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest/objecttest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

// TestFaultsThroughTerraform breaks every operation for good, then heals it:
// each failure is told, and the next apply converges without an import, with
// one peer in the cluster. Faults that a retry mends are in kube's tests.
func TestFaultsThroughTerraform(t *testing.T) {
	t.Parallel()
	for _, f := range []faulty.Fault{
		faulty.Reset.After(), faulty.Hang.After(), faulty.BadGateway, faulty.WrongType,
		faulty.Status(http.StatusUnauthorized, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}`),
	} {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			c := kubetest.Shared(t)
			proxy := c.Proxy(t)
			peers, name := kind(c, "bgppeers"), kubetest.Name(t, "tor")
			with := func(as int) string {
				return fmt.Sprintf(`
					provider "onprem" {
						kubernetes = { config_path = %q, max_retries = 0, request_timeout = "2s" }
					}
					resource "onprem_calico_bgp_peer" "tor" {
						name      = %q
						peer_ip   = "192.168.1.1"
						as_number = %d
					}`, proxy.Kubeconfig, name, as)
			}
			breaking := func(pattern string) func() { return func() { proxy.Fail(pattern, f, -1) } }
			one := func(as int) resource.TestCheckFunc { return peers.Has(t, name, as, "spec", "asNumber") }
			steps := []resource.TestStep{
				{PreConfig: breaking("* /**"), Config: with(65001), ExpectError: acctest.Says("Unable to create onprem_calico_bgp_peer")},
				{PreConfig: proxy.Heal, Config: with(65001), Check: one(65001)},
				{PreConfig: breaking("GET /**"), Config: with(65001), ExpectError: acctest.Says("Unable to read onprem_calico_bgp_peer")},
				{PreConfig: proxy.Heal, Config: with(65001), PlanOnly: true},
				{PreConfig: breaking("PATCH /**"), Config: with(65002), ExpectError: acctest.Says("Unable to update onprem_calico_bgp_peer")},
				{PreConfig: proxy.Heal, Config: with(65002), Check: one(65002)},
				{PreConfig: breaking("DELETE /**"), Config: with(65002), Destroy: true, ExpectError: acctest.Says("Unable to delete onprem_calico_bgp_peer")},
				{PreConfig: proxy.Heal, Config: with(65002), Check: one(65002)},
			}
			if f.String() == faulty.WrongType.String() {
				steps = steps[:6] // the object is seen to be gone, whatever a delete was answered with
			}
			resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories, CheckDestroy: peers.Gone(t, name), Steps: steps})
		})
	}
}

// TestRequests: 200 peers are created with a request each and refreshed with a
// handful.
func TestRequests(t *testing.T) {
	t.Parallel()
	const n = 200
	c := kubetest.Shared(t)
	proxy := c.Proxy(t)
	config := objecttest.Provider(proxy.Kubeconfig) + fmt.Sprintf(`
		resource "onprem_calico_bgp_peer" "many" {
			count     = %d
			name      = "%s-${count.index}"
			peer_ip   = "192.168.1.1"
			as_number = 65001
		}`, n, kubetest.Name(t, "many"))
	atMost := func(what string, most int) resource.TestCheckFunc {
		return func(*terraform.State) error {
			if got := proxy.Count("* /**"); got > most {
				return fmt.Errorf("%d requests for %s, want at most %d", got, what, most)
			}
			return nil
		}
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps: []resource.TestStep{
			{Config: config, Check: atMost("the creates", n+20)},
			{PreConfig: proxy.Reset, RefreshState: true, Check: atMost("the refresh", 20)},
		},
	})
}

// TestKilledRun: what a run made that was killed before it could say so, the
// next one goes on with.
func TestKilledRun(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	peers, name := kind(c, "bgppeers"), kubetest.Name(t, "tor")
	left := fmt.Sprintf(`{"apiVersion":"projectcalico.org/v3","kind":"BGPPeer","metadata":{"name":%q},"spec":{"peerIP":"192.168.1.1","asNumber":65009,"ttlSecurity":1}}`, name)
	_, err := peers.API.Patch(t.Context(), name, types.ApplyPatchType, []byte(left), metav1.PatchOptions{FieldManager: "terraform-provider-onprem"})
	if err != nil {
		t.Fatal(err)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             peers.Gone(t, name),
		Steps: []resource.TestStep{{
			Config:           peer(c.Kubeconfig(), name, "peer_ip = \"192.168.1.1\"\nas_number = 65001"),
			ConfigPlanChecks: acctest.Action(tor, plancheck.ResourceActionCreate),
			Check: resource.ComposeTestCheckFunc(
				peers.Has(t, name, 65001, "spec", "asNumber"), peers.Has(t, name, nil, "spec", "ttlSecurity"),
			),
		}},
	})
}

// TestSameName: two resources for one object are a mistake that is told.
func TestSameName(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	name := kubetest.Name(t, "tor")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             kind(c, "bgppeers").Gone(t, name),
		Steps: []resource.TestStep{{
			Config: objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf(`
				resource "onprem_calico_bgp_peer" "twice" {
					count   = 2
					name    = %q
					peer_ip = "192.168.1.1"
				}`, name),
			ExpectError: acctest.Says("another resource of this configuration has just created it Two resources have the same name."),
		}},
	})
}

// TestWithoutCalico: a cluster that does not serve projectcalico.org/v3 has not
// lost its objects.
func TestWithoutCalico(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	proxy := c.Proxy(t)
	name := kubetest.Name(t, "tor")
	config := peer(proxy.Kubeconfig, name, `peer_ip = "192.168.1.1"`)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             kind(c, "bgppeers").Gone(t, name),
		Steps: []resource.TestStep{
			{Config: config},
			{
				PreConfig:   func() { proxy.Fail("* /**", faulty.Status(http.StatusNotFound, "404 page not found\n"), -1) },
				Config:      config,
				ExpectError: acctest.Says("projectcalico.org/v3 is not served by this cluster Install calico-apiserver"),
			},
			{PreConfig: proxy.Heal, Config: config, PlanOnly: true},
		},
	})
}
