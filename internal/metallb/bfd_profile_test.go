package metallb_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest/objecttest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

const fast = "onprem_metallb_bfd_profile.fast"

func profile(kubeconfig, name, body string) string {
	return objecttest.Provider(kubeconfig) + fmt.Sprintf("resource \"onprem_metallb_bfd_profile\" \"fast\" {\n  name = %q\n%s\n}\n", name, body)
}

func TestBFDProfileLife(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	profiles, name := kind(c, "v1beta1", "bfdprofiles"), kubetest.Name(t, "fast")
	plain := profile(c.Kubeconfig(), name, `receive_interval = 300`)
	full := profile(c.Kubeconfig(), name, `
		receive_interval  = 150
		transmit_interval = 150
		detect_multiplier = 5
		echo_interval     = 60
		echo_mode         = true
		passive_mode      = true
		minimum_ttl       = 250
		labels            = { site = "seoul" }`)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             profiles.Gone(t, name, name+"-new"),
		Steps: []resource.TestStep{
			{
				Config: full, ConfigPlanChecks: acctest.Action(fast, plancheck.ResourceActionCreate),
				ConfigStateChecks: []statecheck.StateCheck{acctest.Is(fast, "namespace", knownvalue.StringExact("metallb-system"))},
				Check: resource.ComposeTestCheckFunc(
					profiles.Has(t, name, 5, "spec", "detectMultiplier"),
					profiles.Has(t, name, true, "spec", "echoMode"),
					profiles.Has(t, name, 250, "spec", "minimumTtl"),
				),
			},
			{
				ResourceName: fast, ImportState: true, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name",
				ImportStateIdFunc: acctest.ImportID(fast, "namespace", "name"),
			},
			{ // what leaves the configuration leaves the object
				Config: plain, ConfigPlanChecks: acctest.Action(fast, plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{acctest.Is(fast, "echo_mode", knownvalue.Null())},
				Check: resource.ComposeTestCheckFunc(
					profiles.Has(t, name, nil, "spec", "minimumTtl"),
					profiles.Has(t, name, 300, "spec", "receiveInterval"),
				),
			},
			{ // a field that others set and nobody configures is no difference
				PreConfig: profiles.Patch(t, name, "kubectl-edit", `{"spec":{"detectMultiplier":9}}`),
				Config:    plain, PlanOnly: true,
			},
			{ // drift is found, and putting it right is refused, until taken over
				PreConfig:   profiles.Patch(t, name, "kubectl-edit", `{"spec":{"receiveInterval":1000}}`),
				Config:      plain,
				ExpectError: acctest.Says(`spec.receiveInterval is managed by "kubectl-edit"`),
			},
			{
				Config:           profile(c.Kubeconfig(), name, "receive_interval = 300\ntake_ownership = true"),
				ConfigPlanChecks: acctest.Action(fast, plancheck.ResourceActionUpdate),
				Check:            profiles.Has(t, name, 300, "spec", "receiveInterval"),
			},
			{
				PreConfig: profiles.Delete(t, name),
				Config:    plain, ConfigPlanChecks: acctest.Action(fast, plancheck.ResourceActionCreate),
			},
			{Config: plain, PlanOnly: true},
			{
				Config:           profile(c.Kubeconfig(), name+"-new", ""),
				ConfigPlanChecks: acctest.Action(fast, plancheck.ResourceActionReplace),
			},
		},
	})
}

func TestBFDProfileImportByIdentity(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	name := kubetest.Name(t, "fast")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		TerraformVersionChecks:   acctest.WithIdentity,
		CheckDestroy:             kind(c, "v1beta1", "bfdprofiles").Gone(t, name),
		Steps: []resource.TestStep{
			{Config: profile(c.Kubeconfig(), name, `detect_multiplier = 5`)},
			{ResourceName: fast, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		},
	})
}

// TestBFDProfileInUse: the webhook keeps a profile that a peer needs, and says
// so in its words.
func TestBFDProfileInUse(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	profiles, name := kind(c, "v1beta1", "bfdprofiles"), kubetest.Name(t, "fast")
	peers := kind(c, "v1beta2", "bgppeers")
	config := profile(c.Kubeconfig(), name, "")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             profiles.Gone(t, name),
		Steps: []resource.TestStep{
			{Config: config},
			{
				PreConfig: func() {
					peers.Create(t, "BGPPeer", name, map[string]any{
						"myASN": int64(64512), "peerASN": int64(65001), "peerAddress": somewhere(t, c), "bfdProfile": name,
					})
				},
				Config: config, Destroy: true, ExpectError: acctest.Says("denied the request"),
			},
			{PreConfig: peers.Delete(t, name), Config: config, Destroy: true},
		},
	})
}

// TestBFDProfileGoes: with create_before_destroy, a peer lets go of a profile
// before that is deleted.
func TestBFDProfileGoes(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	profiles, name := kind(c, "v1beta1", "bfdprofiles"), kubetest.Name(t, "fast")
	body := fmt.Sprintf("my_asn = 64512\npeer_asn = 65001\npeer_address = %q\n", somewhere(t, c))
	watched := peer(c.Kubeconfig(), name, body+"bfd_profile = onprem_metallb_bfd_profile.fast.name") + fmt.Sprintf(`
		resource "onprem_metallb_bfd_profile" "fast" {
			name = %q
			lifecycle {
				create_before_destroy = true
			}
		}`, name)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy:             profiles.Gone(t, name),
		Steps: []resource.TestStep{
			{Config: watched},
			{
				Config: peer(c.Kubeconfig(), name, body), ConfigPlanChecks: acctest.Action(tor, plancheck.ResourceActionUpdate),
				Check: profiles.Gone(t, name),
			},
		},
	})
}

func TestBFDProfileInvalid(t *testing.T) {
	t.Parallel()
	objecttest.Refused(t, "onprem_metallb_bfd_profile", map[string]string{
		`receive_interval = 9`:      "receive_interval value must be between 10 and 60000, got: 9",
		`transmit_interval = 60001`: "transmit_interval value must be between 10 and 60000, got: 60001",
		`echo_interval = 0`:         "echo_interval value must be between 10 and 60000, got: 0",
		`detect_multiplier = 1`:     "detect_multiplier value must be between 2 and 255, got: 1",
		`minimum_ttl = 255`:         "minimum_ttl value must be between 1 and 254, got: 255",
		`namespace = "MetalLB"`:     `"MetalLB": a lowercase RFC 1123 label`,
	})
}

func TestBFDProfileDataSource(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	name := kubetest.Name(t, "fast")
	kind(c, "v1beta1", "bfdprofiles").Create(t, "BFDProfile", name, map[string]any{"detectMultiplier": int64(5)})
	const data = "data.onprem_metallb_bfd_profile.fast"
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps: []resource.TestStep{{
			Config: objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf("data \"onprem_metallb_bfd_profile\" \"fast\" {\n  name = %q\n}\n", name),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(data, "detect_multiplier", knownvalue.Int64Exact(5)),
				acctest.Is(data, "receive_interval", knownvalue.Int64Exact(300)),
				acctest.Is(data, "echo_mode", knownvalue.Bool(false)),
			},
		}},
	})
}
