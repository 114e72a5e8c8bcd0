package harbor_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
)

const (
	dockerhub = "onprem_harbor_registry.dockerhub"

	firstSecret  = "Fake-Secret-One-1"
	secondSecret = "Fake-Secret-Two-2"
)

func fullRegistry(secret string, version int) string {
	return fmt.Sprintf(`
resource "onprem_harbor_registry" "dockerhub" {
  name        = "dockerhub"
  description = "Backup of released images"
  type        = "docker-hub"
  url         = "https://hub.docker.com/"
  insecure    = true
  access_key  = "company-backup"

  access_secret_wo         = %q
  access_secret_wo_version = %d
}
`, secret, version)
}

const bareRegistry = `
resource "onprem_harbor_registry" "dockerhub" {
  name = "dockerhub"
  type = "docker-hub"
  url  = "https://hub.docker.com"
}
`

func holds(sim *harborsim.Server, secret string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if have := sim.RegistrySecret("dockerhub"); have != secret {
			return fmt.Errorf("Harbor holds %q as the secret, want %q", have, secret)
		}
		return nil
	}
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	first := block + fullRegistry(firstSecret, 1)
	steps := []resource.TestStep{
		{
			Config: first, ConfigPlanChecks: expect(dockerhub, plancheck.ResourceActionCreate),
			Check: resource.ComposeTestCheckFunc(
				viewed(sim, harborsim.Registry, "dockerhub", map[string]any{
					"url": "https://hub.docker.com", "insecure": true, "type": "docker-hub", "description": "Backup of released images",
				}),
				holds(sim, firstSecret),
				acctest.NoSecrets(t, firstSecret, "*****"),
			),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(dockerhub, tfjsonpath.New("id"), knownvalue.Int64Exact(1)),
				statecheck.ExpectKnownValue(dockerhub, tfjsonpath.New("url"), knownvalue.StringExact("https://hub.docker.com/")),
				statecheck.ExpectKnownValue(dockerhub, tfjsonpath.New("access_key"), knownvalue.StringExact("company-backup")),
				statecheck.ExpectKnownValue(dockerhub, tfjsonpath.New("access_secret_wo"), knownvalue.Null()),
			},
		},
		{
			ResourceName: dockerhub, ImportState: true, ImportStateIdFunc: acctest.ImportID(dockerhub, "id"), ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{"access_secret_wo_version", "url"},
		},
		{
			ResourceName: dockerhub, ImportState: true, ImportStateId: "dockerhub", ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{"access_secret_wo_version", "url"},
		},
		{ // an update of the rest does not touch the secret
			Config:           strings.ReplaceAll(first, "released images", "images"),
			ConfigPlanChecks: expect(dockerhub, plancheck.ResourceActionUpdate), Check: holds(sim, firstSecret),
		},
		{
			Config: block + fullRegistry(secondSecret, 2), ConfigPlanChecks: expect(dockerhub, plancheck.ResourceActionUpdate),
			Check: holds(sim, secondSecret),
		},
		{ // the same version: the secret is not looked at
			Config: block + fullRegistry(firstSecret, 2), ConfigPlanChecks: expect(dockerhub, plancheck.ResourceActionNoop),
		},
	}
	steps = append(steps, drift(t, sim, harborsim.Registry, "dockerhub", dockerhub, block+fullRegistry(secondSecret, 2), map[string]any{
		"description": "changed", "insecure": false, "url": "https://registry-1.docker.io",
	}))
	steps = append(steps,
		resource.TestStep{ // the credential is taken away: key and secret come back
			PreConfig: func() {
				if err := sim.Edit(harborsim.Registry, "dockerhub", map[string]any{"access_key": "", "secret": ""}); err != nil {
					t.Fatal(err)
				}
			},
			Config: block + fullRegistry(secondSecret, 2), ConfigPlanChecks: expect(dockerhub, plancheck.ResourceActionUpdate),
			Check: holds(sim, secondSecret),
		},
		resource.TestStep{ // renamed behind Terraform's back: found by its id
			PreConfig: func() {
				if err := sim.Edit(harborsim.Registry, "dockerhub", map[string]any{"name": "hub"}); err != nil {
					t.Fatal(err)
				}
			},
			Config: block + fullRegistry(secondSecret, 2), ConfigPlanChecks: expect(dockerhub, plancheck.ResourceActionUpdate),
		},
		resource.TestStep{ // what leaves the configuration leaves the server
			Config: block + bareRegistry, ConfigPlanChecks: expect(dockerhub, plancheck.ResourceActionUpdate),
			Check: resource.ComposeTestCheckFunc(holds(sim, ""),
				viewed(sim, harborsim.Registry, "dockerhub", map[string]any{"credential": map[string]any{}, "insecure": nil, "description": nil})),
		},
		resource.TestStep{
			Config:           block + strings.Replace(bareRegistry, "docker-hub", "docker-registry", 1),
			ConfigPlanChecks: expect(dockerhub, plancheck.ResourceActionDestroyBeforeCreate),
		},
		resource.TestStep{
			PreConfig: func() { sim.Forget(harborsim.Registry, "dockerhub") },
			Config:    block + bareRegistry, ConfigPlanChecks: expect(dockerhub, plancheck.ResourceActionCreate),
		},
	)
	live(t, sim, steps...)
}

