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

func TestProject(t *testing.T) {
	t.Parallel()
	const address = "onprem_harbor_project.team1"
	sim, block := start(t)
	steps := []resource.TestStep{
		{
			Config:           block + fullProject,
			ConfigPlanChecks: expect(address, plancheck.ResourceActionCreate),
			Check: viewed(sim, harborsim.Project, "team1-prod", map[string]any{
				"storage_limit": int64(107374182400),
				"metadata": map[string]any{
					"public": "true", "auto_scan": "true", "auto_sbom_generation": "true", "prevent_vul": "true", "severity": "high",
					"enable_content_trust": "true", "enable_content_trust_cosign": "true", "reuse_sys_cve_allowlist": "false",
				},
			}),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("project_id"), knownvalue.Int64Exact(2)),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("storage_limit"), knownvalue.Int64Exact(107374182400)),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("severity"), knownvalue.StringExact("high")),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("registry_id"), knownvalue.Null()),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("cve_allowlist").AtMapKey("expires_at"),
					knownvalue.StringExact("2030-06-30T09:00:00+09:00")),
			},
		},
		{
			ResourceName: address, ImportState: true, ImportStateId: "team1-prod", ImportStateVerify: true,
			ImportStateVerifyIdentifierAttribute: "name",
			// The same moment, in the zone that Harbor knows.
			ImportStateVerifyIgnore: []string{"cve_allowlist.expires_at"},
		},
	}
	steps = append(steps, drift(t, sim, harborsim.Project, "team1-prod", address, block+fullProject, map[string]any{
		"public": "false", "auto_scan": "false", "auto_sbom_generation": nil, "prevent_vul": "FALSE", "severity": "low",
		"enable_content_trust": nil, "enable_content_trust_cosign": "false", "reuse_sys_cve_allowlist": "true", "storage_limit": 5,
		"cve_allowlist": map[string]any{"items": []any{map[string]any{"cve_id": "CVE-2026-1111"}}, "expires_at": 1909180800},
	}))
	steps = append(steps,
		resource.TestStep{ // what leaves the configuration leaves the server
			Config:           block + bareProject,
			ConfigPlanChecks: expect(address, plancheck.ResourceActionUpdate),
			Check: viewed(sim, harborsim.Project, "team1-prod", map[string]any{
				"metadata": map[string]any{"public": "false"}, "storage_limit": -1,
			}),
		},
		resource.TestStep{ // set where nothing is configured
			PreConfig: func() {
				if err := sim.Edit(harborsim.Project, "team1-prod", map[string]any{"auto_scan": "true"}); err != nil {
					t.Fatal(err)
				}
			},
			Config: block + bareProject, ConfigPlanChecks: expect(address, plancheck.ResourceActionUpdate),
		},
		resource.TestStep{ // Harbor's pages write every flag when they save one
			PreConfig: func() {
				if err := sim.Edit(harborsim.Project, "team1-prod", map[string]any{"auto_scan": "false", "prevent_vul": "false"}); err != nil {
					t.Fatal(err)
				}
			},
			Config: block + bareProject, ConfigPlanChecks: expect(address, plancheck.ResourceActionNoop),
		},
		resource.TestStep{ // gone behind Terraform's back
			PreConfig: func() { sim.Forget(harborsim.Project, "team1-prod") },
			Config:    block + bareProject, ConfigPlanChecks: expect(address, plancheck.ResourceActionCreate),
		},
		resource.TestStep{
			Config:           block + strings.ReplaceAll(bareProject, "team1-prod", "team1-production"),
			ConfigPlanChecks: expect(address, plancheck.ResourceActionReplace),
		},
	)
	live(t, sim, steps...)
}

func TestProjectImportByIdentity(t *testing.T) {
	t.Parallel()
	_, block := start(t)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories, TerraformVersionChecks: acctest.WithIdentity,
		Steps: []resource.TestStep{
			{Config: block + bareProject, ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectIdentityValue("onprem_harbor_project.team1", tfjsonpath.New("name"), knownvalue.StringExact("team1-prod")),
			}},
			{ResourceName: "onprem_harbor_project.team1", ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		},
	})
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
	live(t, sim,
		resource.TestStep{
			Config: block + config("  proxy_speed_kb = 1024\n  max_upstream_conn = 5\n  proxy_cache_local_on_not_found = true\n"),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("proxy_speed_kb"), knownvalue.Int64Exact(1024)),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("max_upstream_conn"), knownvalue.Int64Exact(5)),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("proxy_cache_local_on_not_found"), knownvalue.Bool(true)),
			},
		},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateId: "cached-images", ImportStateVerify: true,
			ImportStateVerifyIdentifierAttribute: "name",
		},
		resource.TestStep{
			Config: block + config("  proxy_speed_kb = -1\n"), ConfigPlanChecks: expect(address, plancheck.ResourceActionUpdate),
			Check: func() resource.TestCheckFunc {
				// The retention policy that Harbor gives a proxy cache stays its own.
				return viewed(sim, harborsim.Project, "cached-images", map[string]any{"metadata": map[string]any{
					"public": "true", "proxy_speed_kb": "-1", "retention_id": "1",
				}})
			}(),
		},
	)
}

