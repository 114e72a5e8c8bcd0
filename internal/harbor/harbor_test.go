package harbor_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
)

func TestMain(m *testing.M) { os.Exit(acctest.Main("harbor", m.Run)) }

// start runs a simulated Harbor and returns it with the provider block for it.
func start(t *testing.T, opts ...harborsim.Option) (*harborsim.Server, string) {
	t.Helper()
	sim := harborsim.New(opts...)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return sim, block(server.URL, "")
}

// nowhere is the provider block for what is refused before anything is asked.
var nowhere = block("http://127.0.0.1:1", "")

func block(url, more string) string {
	return fmt.Sprintf(`
provider "onprem" {
  harbor = { url = %q, username = "admin", password = "Harbor12345"%s }
}
`, url, more)
}
