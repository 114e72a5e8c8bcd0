package harbor_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
)

const backup = "onprem_harbor_replication_policy.backup"

func policyConfig(attributes string) string {
	return bareRegistry + `
resource "onprem_harbor_replication_policy" "backup" {
  name = "dockerhub-backup"
` + attributes + `}
`
}

var (
	fullPolicy = policyConfig(`
  description                  = "Released images to Docker Hub"
  dest_registry_id             = onprem_harbor_registry.dockerhub.id
  dest_namespace               = "company-backup"
  dest_namespace_replace_count = 1
  enabled                      = true
  override                     = true
  deletion                     = true
  speed                        = 2048
  copy_by_chunk                = true

  filters = [
    { type = "name", value = "team1-prod/**" },
    { type = "tag", value = "{v*.*.*,latest}", decoration = "matches" },
    { type = "label", values = ["prod", "lts"], decoration = "excludes" },
    { type = "resource", value = "image" },
  ]
  trigger = { type = "event_based" }
`)
	scheduledPolicy = policyConfig(`
  src_registry_id = onprem_harbor_registry.dockerhub.id
  enabled         = false
  trigger         = { type = "scheduled", cron = "0 0 2 * * 0" }
`)
	barePolicy = policyConfig("  dest_registry_id = onprem_harbor_registry.dockerhub.id\n")
)

// policyLife is that of a policy whose registry somebody else has made.
func policyLife(sim *harborsim.Server, block string) acctest.Life {
	sim.AddRegistry("dockerhub", "docker-hub", "https://hub.docker.com")
	alone := strings.NewReplacer(bareRegistry, "", "onprem_harbor_registry.dockerhub.id", "1")
	return acctest.Life{
		System: sim, Kind: harborsim.ReplicationPolicy, Name: "dockerhub-backup", Address: backup,
		Block: block, Full: alone.Replace(fullPolicy), Bare: alone.Replace(barePolicy),
		Stored: acctest.Fields{
			"id": 1, "dest_namespace": "company-backup", "dest_namespace_replace_count": 1, "enabled": true, "override": true, "deletion": true,
			"speed": 2048, "copy_by_chunk": true, "trigger": map[string]any{"type": "event_based"},
			"filters": []any{
				map[string]any{"type": "name", "value": "team1-prod/**"},
				map[string]any{"type": "tag", "value": "{v*.*.*,latest}", "decoration": "matches"},
				map[string]any{"type": "label", "value": []any{"prod", "lts"}, "decoration": "excludes"},
				map[string]any{"type": "resource", "value": "image"},
			},
		},
		Stripped: acctest.Fields{
			"trigger": nil, "enabled": true, "filters": nil, "dest_namespace": nil, "dest_namespace_replace_count": -1, "description": nil,
		},
		Drift: []acctest.Fields{
			{
				"description": "changed", "dest_namespace": "elsewhere", "dest_namespace_replace_count": 0, "enabled": false, "override": false,
				"deletion": false, "speed": 1, "copy_by_chunk": false, "trigger": map[string]any{"type": "manual"},
				"filters": []any{map[string]any{"type": "name", "value": "**"}},
			},
			{"name": "renamed"}, // it is found by its id
			{"src_registry": map[string]any{"id": 1}, "dest_registry": map[string]any{"id": 0}, "trigger": map[string]any{"type": "manual"}},
		},
		Steady:   map[string]string{"single_active_replication": "since Harbor 2.15: TestReplicationPolicySingleActive"},
		Identity: []string{"id"}, ImportIDs: []string{"dockerhub-backup"},
	}
}

func TestReplicationPolicy(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	life := policyLife(sim, block)
	scheduled := block + strings.NewReplacer(bareRegistry, "", "onprem_harbor_registry.dockerhub.id", "1").Replace(scheduledPolicy)
	manual := strings.Replace(scheduled, `"scheduled", cron = "0 0 2 * * 0"`, `"manual"`, 1)
	life.Run(t,
		resource.TestStep{ // push becomes pull, in place
			Config: scheduled, ConfigPlanChecks: acctest.Action(backup, plancheck.ResourceActionUpdate),
			Check: acctest.Has(sim, harborsim.ReplicationPolicy, "dockerhub-backup", acctest.Fields{
				"enabled": nil, "trigger": map[string]any{"type": "scheduled", "trigger_settings": map[string]any{"cron": "0 0 2 * * 0"}},
			}),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(backup, "dest_registry_id", knownvalue.Null()),
				acctest.Is(backup, "src_registry_id", knownvalue.Int64Exact(1)),
			},
		},
		resource.TestStep{Config: manual},
		resource.TestStep{ // a cron left in a manual trigger is no difference
			PreConfig: acctest.Edit(t, sim, harborsim.ReplicationPolicy, "dockerhub-backup", acctest.Fields{
				"trigger": map[string]any{"type": "manual", "trigger_settings": map[string]any{"cron": "0 0 3 * * *"}},
			}),
			Config: manual, ConfigPlanChecks: acctest.Action(backup, plancheck.ResourceActionNoop),
		},
		resource.TestStep{ // renamed, in place
			Config:           strings.Replace(manual, "dockerhub-backup", "hub-backup", 1),
			ConfigPlanChecks: acctest.Action(backup, plancheck.ResourceActionUpdate),
		},
	)
}