// A registry without a credential has no type of one either: it goes along with
// the first access key.
func TestRegistryAccessKeyAlone(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	live(t, sim,
		resource.TestStep{Config: block + bareRegistry},
		resource.TestStep{
			Config:           block + strings.Replace(bareRegistry, "}", "  access_key = \"company-backup\"\n}", 1),
			ConfigPlanChecks: expect(dockerhub, plancheck.ResourceActionUpdate),
			Check: viewed(sim, harborsim.Registry, "dockerhub", map[string]any{
				"credential": map[string]any{"access_key": "company-backup", "access_secret": "*****", "type": "basic"},
			}),
		},
	)
}

func TestRegistryImportByIdentity(t *testing.T) {
	t.Parallel()
	_, block := start(t)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories, TerraformVersionChecks: acctest.WithIdentity,
		Steps: []resource.TestStep{
			{Config: block + bareRegistry},
			{ResourceName: dockerhub, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		},
	})
}

func TestRegistryCACertificate(t *testing.T) {
	t.Parallel()
	config := strings.Replace(bareRegistry, "}", "  ca_certificate = \"-----BEGIN CERTIFICATE-----\"\n}", 1)
	t.Run("2.15", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t, harborsim.Version215())
		live(t, sim,
			resource.TestStep{Config: block + config},
			drift(t, sim, harborsim.Registry, "dockerhub", dockerhub, block+config, map[string]any{"ca_certificate": "other"}),
			resource.TestStep{
				Config: block + bareRegistry,
				Check:  viewed(sim, harborsim.Registry, "dockerhub", map[string]any{"ca_certificate": nil}),
			},
		)
	})
	t.Run("2.13", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t)
		live(t, sim, resource.TestStep{Config: block + config, ExpectError: says("ca_certificate needs Harbor 2.15")})
	})
}

func TestRegistryErrors(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	sim.Unreachable("https://down.example.internal")
	live(t, sim,
		resource.TestStep{
			Config:      block + strings.Replace(bareRegistry, "hub.docker.com", "down.example.internal", 1),
			ExpectError: says(`answered 400: "the registry is unhealthy"`, "Before it saves a registry Harbor connects to it"),
		},
		resource.TestStep{Config: block + bareRegistry},
		resource.TestStep{ // a new version without a secret
			Config:      block + strings.Replace(bareRegistry, "}", "  access_secret_wo_version = 1\n}", 1),
			ExpectError: says("`access_secret_wo_version` is new or has changed, and there is no `access_secret_wo`"),
		},
		resource.TestStep{
			Config: block + bareRegistry + `
resource "onprem_harbor_registry" "again" {
  name = "dockerhub"
  type = "docker-hub"
  url  = "https://hub.docker.com"
}
`,
			ExpectError: says(`"registry dockerhub already exists"`, "import it"),
		},
		resource.TestStep{
			PreConfig: func() { sim.AddProxy("cached-images", "dockerhub") }, Config: block,
			ExpectError: says("Unable to delete onprem_harbor_registry", "answered 412", "referenced by proxy cache project", "Delete the replication policies"),
		},
		resource.TestStep{PreConfig: func() { sim.Forget(harborsim.Project, "cached-images") }, Config: block},
		resource.TestStep{
			Config: block + bareRegistry, ImportState: true, ResourceName: dockerhub, ImportStateId: "nope",
			ExpectError: says("Unable to import onprem_harbor_registry", `no registry is named "nope"`),
		},
	)
}

func TestRegistryRefusesAtPlan(t *testing.T) {
	t.Parallel()
	registry := func(name, kind, url, more string) string {
		return fmt.Sprintf("name = %q\ntype = %q\nurl = %q\n%s", name, kind, url, more)
	}
	const kind, url = "docker-registry", "http://legacy-registry.internal:5000"
	refuses(t, "onprem_harbor_registry", map[string]wrong{
		"type":                   {registry("a", "dockerhub", url, ""), "type value must be one of"},
		"name too long":          {registry(strings.Repeat("n", 65), kind, url, ""), "between 1 and 64"},
		"empty name":             {registry("", kind, url, ""), "between 1 and 64"},
		"url without a scheme":   {registry("a", kind, "legacy-registry.internal:5000", ""), "want http:// or https:// and a host"},
		"empty description":      {registry("a", kind, url, `description = ""`), "at least 1"},
		"secret without version": {registry("a", kind, url, `access_secret_wo = "x"`), `"access_secret_wo_version" must be specified`},
		"the mask as a secret":   {registry("a", kind, url, "access_secret_wo = \"*****\"\naccess_secret_wo_version = 1"), "access_secret_wo"},
		"credential type":        {registry("a", kind, url, `credential_type = "docker-hub"`), "credential_type value must be one of"},
	})
}

func TestRegistryDataSource(t *testing.T) {
	t.Parallel()
	const address = "data.onprem_harbor_registry.dockerhub"
	_, block := start(t)
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories, Steps: []resource.TestStep{
		{
			Config: block + fullRegistry(firstSecret, 1) + `
data "onprem_harbor_registry" "dockerhub" {
  name = onprem_harbor_registry.dockerhub.name
}
`,
			Check: acctest.NoSecrets(t, firstSecret, "*****"),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.CompareValuePairs(address, tfjsonpath.New("id"), dockerhub, tfjsonpath.New("id"), compare.ValuesSame()),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("status"), knownvalue.StringExact("healthy")),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("access_key"), knownvalue.StringExact("company-backup")),
			},
		},
		{
			Config:      block + "data \"onprem_harbor_registry\" \"none\" {\n name = \"docker\"\n}\n",
			ExpectError: says("Unable to read onprem_harbor_registry", `no registry is named "docker"`),
		},
	}})
}
