package kong_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
)

// gateway starts a simulated gateway and answers the provider block for it.
func gateway(t *testing.T, opts ...kongsim.Option) (*kongsim.Sim, string) {
	t.Helper()
	sim := kongsim.New(opts...)
	return sim, providerFor(sim.Start(t))
}

func providerFor(url string) string {
	return fmt.Sprintf("provider \"onprem\" {\n  kong = { admin_url = %q }\n}\n", url)
}

// unit runs steps against a gateway, which has to be empty afterwards.
func unit(t *testing.T, sim *kongsim.Sim, steps ...resource.TestStep) {
	t.Helper()
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		CheckDestroy: func(*terraform.State) error {
			if n := len(sim.Entities("services")) + len(sim.Entities("routes")); n != 0 {
				return fmt.Errorf("%d entities are left over", n)
			}
			return nil
		},
		Steps: steps,
	})
}

// refusal is the body of a block and the message it is refused with at plan.
type refusal struct{ body, message string }

// refused plans all blocks in one configuration, each under its name as the label, and looks for each one's message.
func refused(t *testing.T, kind string, cases map[string]refusal) {
	t.Helper()
	config := providerFor("http://127.0.0.1:1") // nobody's: a plan that gets as far as the gateway says so
	for name, c := range cases {
		config += fmt.Sprintf("%s %q {\n%s\n}\n", kind, name, c.body)
	}
	said := ""
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		ErrorCheck:               func(err error) error { said = err.Error(); return nil },
		Steps:                    []resource.TestStep{{Config: config, PlanOnly: true}},
	})
	messages := map[string]string{}
	for _, one := range strings.Split(said, "Error: ") {
		one = strings.Join(strings.Fields(one), " ") // Terraform wraps lines
		if m := regexp.MustCompile(`with [a-z_.]+\.([a-z0-9_]+),`).FindStringSubmatch(one); m != nil {
			messages[m[1]] += one + "\n"
		}
	}
	for name, c := range cases {
		if !regexp.MustCompile(c.message).MatchString(messages[name]) {
			t.Errorf("%s: the plan said %q, want %q", name, messages[name], c.message)
		}
	}
}

// stored checks one field of an entity in the gateway.
func stored(sim *kongsim.Sim, entity, name, field string, want any) resource.TestCheckFunc {
	return func(*terraform.State) error {
		e := sim.Get(entity, name)
		if e == nil {
			return fmt.Errorf("%s %s does not exist", entity, name)
		}
		if fmt.Sprint(e[field]) != fmt.Sprint(want) {
			return fmt.Errorf("%s of %s is %v, want %v", field, name, e[field], want)
		}
		return nil
	}
}
