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

func TestReplicationPolicy(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	steps := []resource.TestStep{
		{
			Config: block + fullPolicy, ConfigPlanChecks: expect(backup, plancheck.ResourceActionCreate),
			Check: viewed(sim, harborsim.ReplicationPolicy, "dockerhub-backup", map[string]any{
				"dest_namespace": "company-backup", "dest_namespace_replace_count": 1, "enabled": true, "override": true, "deletion": true,
				"speed": 2048, "copy_by_chunk": true, "trigger": map[string]any{"type": "event_based"},
				"filters": []any{
					map[string]any{"type": "name", "value": "team1-prod/**"},
					map[string]any{"type": "tag", "value": "{v*.*.*,latest}", "decoration": "matches"},
					map[string]any{"type": "label", "value": []any{"prod", "lts"}, "decoration": "excludes"},
					map[string]any{"type": "resource", "value": "image"},
				},
			}),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(backup, tfjsonpath.New("id"), knownvalue.Int64Exact(1)),
				statecheck.ExpectKnownValue(backup, tfjsonpath.New("src_registry_id"), knownvalue.Null()),
				statecheck.ExpectKnownValue(backup, tfjsonpath.New("filters"), knownvalue.ListSizeExact(4)),
			},
		},
		{ResourceName: backup, ImportState: true, ImportStateIdFunc: acctest.ImportID(backup, "id"), ImportStateVerify: true},
		{ResourceName: backup, ImportState: true, ImportStateId: "dockerhub-backup", ImportStateVerify: true},
	}
	steps = append(steps, drift(t, sim, harborsim.ReplicationPolicy, "dockerhub-backup", backup, block+fullPolicy, map[string]any{
		"description": "changed", "dest_namespace": "elsewhere", "dest_namespace_replace_count": 0, "enabled": false, "override": false,
		"deletion": false, "speed": 1, "copy_by_chunk": false,
		"trigger": map[string]any{"type": "manual"},
		"filters": []any{map[string]any{"type": "name", "value": "**"}},
	}))
	steps = append(steps,
		resource.TestStep{ // push becomes pull, in place
			Config: block + scheduledPolicy, ConfigPlanChecks: expect(backup, plancheck.ResourceActionUpdate),
			Check: viewed(sim, harborsim.ReplicationPolicy, "dockerhub-backup", map[string]any{
				"enabled": nil, "filters": nil, "dest_namespace": nil, "dest_namespace_replace_count": -1, "description": nil,
				"trigger": map[string]any{"type": "scheduled", "trigger_settings": map[string]any{"cron": "0 0 2 * * 0"}},
			}),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(backup, tfjsonpath.New("dest_registry_id"), knownvalue.Null()),
				statecheck.ExpectKnownValue(backup, tfjsonpath.New("src_registry_id"), knownvalue.Int64Exact(1)),
			},
		},
		resource.TestStep{ // a cron left in a manual trigger is no difference
			Config: block + strings.Replace(scheduledPolicy, `"scheduled", cron = "0 0 2 * * 0"`, `"manual"`, 1),
		},
		resource.TestStep{
			PreConfig: func() {
				edit := map[string]any{"trigger": map[string]any{"type": "manual", "trigger_settings": map[string]any{"cron": "0 0 3 * * *"}}}
				if err := sim.Edit(harborsim.ReplicationPolicy, "dockerhub-backup", edit); err != nil {
					t.Fatal(err)
				}
			},
			Config:           block + strings.Replace(scheduledPolicy, `"scheduled", cron = "0 0 2 * * 0"`, `"manual"`, 1),
			ConfigPlanChecks: expect(backup, plancheck.ResourceActionNoop),
		},
		resource.TestStep{
			Config: block + barePolicy,
			Check:  viewed(sim, harborsim.ReplicationPolicy, "dockerhub-backup", map[string]any{"trigger": nil, "enabled": true}),
		},
		resource.TestStep{
			PreConfig: func() { sim.Forget(harborsim.ReplicationPolicy, "dockerhub-backup") },
			Config:    block + barePolicy, ConfigPlanChecks: expect(backup, plancheck.ResourceActionCreate),
		},
		resource.TestStep{ // renamed, in place
			Config:           block + strings.Replace(barePolicy, "dockerhub-backup", "hub-backup", 1),
			ConfigPlanChecks: expect(backup, plancheck.ResourceActionUpdate),
		},
	)
	live(t, sim, steps...)
}

func TestReplicationPolicyImportByIdentity(t *testing.T) {
	t.Parallel()
	_, block := start(t)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories, TerraformVersionChecks: acctest.WithIdentity,
		Steps: []resource.TestStep{
			{Config: block + barePolicy},
			{ResourceName: backup, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		},
	})
}

func TestReplicationPolicySingleActive(t *testing.T) {
	t.Parallel()
	config := policyConfig("  dest_registry_id = onprem_harbor_registry.dockerhub.id\n  single_active_replication = true\n")
	t.Run("2.15", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t, harborsim.Version215())
		has := func(want any) resource.TestCheckFunc {
			return viewed(sim, harborsim.ReplicationPolicy, "dockerhub-backup", map[string]any{"single_active_replication": want})
		}
		other := strings.Replace(config, "single_active", "override = true\n  single_active", 1)
		live(t, sim,
			resource.TestStep{Config: block + config, Check: has(true)},
			resource.TestStep{Config: block + other, Check: has(true)},
			drift(t, sim, harborsim.ReplicationPolicy, "dockerhub-backup", backup, block+other, map[string]any{"single_active_replication": false}),
			resource.TestStep{Config: block + barePolicy, Check: has(false)},
		)
	})
	t.Run("2.13", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t)
		live(t, sim, resource.TestStep{Config: block + config, ExpectError: says("single_active_replication needs Harbor 2.15, and this one is v2.13")})
	})
}

