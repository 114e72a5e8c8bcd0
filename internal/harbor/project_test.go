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

const fullProject = `
resource "onprem_harbor_project" "team1" {
  name                        = "team1-prod"
  public                      = true
  storage_limit               = 107374182400
  auto_scan                   = true
  auto_sbom_generation        = true
  prevent_vul                 = true
  severity                    = "high"
  enable_content_trust        = true
  enable_content_trust_cosign = true
  reuse_sys_cve_allowlist     = false

  cve_allowlist = {
    items      = ["CVE-2026-1111", "CVE-2026-0002"]
    expires_at = "2030-06-30T09:00:00+09:00"
  }
}
`

const bareProject = `
resource "onprem_harbor_project" "team1" {
  name = "team1-prod"
}
`

func projectLife(sim *harborsim.Server, block string) acctest.Life {
	return acctest.Life{
		System: sim, Kind: harborsim.Project, Name: "team1-prod", Address: "onprem_harbor_project.team1",
		Block: block, Full: fullProject, Bare: bareProject, Replaced: strings.ReplaceAll(bareProject, "team1-prod", "team1-production"),
		Stored: acctest.Fields{
			"project_id": 2, "storage_limit": 107374182400,
			"metadata": map[string]any{
				"public": "true", "auto_scan": "true", "auto_sbom_generation": "true", "prevent_vul": "true", "severity": "high",
				"enable_content_trust": "true", "enable_content_trust_cosign": "true", "reuse_sys_cve_allowlist": "false",
			},
		},
		Stripped: acctest.Fields{"metadata": map[string]any{"public": "false"}, "storage_limit": -1},
		Drift: []acctest.Fields{{
			"public": "false", "auto_scan": "false", "auto_sbom_generation": nil, "prevent_vul": "FALSE", "severity": "low",
			"enable_content_trust": nil, "enable_content_trust_cosign": "false", "reuse_sys_cve_allowlist": "true", "storage_limit": 5,
			"cve_allowlist": map[string]any{"items": []any{map[string]any{"cve_id": "CVE-2026-1111"}}, "expires_at": 1909180800},
		}},
		Steady: map[string]string{
			"name": "Harbor has no way to rename", "registry_id": "Harbor never changes it",
			"proxy_speed_kb": proxyOnly, "max_upstream_conn": proxyOnly, "proxy_cache_local_on_not_found": proxyOnly,
		},
		Identity: []string{"name"},
		Unread:   []string{"cve_allowlist.expires_at"}, // the same moment, in the zone that Harbor knows
	}
}

const proxyOnly = "of proxy caches: TestProjectProxyCache"

func TestProject(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	life := projectLife(sim, block)
	edited := func(changes acctest.Fields) func() {
		return acctest.Edit(t, sim, harborsim.Project, "team1-production", changes)
	}
	life.Run(t,
		resource.TestStep{ // set where nothing is configured
			PreConfig: edited(acctest.Fields{"auto_scan": "true"}),
			Config:    block + life.Replaced, ConfigPlanChecks: acctest.Action(life.Address, plancheck.ResourceActionUpdate),
		},
		resource.TestStep{ // Harbor's pages write every flag when they save one
			PreConfig: edited(acctest.Fields{"auto_scan": "false", "prevent_vul": "false"}),
			Config:    block + life.Replaced, ConfigPlanChecks: acctest.Action(life.Address, plancheck.ResourceActionNoop),
		},
	)
}

func TestProjectProxyCache(t *testing.T) {
	t.Parallel()
	const address = "onprem_harbor_project.cached"
	config := func(more string) string {
		return `
resource "onprem_harbor_registry" "dockerhub" {
  name = "dockerhub"
  type = "docker-hub"
  url  = "https://hub.docker.com"
}

resource "onprem_harbor_project" "cached" {
  name        = "cached-images"
  public      = true
  registry_id = onprem_harbor_registry.dockerhub.id
` + more + `}
`
	}
	sim, block := start(t, harborsim.Version215())
	full := config("  proxy_speed_kb = 1024\n  max_upstream_conn = 5\n  proxy_cache_local_on_not_found = true\n")
	cached := acctest.Life{System: sim, Kind: harborsim.Project, Name: "cached-images", Address: address, Block: block, Full: full}
	acctest.Run(t, sim,
		resource.TestStep{
			Config: block + full,
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(address, "proxy_speed_kb", knownvalue.Int64Exact(1024)),
				acctest.Is(address, "max_upstream_conn", knownvalue.Int64Exact(5)),
				acctest.Is(address, "proxy_cache_local_on_not_found", knownvalue.Bool(true)),
			},
		},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateId: "cached-images", ImportStateVerify: true,
			ImportStateVerifyIdentifierAttribute: "name",
		},
		cached.Drifts(t, acctest.Fields{"proxy_speed_kb": "5", "max_upstream_conn": "1", "proxy_cache_local_on_not_found": "false"},
			"proxy_speed_kb", "max_upstream_conn", "proxy_cache_local_on_not_found"),
		resource.TestStep{
			Config: block + config("  proxy_speed_kb = -1\n"), ConfigPlanChecks: acctest.Action(address, plancheck.ResourceActionUpdate),
			// The retention policy that Harbor gives a proxy cache stays its own.
			Check: acctest.Has(sim, harborsim.Project, "cached-images", acctest.Fields{"metadata": map[string]any{
				"public": "true", "proxy_speed_kb": "-1", "retention_id": "1",
			}}),
		},
	)
}

