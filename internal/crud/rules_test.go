package crud_test

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	test "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// TestRules: what is wrong in itself is refused, what follows is completed, and
// what stays as it is costs no review.
func TestRules(t *testing.T) {
	t.Parallel()
	c, tc := cellarCase()
	const plain = `resource "onprem_box" "wine" {
		room = "north"
	}`
	reviewed := func(want ...string) test.TestCheckFunc {
		return func(*terraform.State) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			got := slices.Compact(slices.Clone(c.reviews)) // Terraform plans twice what it applies
			c.reviews = nil
			if !slices.Equal(got, want) {
				return fmt.Errorf("reviewed %q, want %q", got, want)
			}
			return nil
		}
	}
	tc.Steps = []test.TestStep{
		{Config: `resource "onprem_box" "wine" {
			room  = "north"
			label = "north"
		}`, ExpectError: regexp.MustCompile(`Boxes are not rooms`)},
		{Config: plain, Check: test.ComposeAggregateTestCheckFunc(
			test.TestCheckResourceAttr("onprem_box.wine", "label", "a box in north"), reviewed("create a box in north"))},
		{Config: plain, Check: reviewed()},
		{Config: wine, Check: reviewed("update a box in north to wine")},
		{Config: `# nothing`, Check: reviewed("destroy wine")},
	}
	test.UnitTest(t, tc)
}

// TestSecretRule: sent when its version changes, taken away with it, and asked
// for at plan.
func TestSecretRule(t *testing.T) {
	t.Parallel()
	config := func(lines string) string {
		return "resource \"onprem_box\" \"wine\" {\n room = \"north\"\n" + lines + "\n}"
	}
	c, tc := cellarCase()
	sent := func(want ...string) test.TestCheckFunc {
		return func(*terraform.State) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			if !slices.Equal(c.secrets, want) {
				return fmt.Errorf("sent %q, want %q", c.secrets, want)
			}
			c.secrets = nil
			return nil
		}
	}
	tc.Steps = []test.TestStep{
		{Config: config(`secret_wo_version = 1`), PlanOnly: true, ExpectError: regexp.MustCompile("(?s)Missing secret.*`secret_wo_version` is new")},
		{Config: config("secret_wo = \"one\"\nsecret_wo_version = 1"), Check: sent("one")},
		{Config: config("secret_wo = \"two\"\nsecret_wo_version = 1\nlabel = \"x\""), Check: sent("left alone")},
		{Config: config("secret_wo = \"two\"\nsecret_wo_version = 2\nlabel = \"x\""), Check: sent("two")},
		{Config: config("label = \"x\""), Check: sent("")},
	}
	test.UnitTest(t, tc)
}