func TestReplicationPolicyRefusesAtPlan(t *testing.T) {
	t.Parallel()
	const push = "dest_registry_id = 1\n"
	scheduled := func(cron string) string {
		return push + fmt.Sprintf("trigger = { type = \"scheduled\", cron = %q }\n", cron)
	}
	refuses(t, "onprem_harbor_replication_policy", map[string]wrong{
		"no registry":         {"name = \"a\"\n" + "", "when one (and only one) of [src_registry_id,dest_registry_id] is required"},
		"two registries":      {"name = \"a\"\n" + push + "src_registry_id = 2\n", "when one (and only one) of [src_registry_id,dest_registry_id] is required"},
		"five fields":         {"name = \"a\"\n" + scheduled("0 2 * * *"), `has five fields, and Harbor wants six`},
		"seven fields":        {"name = \"a\"\n" + scheduled("0 0 2 * * * *"), "is not a schedule of six fields"},
		"macro":               {"name = \"a\"\n" + scheduled("@daily"), "is not a schedule of six fields"},
		"seconds":             {"name = \"a\"\n" + scheduled("30 0 2 * * *"), "the second, which Harbor takes only as"},
		"seconds written 00":  {"name = \"a\"\n" + scheduled("00 0 2 * * *"), "the second, which Harbor takes only as"},
		"every minute":        {"name = \"a\"\n" + scheduled("0 * 2 * * *"), "the minute, for which Harbor refuses"},
		"hour 24":             {"name = \"a\"\n" + scheduled("0 0 24 * * *"), "above maximum (23)"},
		"no cron":             {"name = \"a\"\n" + push + "trigger = { type = \"scheduled\" }\n", "needs `cron`"},
		"cron without use":    {"name = \"a\"\n" + push + "trigger = { type = \"manual\", cron = \"0 0 2 * * *\" }\n", "has no schedule. Remove `cron`"},
		"trigger":             {"name = \"a\"\n" + push + "trigger = { type = \"hourly\" }\n", `"manual" "scheduled" "event_based"`},
		"filter type":         {"name = \"a\"\n" + push + "filters = [{ type = \"nosuch\", value = \"x\" }]\n", `"name" "tag" "label" "resource"`},
		"filter without":      {"name = \"a\"\n" + push + "filters = [{ type = \"tag\" }]\n", "needs `value`"},
		"label with text":     {"name = \"a\"\n" + push + "filters = [{ type = \"label\", value = \"prod\" }]\n", "needs `values`"},
		"tag with list":       {"name = \"a\"\n" + push + "filters = [{ type = \"tag\", value = \"x\", values = [\"y\"] }]\n", "has its value in `value`"},
		"resource":            {"name = \"a\"\n" + push + "filters = [{ type = \"resource\", value = \"chart\" }]\n", `takes "image" or "artifact", not "chart"`},
		"decoration":          {"name = \"a\"\n" + push + "filters = [{ type = \"tag\", value = \"x\", decoration = \"not\" }]\n", `"matches" "excludes"`},
		"namespace":           {"name = \"a\"\n" + push + "dest_namespace = \"Bad NS\"\n", "must be lower case letters and digits"},
		"replace count":       {"name = \"a\"\n" + push + "dest_namespace_replace_count = 200\n", "between -1 and 127"},
		"speed":               {"name = \"a\"\n" + push + "speed = -1\n", "speed"},
		"single event":        {"name = \"a\"\n" + push + "trigger = { type = \"event_based\" }\n single_active_replication = true\n", "Harbor refuses `single_active_replication`"},
		"no filters":          {"name = \"a\"\n" + push + "filters = []\n", "at least 1"},
		"event based pulling": {"name = \"a\"\n" + "src_registry_id = 0\n trigger = { type = \"event_based\" }\n", "src_registry_id value must be at least 1"},
	})
}

func TestReplicationPolicyErrors(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	live(t, sim,
		resource.TestStep{
			Config:      block + "resource \"onprem_harbor_replication_policy\" \"a\" {\n name = \"a\"\n src_registry_id = 999\n}\n",
			ExpectError: says("Unable to create onprem_harbor_replication_policy", `answered 404: "registry 999 not found"`),
		},
		resource.TestStep{Config: block + barePolicy},
		resource.TestStep{
			Config:      block + barePolicy + strings.Replace(barePolicy[strings.Index(barePolicy, "resource \"onprem_harbor_repl"):], `"backup"`, `"again"`, 1),
			ExpectError: says(`"replication policy dockerhub-backup already exists"`, "import it"),
		},
	)
}

func TestReplicationPolicyDataSource(t *testing.T) {
	t.Parallel()
	const address = "data.onprem_harbor_replication_policy.backup"
	_, block := start(t)
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories, Steps: []resource.TestStep{
		{
			Config: block + fullPolicy + `
data "onprem_harbor_replication_policy" "backup" {
  name = onprem_harbor_replication_policy.backup.name
}
`,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("speed"), knownvalue.Int64Exact(2048)),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("filters").AtSliceIndex(2).AtMapKey("values").AtSliceIndex(1), knownvalue.StringExact("lts")),
			},
		},
		{
			Config:      block + "data \"onprem_harbor_replication_policy\" \"none\" {\n name = \"nope\"\n}\n",
			ExpectError: says("Unable to read onprem_harbor_replication_policy", `no replication policy is named "nope"`),
		},
	}})
}
