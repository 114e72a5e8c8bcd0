package guacamole_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
)

func TestMain(m *testing.M) { os.Exit(acctest.Main("guacamole", m.Run)) }

// versions runs a test against both versions.
func versions(t *testing.T, test func(t *testing.T, sim *guacsim.Server, block string)) {
	t.Helper()
	for name, opts := range map[string][]guacsim.Option{"1.5.5": {guacsim.Version155()}, "1.6.0": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, block := start(t, opts...)
			test(t, sim, block)
		})
	}
}

// start runs a simulated Guacamole and returns it with a provider block for it.
func start(t *testing.T, opts ...guacsim.Option) (sim *guacsim.Server, block string) {
	t.Helper()
	sim = guacsim.New(opts...)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return sim, providerFor(server.URL, "")
}

// nowhere is the provider block for what is refused before anything is asked.
var nowhere = providerFor("http://127.0.0.1:1", "")

func providerFor(url, more string) string {
	return fmt.Sprintf(`
provider "onprem" {
  guacamole = { url = "%s/guacamole", username = "guacadmin", password = "guacadmin", request_timeout = "2s"%s }
}
`, url, more)
}
