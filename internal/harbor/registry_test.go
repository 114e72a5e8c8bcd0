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

func registryLife(sim *harborsim.Server, block string) acctest.Life {
	return acctest.Life{
		System: sim, Kind: harborsim.Registry, Name: "dockerhub", Address: dockerhub,
		Block: block, Full: fullRegistry(firstSecret, 1), Bare: bareRegistry, Replaced: strings.Replace(bareRegistry, "docker-hub", "docker-registry", 1),
		Stored: acctest.Fields{
			"id": 1, "url": "https://hub.docker.com", "insecure": true, "type": "docker-hub", "description": "Backup of released images",
		},
		Stripped: acctest.Fields{"credential": map[string]any{}, "insecure": nil, "description": nil},
		Drift: []acctest.Fields{
			{"description": "changed", "insecure": false, "url": "https://registry-1.docker.io", "credential_type": "oauth"},
			{"access_key": "", "secret": ""}, // the credential is taken away
			{"name": "hub"},                  // it is found by its id
		},
		Steady: map[string]string{
			"type":           "Harbor never changes it",
			"ca_certificate": "since Harbor 2.15: TestRegistryCACertificate",
		},
		Identity: []string{"id"}, ImportIDs: []string{"dockerhub"}, Unread: []string{"access_secret_wo_version", "url"},
	}
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	life := registryLife(sim, block)
	first := block + fullRegistry(firstSecret, 1)
	life.Run(t,
		resource.TestStep{
			Config: first, Check: resource.ComposeTestCheckFunc(holds(sim, firstSecret), acctest.NoSecrets(t, firstSecret, "*****")),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.Is(dockerhub, "url", knownvalue.StringExact("https://hub.docker.com/")),
				acctest.Is(dockerhub, "access_key", knownvalue.StringExact("company-backup")),
				acctest.Is(dockerhub, "access_secret_wo", knownvalue.Null()),
			},
		},
		resource.TestStep{ // an update of the rest does not touch the secret
			Config:           strings.ReplaceAll(first, "released images", "images"),
			ConfigPlanChecks: acctest.Action(dockerhub, plancheck.ResourceActionUpdate), Check: holds(sim, firstSecret),
		},
		resource.TestStep{
			Config: block + fullRegistry(secondSecret, 2), ConfigPlanChecks: acctest.Action(dockerhub, plancheck.ResourceActionUpdate),
			Check: holds(sim, secondSecret),
		},
		resource.TestStep{ // the same version: the secret is not looked at
			Config: block + fullRegistry(firstSecret, 2), ConfigPlanChecks: acctest.Action(dockerhub, plancheck.ResourceActionNoop),
		},
		resource.TestStep{ // key and secret come back
			PreConfig: acctest.Edit(t, sim, harborsim.Registry, "dockerhub", acctest.Fields{"access_key": "", "secret": ""}),
			Config:    block + fullRegistry(secondSecret, 2), Check: holds(sim, secondSecret),
		},
		resource.TestStep{Config: block + bareRegistry, Check: holds(sim, "")},
	)
}

// A stored secret does not follow to another host, scheme or port, but goes
// there with a new version. What a person points elsewhere by hand comes back.
func TestRegistrySecretStaysAtItsAddress(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	at := func(url, secret string, version int) string {
		return block + strings.ReplaceAll(fullRegistry(secret, version), "https://hub.docker.com/", url)
	}
	refused := func(url, from, to string) resource.TestStep {
		return resource.TestStep{
			Config:      at(url, firstSecret, 1),
			ExpectError: acctest.Says("with " + dockerhub + ", … `access_secret_wo` was given for " + from + ", and with this change it would be used at " + to + ", unasked: `access_secret_wo_version` is still 1"),
		}
	}
	const hub = "https://hub.docker.com:443"
	acctest.Run(t, sim,
		resource.TestStep{Config: at("https://hub.docker.com/", firstSecret, 1), Check: holds(sim, firstSecret)},
		refused("https://registry.example.com", hub, "https://registry.example.com:443"),
		refused("http://hub.docker.com", hub, "http://hub.docker.com:80"),
		refused("https://hub.docker.com:8443", hub, "https://hub.docker.com:8443"),
		resource.TestStep{Config: at("https://HUB.docker.com:443", firstSecret, 1), Check: holds(sim, firstSecret)}, // the same place
		resource.TestStep{
			PreConfig: acctest.Edit(t, sim, harborsim.Registry, "dockerhub", acctest.Fields{"url": "https://elsewhere.example.com"}),
			Config:    at("https://hub.docker.com/", firstSecret, 1), ConfigPlanChecks: acctest.Action(dockerhub, plancheck.ResourceActionUpdate),
			Check: acctest.Has(sim, harborsim.Registry, "dockerhub", acctest.Fields{"url": "https://hub.docker.com"}),
		},
		resource.TestStep{Config: at("https://registry.example.com", secondSecret, 2), Check: holds(sim, secondSecret)},
		resource.TestStep{ // what was unknown at plan is refused by the apply
			Config: strings.Replace(at("URL", secondSecret, 2), `"URL"`, "terraform_data.url.output", 1) +
				"\nresource \"terraform_data\" \"url\" {\n  input = \"https://hub.docker.com\"\n}\n",
			ExpectError: acctest.Says("`access_secret_wo` was given for https://registry.example.com:443, and … https://hub.docker.com:443, unasked"),
		},
		resource.TestStep{Config: at("https://registry.example.com", secondSecret, 2), Check: holds(sim, secondSecret)},
	)
}

