// Package acctest has what the tests of all resources share.
package acctest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/onprem-tools/terraform-provider-onprem/internal/fastpath"
	"github.com/onprem-tools/terraform-provider-onprem/internal/provider"
)

// Factories starts the provider in the test's own process, for
// resource.TestCase.ProtoV6ProviderFactories.
var Factories = map[string]func() (tfprotov6.ProviderServer, error){
	"onprem": func() (tfprotov6.ProviderServer, error) { return fastpath.NewServer(provider.New("test")()), nil },
}

// WithoutIdentity skips a step that needs resource identities, which Terraform
// has since 1.12.
func WithoutIdentity(t *testing.T) func() (bool, error) {
	t.Helper()
	return below(t, tfversion.Version1_12_0, "import by identity")
}

// below skips a step that needs a newer tool, and says so.
func below(t *testing.T, needed *version.Version, what string) func() (bool, error) {
	t.Helper()
	return func() (bool, error) {
		v, err := toolVersion()
		if err != nil {
			return false, err
		}
		if v.LessThan(needed) {
			t.Logf("%s needs %s, and this is %s", what, needed, v)
			return true, nil
		}
		return false, nil
	}
}

// toolVersion is the version of the Terraform or OpenTofu under test.
var toolVersion = sync.OnceValues(func() (*version.Version, error) {
	tool := cmp.Or(os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform")
	text, err := exec.Command(tool, "version", "-json").Output()
	if err != nil {
		return nil, fmt.Errorf("%s version: %w", tool, err)
	}
	var told struct {
		Version string `json:"terraform_version"` // OpenTofu calls it so too
	}
	if err := json.Unmarshal(text, &told); err != nil {
		return nil, err
	}
	return version.NewVersion(told.Version)
})

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

// Says matches words however Terraform breaks the lines; " … " stands for any
// words between.
func Says(words string) *regexp.Regexp {
	var parts []string
	for part := range strings.SplitSeq(words, "…") {
		var quoted []string
		for word := range strings.FieldsSeq(part) {
			quoted = append(quoted, regexp.QuoteMeta(word))
		}
		parts = append(parts, strings.Join(quoted, `[\s│]+`))
	}
	return regexp.MustCompile(`(?s)` + strings.Join(parts, `.*`))
}

// Refuses plans one block of a type ("onprem_kong_service", or with "data."
// before it) for each body, to all of which the shared lines are added. Each is
// refused at its own address with its own message, and without asking the system.
func Refuses(t *testing.T, provider, blockType, shared string, messages map[string]string) {
	t.Helper()
	config, addresses := provider, map[string]string{}
	head := fmt.Sprintf("resource %q", blockType)
	if data, isData := strings.CutPrefix(blockType, "data."); isData {
		head = fmt.Sprintf("data %q", data)
	}
	for i, body := range slices.Sorted(maps.Keys(messages)) {
		label := fmt.Sprintf("r%d", i)
		config += fmt.Sprintf("%s %q {\n%s\n%s\n}\n", head, label, shared, body)
		addresses[body] = blockType + "." + label
	}
	said := ""
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: Factories,
		ErrorCheck:               func(err error) error { said = err.Error(); return nil },
		Steps:                    []resource.TestStep{{Config: config, PlanOnly: true}},
	})
	all := strings.Split(said, "Error: ")[1:]
	for body, message := range messages {
		own := slices.DeleteFunc(slices.Clone(all), func(m string) bool { return !Says("with " + addresses[body] + ",").MatchString(m) })
		if !slices.ContainsFunc(own, Says(message).MatchString) {
			t.Errorf("%s\nshould be refused with %q, and was with %q", body, message, own)
		}
	}
	if regexp.MustCompile(`Unable to \w+ onprem_`).MatchString(said) {
		t.Errorf("the system was asked about what is wrong in itself: %s", said)
	}
}
