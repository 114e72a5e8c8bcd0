package metallb_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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

func profileLife(t *testing.T, c *kubetest.Cluster, block string) acctest.Life {
	t.Helper()
	all, name := objects(t, c, "fast")
	return all.Life(profiles, name, fast, block, `
		receive_interval  = 150
		transmit_interval = 150
		detect_multiplier = 5
		echo_interval     = 60
		echo_mode         = true
		passive_mode      = true
		minimum_ttl       = 250
		labels            = { site = "seoul" }
		annotations       = { "acme.internal/owner" = "network" }`, `receive_interval = 300`,
		acctest.Life{
			Stored:   acctest.Fields{"detectMultiplier": 5, "echoMode": true, "minimumTtl": 250},
			Stripped: acctest.Fields{"minimumTtl": nil, "receiveInterval": 300},
			Drift: []acctest.Fields{{
				"receiveInterval": 1000, "transmitInterval": 1000, "detectMultiplier": 9, "echoInterval": 100, "echoMode": false, "passiveMode": false,
				"minimumTtl": 1, "labels": map[string]any{"site": nil}, "annotations": map[string]any{"acme.internal/owner": nil},
			}},
		})
}

func TestBFDProfileLife(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	life := profileLife(t, c, objecttest.Provider(c.Kubeconfig()))
	life.Run(t, takenOver(t, life, acctest.Fields{"detectMultiplier": 9}, acctest.Fields{"receiveInterval": 1000})...)
}

// takenOver are the steps of an object called as Life.Replaced does: a field
// that others set and nobody configures is no difference; what is configured is
// found, and putting it right is refused until it is taken over.
func takenOver(t *testing.T, life acctest.Life, free, configured acctest.Fields) []resource.TestStep {
	t.Helper()
	field := slices.Collect(maps.Keys(configured))[0]
	edit := func(changes acctest.Fields) func() {
		return acctest.Edit(t, life.System, life.Kind, life.Name+"-new", changes)
	}
	config := life.Block + life.Replaced
	return []resource.TestStep{
		{PreConfig: edit(free), Config: config, PlanOnly: true},
		{PreConfig: edit(configured), Config: config, ExpectError: acctest.Says("spec." + field + ` is managed by "kubectl-edit"`)},
		{
			Config:           strings.Replace(config, "name =", "take_ownership = true\nname =", 1),
			ConfigPlanChecks: acctest.Action(life.Address, plancheck.ResourceActionUpdate),
		},
	}
}

// TestBFDProfileInUse: the webhook keeps a profile that a peer needs, and says
// so in its words.
func TestBFDProfileInUse(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "fast")
	config := profile(c.Kubeconfig(), name, "")
	acctest.Run(t, all,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() {
				all.Create(t, peers, name, map[string]any{
					"myASN": int64(64512), "peerASN": int64(65001), "peerAddress": somewhere(t, c), "bfdProfile": name,
				})
			},
			Config: config, Destroy: true, ExpectError: acctest.Says("denied the request"),
		},
		resource.TestStep{PreConfig: acctest.Forget(t, all, peers, name), Config: config, Destroy: true},
	)
}

// TestBFDProfileGoes: with create_before_destroy, a peer lets go of a profile
// before that is deleted.
func TestBFDProfileGoes(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	all, name := objects(t, c, "fast")
	body := fmt.Sprintf("my_asn = 64512\npeer_asn = 65001\npeer_address = %q\n", somewhere(t, c))
	watched := peer(c.Kubeconfig(), name, body+"bfd_profile = onprem_metallb_bfd_profile.fast.name") + fmt.Sprintf(`
		resource "onprem_metallb_bfd_profile" "fast" {
			name = %q
			lifecycle {
				create_before_destroy = true
			}
		}`, name)
	acctest.Run(t, all,
		resource.TestStep{Config: watched},
		resource.TestStep{
			Config: peer(c.Kubeconfig(), name, body), ConfigPlanChecks: acctest.Action(tor, plancheck.ResourceActionUpdate),
			Check: acctest.Gone(all, profiles, name),
		},
	)
}

func TestBFDProfileInvalid(t *testing.T) {
	t.Parallel()
	acctest.Refuses(t, objecttest.Nowhere, "onprem_metallb_bfd_profile", `name = "a"`, map[string]string{
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
	all, name := objects(t, c, "fast")
	all.Create(t, profiles, name, map[string]any{"detectMultiplier": int64(5)})
	const data = "data.onprem_metallb_bfd_profile.fast"
	acctest.Run(t, all,
		resource.TestStep{
			Config: objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf("data \"onprem_metallb_bfd_profile\" \"fast\" {\n  name = %q\n}\n", name),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(data, "detect_multiplier", knownvalue.Int64Exact(5)),
				acctest.Is(data, "receive_interval", knownvalue.Int64Exact(300)),
				acctest.Is(data, "echo_mode", knownvalue.Bool(false)),
			},
		},
	)
}
