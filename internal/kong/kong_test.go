package kong_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
)

func TestMain(m *testing.M) { os.Exit(acctest.Main("kong", m.Run)) }

// gateway starts a simulated gateway and answers the provider block for it.
func gateway(t *testing.T, opts ...kongsim.Option) (*kongsim.Sim, string) {
	t.Helper()
	sim := kongsim.New(opts...)
	return sim, providerFor(sim.Start(t), "")
}

// nowhere is the provider block for what is refused before anything is asked.
var nowhere = providerFor("http://127.0.0.1:1", "")

func providerFor(url, more string) string {
	return fmt.Sprintf("provider \"onprem\" {\n  kong = { admin_url = %q%s }\n}\n", url, more)
}
