package chaos

import (
	"fmt"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
)

// TestSessionsEndWithTheRun: Guacamole keeps a session for an hour. Those of a
// run, also of one that fails, end with the provider's process.
func TestSessionsEndWithTheRun(t *testing.T) {
	t.Parallel()
	tool, provider := programs(t)
	sim := guacsim.New()
	w, err := workspace.New(tool, t.TempDir(), provider, fmt.Sprintf(`
provider "onprem" {
  guacamole = { url = %q, username = "guacadmin", password = "guacadmin" }
}

resource "onprem_guacamole_connection_group" "idc" {
  name = "IDC servers"
}
`, serve(t, sim)))
	if err != nil {
		t.Fatal(err)
	}
	logins := 0
	run := func(want int, args ...string) {
		t.Helper()
		if _, err := w.Run(t.Context(), want, append(args, "-no-color")...); err != nil {
			t.Fatal(err)
		}
		begun := sim.Count("POST /api/tokens")
		if begun == logins {
			t.Errorf("%v has not logged in: nothing was looked at", args)
		}
		logins = begun
		if n := sim.Sessions(); n != 0 {
			t.Errorf("%d sessions are left after %v", n, args)
		}
	}
	run(2, "plan", "-detailed-exitcode")
	run(0, "apply", "-auto-approve")
	run(0, "plan", "-detailed-exitcode")
	sim.Fail("GET /api/session/data/**", guacsim.InternalError, -1)
	run(1, "plan")
	sim.Heal()
	run(0, "destroy", "-auto-approve")
}