func TestReplicationPolicySingleActive(t *testing.T) {
	t.Parallel()
	config := policyConfig("  dest_registry_id = onprem_harbor_registry.dockerhub.id\n  single_active_replication = true\n")
	t.Run("2.15", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t, harborsim.Version215())
		has := func(want any) resource.TestCheckFunc {
			return acctest.Has(sim, harborsim.ReplicationPolicy, "dockerhub-backup", acctest.Fields{"single_active_replication": want})
		}
		other := strings.Replace(config, "single_active", "override = true\n  single_active", 1)
		acctest.Run(t, sim,
			resource.TestStep{Config: block + config, Check: has(true)},
			resource.TestStep{Config: block + other, Check: has(true)},
			acctest.Life{System: sim, Kind: harborsim.ReplicationPolicy, Name: "dockerhub-backup", Address: backup, Block: block, Full: other}.
				Drifts(t, acctest.Fields{"single_active_replication": false}, "single_active_replication"),
			resource.TestStep{Config: block + barePolicy, Check: has(false)},
		)
	})
	t.Run("2.13", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t)
		acctest.Run(t, sim, resource.TestStep{Config: block + config, ExpectError: acctest.Says("single_active_replication needs Harbor 2.15, and this one is v2.13")})
	})
}

func TestReplicationPolicyRefusesAtPlan(t *testing.T) {
	t.Parallel()
	const push = "dest_registry_id = 1\n"
	scheduled := func(cron string) string {
		return push + fmt.Sprintf("trigger = { type = \"scheduled\", cron = %q }\n", cron)
	}
	acctest.Refuses(t, nowhere, "onprem_harbor_replication_policy", `name = "a"`, map[string]string{
		"":                                            "when one (and only one) of [src_registry_id,dest_registry_id] is required",
		push + "src_registry_id = 2\n":                "when one (and only one) of [src_registry_id,dest_registry_id] is required",
		scheduled("0 2 * * *"):                        `has five fields, and Harbor wants six`,
		scheduled("0 0 2 * * * *"):                    "is not a schedule of six fields",
		scheduled("@daily"):                           "is not a schedule of six fields",
		scheduled("30 0 2 * * *"):                     "the second, which Harbor takes only as",
		scheduled("00 0 2 * * *"):                     "the second, which Harbor takes only as",
		scheduled("0 * 2 * * *"):                      "the minute, for which Harbor refuses",
		scheduled("0 0 24 * * *"):                     "above maximum (23)",
		push + "trigger = { type = \"scheduled\" }\n": "needs `cron`",
		push + "trigger = { type = \"manual\", cron = \"0 0 2 * * *\" }\n":             "has no schedule. Remove `cron`",
		push + "trigger = { type = \"hourly\" }\n":                                     `"manual" "scheduled" "event_based"`,
		push + "filters = [{ type = \"nosuch\", value = \"x\" }]\n":                    `"name" "tag" "label" "resource"`,
		push + "filters = [{ type = \"tag\" }]\n":                                      "needs `value`",
		push + "filters = [{ type = \"label\", value = \"prod\" }]\n":                  "needs `values`",
		push + "filters = [{ type = \"tag\", value = \"x\", values = [\"y\"] }]\n":     "has its value in `value`",
		push + "filters = [{ type = \"resource\", value = \"chart\" }]\n":              `takes "image" or "artifact", not "chart"`,
		push + "filters = [{ type = \"tag\", value = \"x\", decoration = \"not\" }]\n": `"matches" "excludes"`,
		push + "dest_namespace = \"Bad NS\"\n":                                         "must be lower case letters and digits",
		push + "dest_namespace_replace_count = 200\n":                                  "between -1 and 127",
		push + "speed = -1\n": "speed",
		push + "trigger = { type = \"event_based\" }\n single_active_replication = true\n": "Harbor refuses `single_active_replication`",
		push + "filters = []\n": "at least 1",
		"src_registry_id = 0\n trigger = { type = \"event_based\" }\n": "src_registry_id value must be at least 1",
	})
}

func TestReplicationPolicyErrors(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	acctest.Run(t, sim,
		resource.TestStep{
			Config:      block + "resource \"onprem_harbor_replication_policy\" \"a\" {\n name = \"a\"\n src_registry_id = 999\n}\n",
			ExpectError: acctest.Says(`Unable to create onprem_harbor_replication_policy … answered 404: "registry 999 not found"`),
		},
		resource.TestStep{Config: block + barePolicy},
		resource.TestStep{
			Config:      block + barePolicy + strings.Replace(barePolicy[strings.Index(barePolicy, "resource \"onprem_harbor_repl"):], `"backup"`, `"again"`, 1),
			ExpectError: acctest.Says(`"replication policy dockerhub-backup already exists" … import it`),
		},
	)
}

func TestReplicationPolicyDataSource(t *testing.T) {
	t.Parallel()
	const address = "data.onprem_harbor_replication_policy.backup"
	sim, block := start(t)
	acctest.Run(t, sim,
		resource.TestStep{
			Config: block + fullPolicy + `
data "onprem_harbor_replication_policy" "backup" {
  name = onprem_harbor_replication_policy.backup.name
}
`,
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(address, "speed", knownvalue.Int64Exact(2048)),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("filters").AtSliceIndex(2).AtMapKey("values").AtSliceIndex(1), knownvalue.StringExact("lts")),
			},
		},
		resource.TestStep{
			Config:      block + "data \"onprem_harbor_replication_policy\" \"none\" {\n name = \"nope\"\n}\n",
			ExpectError: acctest.Says(`Unable to read onprem_harbor_replication_policy … no replication policy is named "nope"`),
		},
	)
}