func TestProjectOlderHarbor(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	live(t, sim, resource.TestStep{
		Config: block + `
resource "onprem_harbor_project" "cached" {
  name              = "cached-images"
  registry_id       = 1
  max_upstream_conn = 5
}
`,
		ExpectError: says("max_upstream_conn needs Harbor 2.15, and this one is v2.13"),
	})
}

func TestProjectRefusesAtPlan(t *testing.T) {
	t.Parallel()
	refuses(t, "onprem_harbor_project", map[string]wrong{
		"upper case":           {`name = "Team1"`, "lower case letters and digits"},
		"two dashes":           {`name = "team1--prod"`, "lower case letters and digits"},
		"leading dash":         {`name = "-team1"`, "lower case letters and digits"},
		"empty name":           {`name = ""`, `between 1 and 255`},
		"too long":             {fmt.Sprintf("name = %q", strings.Repeat("a", 256)), `between 1 and 255`},
		"severity":             {"name = \"a\"\n severity = \"High\"", `"none" "low" "medium" "high" "critical"`},
		"quota of nothing":     {"name = \"a\"\n storage_limit = 0", `storage_limit`},
		"quota below":          {"name = \"a\"\n storage_limit = -2", `storage_limit`},
		"quota above":          {"name = \"a\"\n storage_limit = 1125899906842625", `storage_limit`},
		"speed without proxy":  {"name = \"a\"\n proxy_speed_kb = 5", `"registry_id" must be specified`},
		"trust for a proxy":    {"name = \"a\"\n registry_id = 1\n enable_content_trust = true", `enable_content_trust`},
		"registry zero":        {"name = \"a\"\n registry_id = 0", `registry_id`},
		"empty allowlist":      {"name = \"a\"\n cve_allowlist = { items = [] }", `at least 1`},
		"expiry is no time":    {"name = \"a\"\n cve_allowlist = { items = [\"CVE-1\"], expires_at = \"soon\" }", `RFC3339`},
		"expiry with fraction": {"name = \"a\"\n cve_allowlist = { items = [\"CVE-1\"], expires_at = \"2030-01-01T00:00:00.5Z\" }", `whole seconds`},
	})
}

func TestProjectErrors(t *testing.T) {
	t.Parallel()
	project := "resource \"onprem_harbor_project\" \"a\" {\n name = \"team1-dev\"\n %s\n}\n"
	t.Run("holds repositories", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t)
		live(t, sim,
			resource.TestStep{Config: block + fmt.Sprintf(project, "")},
			resource.TestStep{
				PreConfig: func() { sim.Push("team1-dev", "app") }, Config: block,
				ExpectError: says("Unable to delete onprem_harbor_project", "harbor answered 412", "contains repositories", "Delete them first"),
			},
			resource.TestStep{PreConfig: func() { sim.Unpush("team1-dev", "app") }, Config: block},
		)
	})
	t.Run("exists", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t)
		live(t, sim, resource.TestStep{
			Config:      block + strings.ReplaceAll(fmt.Sprintf(project, ""), "team1-dev", "library"),
			ExpectError: says(`answered 409: "The project named library already exists"`, "import it"),
		})
	})
	t.Run("no administrator", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t)
		sim.AddUser("ops", "Passw0rd-ops")
		block = strings.NewReplacer(`"admin"`, `"ops"`, "Harbor12345", "Passw0rd-ops").Replace(block)
		resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories, Steps: []resource.TestStep{
			{
				Config:      block + fmt.Sprintf(project, "storage_limit = 1000"),
				ExpectError: says("storage quota was not set as asked", "only from a system administrator"),
			},
			{Config: block + fmt.Sprintf(project, "")},
			{ // gone, but Harbor says forbidden: it must stay in state
				PreConfig: func() { sim.Forget(harborsim.Project, "team1-dev") }, Config: block + fmt.Sprintf(project, ""),
				ExpectError: says(`answered 403: "forbidden"`, "may not do this"),
			},
			{PreConfig: func() { sim.AddProject("team1-dev", "ops") }, Config: block},
		}})
	})
	t.Run("wrong password", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t)
		live(t, sim, resource.TestStep{
			Config:      strings.Replace(block, "Harbor12345", "Wrong-12345", 1) + fmt.Sprintf(project, ""),
			ExpectError: says("the user name or the password is wrong", "Check `username` and `password`"),
		})
	})
	t.Run("quotas off", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t)
		sim.Configure("quota_per_project_enable", false)
		live(t, sim, resource.TestStep{
			Config:      block + fmt.Sprintf(project, "storage_limit = 1000"),
			ExpectError: says("quota_per_project_enable"),
		})
	})
}

func TestProjectDataSource(t *testing.T) {
	t.Parallel()
	const address = "data.onprem_harbor_project.team1"
	_, block := start(t)
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories, Steps: []resource.TestStep{
		{
			Config: block + fullProject + `
data "onprem_harbor_project" "team1" {
  name = onprem_harbor_project.team1.name
}
`,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("storage_limit"), knownvalue.Int64Exact(107374182400)),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("severity"), knownvalue.StringExact("high")),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("owner_name"), knownvalue.StringExact("admin")),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("cve_allowlist").AtMapKey("items"), knownvalue.SetSizeExact(2)),
			},
		},
		{
			Config:      block + "data \"onprem_harbor_project\" \"none\" {\n name = \"nope\"\n}\n",
			ExpectError: says("Unable to read onprem_harbor_project", "project nope not found"),
		},
	}})
}
