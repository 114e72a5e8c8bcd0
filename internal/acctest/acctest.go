// Package acctest has what the tests of all resources share.
package acctest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/onprem-tools/terraform-provider-onprem/internal/provider"
)

// Factories starts the provider in the test's own process, for
// resource.TestCase.ProtoV6ProviderFactories.
var Factories = map[string]func() (tfprotov6.ProviderServer, error){
	"onprem": providerserver.NewProtocol6WithError(provider.New("test")()),
}

// WithIdentity skips a test case that needs resource identities, which
// Terraform has since 1.12.
var WithIdentity = []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)}

// ImportID returns the import id of a resource in state: the given attributes
// joined with "/".
func ImportID(address string, attributes ...string) func(*terraform.State) (string, error) {
	return func(s *terraform.State) (string, error) {
		r, ok := s.RootModule().Resources[address]
		if !ok {
			return "", fmt.Errorf("%s is not in state", address)
		}
		parts := make([]string, len(attributes))
		for i, name := range attributes {
			parts[i] = r.Primary.Attributes[name]
		}
		return strings.Join(parts, "/"), nil
	}
}

// NoSecrets fails the test when state holds one of the secrets.
func NoSecrets(t *testing.T, secrets ...string) func(*terraform.State) error {
	t.Helper()
	return func(s *terraform.State) error {
		text := s.String()
		for _, r := range s.RootModule().Resources {
			text += fmt.Sprint(r.Primary.Attributes)
		}
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				return fmt.Errorf("state holds the secret %q", secret)
			}
		}
		return nil
	}
}

// Is checks an attribute in state.
func Is(address, attribute string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), want)
}

// Action checks what Terraform plans for a resource.
func Action(address string, want plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, want)}}
}

// Says matches words however Terraform breaks the lines.
func Says(words string) *regexp.Regexp {
	return regexp.MustCompile(regexp.MustCompile(`\s+`).ReplaceAllString(regexp.QuoteMeta(words), `[\s│]+`))
}