// A registry without a credential has no type of one either: it goes along with
// the first access key.
func TestRegistryAccessKeyAlone(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	acctest.Run(t, sim,
		resource.TestStep{Config: block + bareRegistry},
		resource.TestStep{
			Config:           block + strings.Replace(bareRegistry, "}", "  access_key = \"company-backup\"\n}", 1),
			ConfigPlanChecks: acctest.Action(dockerhub, plancheck.ResourceActionUpdate),
			Check: acctest.Has(sim, harborsim.Registry, "dockerhub", acctest.Fields{
				"credential": map[string]any{"access_key": "company-backup", "access_secret": "*****", "type": "basic"},
			}),
		},
	)
}

func TestRegistryCACertificate(t *testing.T) {
	t.Parallel()
	config := strings.Replace(bareRegistry, "}", "  ca_certificate = \"-----BEGIN CERTIFICATE-----\"\n}", 1)
	t.Run("2.15", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t, harborsim.Version215())
		acctest.Run(t, sim,
			resource.TestStep{Config: block + config},
			acctest.Life{System: sim, Kind: harborsim.Registry, Name: "dockerhub", Address: dockerhub, Block: block, Full: config}.
				Drifts(t, acctest.Fields{"ca_certificate": "other"}, "ca_certificate"),
			resource.TestStep{
				Config: block + bareRegistry,
				Check:  acctest.Has(sim, harborsim.Registry, "dockerhub", acctest.Fields{"ca_certificate": nil}),
			},
		)
	})
	t.Run("2.13", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t)
		acctest.Run(t, sim, resource.TestStep{Config: block + config, ExpectError: acctest.Says("ca_certificate needs Harbor 2.15")})
	})
}

func TestRegistryErrors(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	sim.Unreachable("https://down.example.internal")
	acctest.Run(t, sim,
		resource.TestStep{
			Config:      block + strings.Replace(bareRegistry, "hub.docker.com", "down.example.internal", 1),
			ExpectError: acctest.Says(`answered 400: "the registry is unhealthy" … Before it saves a registry Harbor connects to it`),
		},
		resource.TestStep{Config: block + bareRegistry},
		resource.TestStep{ // a new version without a secret
			Config:      block + strings.Replace(bareRegistry, "}", "  access_secret_wo_version = 1\n}", 1),
			ExpectError: acctest.Says("`access_secret_wo_version` is new or has changed, and there is no `access_secret_wo`"),
		},
		resource.TestStep{
			Config: block + bareRegistry + `
resource "onprem_harbor_registry" "again" {
  name = "dockerhub"
  type = "docker-hub"
  url  = "https://hub.docker.com"
}
`,
			ExpectError: acctest.Says(`"registry dockerhub already exists" … import it`),
		},
		resource.TestStep{
			PreConfig: func() { sim.AddProxy("cached-images", "dockerhub") }, Config: block,
			ExpectError: acctest.Says("Unable to delete onprem_harbor_registry … answered 412 … referenced by proxy cache project … Delete the replication policies"),
		},
		resource.TestStep{PreConfig: acctest.Forget(t, sim, harborsim.Project, "cached-images"), Config: block},
		resource.TestStep{
			Config: block + bareRegistry, ImportState: true, ResourceName: dockerhub, ImportStateId: "nope",
			ExpectError: acctest.Says(`Unable to import onprem_harbor_registry … no registry is named "nope"`),
		},
	)
}

func TestRegistryRefusesAtPlan(t *testing.T) {
	t.Parallel()
	registry := func(name, kind, url, more string) string {
		return fmt.Sprintf("name = %q\ntype = %q\nurl = %q\n%s", name, kind, url, more)
	}
	const kind, url = "docker-registry", "http://legacy-registry.internal:5000"
	acctest.Refuses(t, nowhere, "onprem_harbor_registry", "", map[string]string{
		registry("a", "dockerhub", url, ""):                                                    "type value must be one of",
		registry(strings.Repeat("n", 65), kind, url, ""):                                       "between 1 and 64",
		registry("", kind, url, ""):                                                            "between 1 and 64",
		registry("a", kind, "legacy-registry.internal:5000", ""):                               "want http:// or https:// and a host",
		registry("a", kind, url, `description = ""`):                                           "at least 1",
		registry("a", kind, url, `access_secret_wo = "x"`):                                     `"access_secret_wo_version" must be specified`,
		registry("a", kind, url, "access_secret_wo = \"*****\"\naccess_secret_wo_version = 1"): "access_secret_wo",
		registry("a", kind, url, `credential_type = "docker-hub"`):                             "credential_type value must be one of",
	})
}

func TestRegistryDataSource(t *testing.T) {
	t.Parallel()
	const address = "data.onprem_harbor_registry.dockerhub"
	sim, block := start(t)
	acctest.Run(t, sim,
		resource.TestStep{
			Config: block + fullRegistry(firstSecret, 1) + `
data "onprem_harbor_registry" "dockerhub" {
  name = onprem_harbor_registry.dockerhub.name
}
`,
			Check: acctest.NoSecrets(t, firstSecret, "*****"),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.CompareValuePairs(address, tfjsonpath.New("id"), dockerhub, tfjsonpath.New("id"), compare.ValuesSame()),
				acctest.Is(address, "status", knownvalue.StringExact("healthy")),
				acctest.Is(address, "access_key", knownvalue.StringExact("company-backup")),
			},
		},
		resource.TestStep{
			Config:      block + "data \"onprem_harbor_registry\" \"none\" {\n name = \"docker\"\n}\n",
			ExpectError: acctest.Says(`Unable to read onprem_harbor_registry … no registry is named "docker"`),
		},
	)
}