func TestProjectOlderHarbor(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	acctest.Run(t, sim, resource.TestStep{
		Config: block + `
resource "onprem_harbor_project" "cached" {
  name              = "cached-images"
  registry_id       = 1
  max_upstream_conn = 5
}
`,
		ExpectError: acctest.Says("max_upstream_conn needs Harbor 2.15, and this one is v2.13"),
	})
}

func TestProjectRefusesAtPlan(t *testing.T) {
	t.Parallel()
	acctest.Refuses(t, nowhere, "onprem_harbor_project", "", map[string]string{
		`name = "Team1"`:       "lower case letters and digits",
		`name = "team1--prod"`: "lower case letters and digits",
		`name = "-team1"`:      "lower case letters and digits",
		`name = ""`:            `between 1 and 255`,
		fmt.Sprintf("name = %q", strings.Repeat("a", 256)):                                                `between 1 and 255`,
		"name = \"a\"\n severity = \"High\"":                                                              `"none" "low" "medium" "high" "critical"`,
		"name = \"a\"\n storage_limit = 0":                                                                `storage_limit`,
		"name = \"a\"\n storage_limit = -2":                                                               `storage_limit`,
		"name = \"a\"\n storage_limit = 1125899906842625":                                                 `storage_limit`,
		"name = \"a\"\n proxy_speed_kb = 5":                                                               `"registry_id" must be specified`,
		"name = \"a\"\n registry_id = 1\n enable_content_trust = true":                                    `enable_content_trust`,
		"name = \"a\"\n registry_id = 0":                                                                  `registry_id`,
		"name = \"a\"\n cve_allowlist = { items = [] }":                                                   `at least 1`,
		"name = \"a\"\n cve_allowlist = { items = [\"CVE-1\"], expires_at = \"soon\" }":                   `RFC3339`,
		"name = \"a\"\n cve_allowlist = { items = [\"CVE-1\"], expires_at = \"2030-01-01T00:00:00.5Z\" }": `whole seconds`,
	})
}

func TestProjectErrors(t *testing.T) {
	t.Parallel()
	project := "resource \"onprem_harbor_project\" \"a\" {\n name = \"team1-dev\"\n %s\n}\n"
	t.Run("holds repositories", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t)
		acctest.Run(t, sim,
			resource.TestStep{Config: block + fmt.Sprintf(project, "")},
			resource.TestStep{
				PreConfig: func() { sim.Push("team1-dev", "app") }, Config: block,
				ExpectError: acctest.Says("Unable to delete onprem_harbor_project … harbor answered 412 … contains repositories … Delete them first"),
			},
			resource.TestStep{PreConfig: func() { sim.Unpush("team1-dev", "app") }, Config: block},
		)
	})
	t.Run("exists", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t)
		acctest.Run(t, sim, resource.TestStep{
			Config:      block + strings.ReplaceAll(fmt.Sprintf(project, ""), "team1-dev", "library"),
			ExpectError: acctest.Says(`answered 409: "The project named library already exists" … import it`),
		})
	})
	t.Run("no administrator", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t)
		sim.AddUser("ops", "Passw0rd-ops")
		block = strings.NewReplacer(`"admin"`, `"ops"`, "Harbor12345", "Passw0rd-ops").Replace(block)
		acctest.Run(t, sim,
			resource.TestStep{
				Config:      block + fmt.Sprintf(project, "storage_limit = 1000"),
				ExpectError: acctest.Says("storage quota was not set as asked … only from a system administrator"),
			},
			resource.TestStep{Config: block + fmt.Sprintf(project, "")},
			resource.TestStep{ // gone, but Harbor says forbidden: it must stay in state
				PreConfig: acctest.Forget(t, sim, harborsim.Project, "team1-dev"), Config: block + fmt.Sprintf(project, ""),
				ExpectError: acctest.Says(`answered 403: "forbidden" … may not do this`),
			},
			resource.TestStep{PreConfig: func() { sim.AddProject("team1-dev", "ops") }, Config: block},
		)
	})
	t.Run("wrong password", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t)
		acctest.Run(t, sim, resource.TestStep{
			Config:      strings.Replace(block, "Harbor12345", "Wrong-12345", 1) + fmt.Sprintf(project, ""),
			ExpectError: acctest.Says("the user name or the password is wrong … Check `username` and `password`"),
		})
	})
	t.Run("quotas off", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t)
		sim.Configure("quota_per_project_enable", false)
		acctest.Run(t, sim, resource.TestStep{
			Config:      block + fmt.Sprintf(project, "storage_limit = 1000"),
			ExpectError: acctest.Says("quota_per_project_enable"),
		})
	})
}

func TestProjectDataSource(t *testing.T) {
	t.Parallel()
	const address = "data.onprem_harbor_project.team1"
	sim, block := start(t)
	acctest.Run(t, sim,
		resource.TestStep{
			Config: block + fullProject + `
data "onprem_harbor_project" "team1" {
  name = onprem_harbor_project.team1.name
}
`,
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(address, "storage_limit", knownvalue.Int64Exact(107374182400)),
				acctest.Is(address, "severity", knownvalue.StringExact("high")),
				acctest.Is(address, "owner_name", knownvalue.StringExact("admin")),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("cve_allowlist").AtMapKey("items"), knownvalue.SetSizeExact(2)),
			},
		},
		resource.TestStep{
			Config:      block + "data \"onprem_harbor_project\" \"none\" {\n name = \"nope\"\n}\n",
			ExpectError: acctest.Says("Unable to read onprem_harbor_project … project nope not found"),
		},
	)
}
