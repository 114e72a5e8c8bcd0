// Package chaos breaks whole runs of Terraform on purpose.
package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
)

// objects is how many objects are under way when the provider dies.
const objects = 200

// TestKilledProvider kills the provider (SIGKILL) in the middle of an apply.
// What its last requests made is unknown to Terraform; the next apply takes it
// in, or names what to import, and in the end there is each object once.
func TestKilledProvider(t *testing.T) {
	t.Parallel()
	tool, provider := programs(t)
	for _, tt := range []struct {
		name     string
		sim      *faulty.Handler
		block    string
		resource string
		create   string // request that creates
		list     string
		count    func(t *testing.T, url string) int
	}{
		{
			name: "harbor_project", sim: harborsim.New().Handler, create: "POST /api/v2.0/projects",
			block:    `harbor = { url = %q, username = "admin", password = "Harbor12345" }`,
			resource: `resource "onprem_harbor_project" "this" { name = "team-${each.key}" `,
			count: func(t *testing.T, url string) int {
				var projects []any
				total := fetch(t, http.MethodGet, url+"/api/v2.0/projects?q=name=~team-", &projects).Get("X-Total-Count")
				n, err := strconv.Atoi(total)
				if err != nil {
					t.Fatal(err)
				}
				return n
			},
		},
		{
			name: "kong_service", sim: kongsim.New().Handler, create: "PUT /services/*",
			block:    `kong = { admin_url = %q }`,
			resource: `resource "onprem_kong_service" "this" { name = "svc-${each.key}"` + "\n" + `host = "svc.example.internal" `,
			count: func(t *testing.T, url string) int {
				var services struct{ Data []any }
				fetch(t, http.MethodGet, url+"/services?size=1000", &services)
				return len(services.Data)
			},
		},
		{
			name: "guacamole_connection", sim: guacsim.New().Handler, create: "POST /api/session/data/*/connections",
			block:    `guacamole = { url = %q, username = "guacadmin", password = "guacadmin" }`,
			resource: `resource "onprem_guacamole_connection" "this" { name = "machine-${each.key}"` + "\n" + `ssh = { hostname = "10.0.0.1" } `,
			count: func(t *testing.T, url string) int {
				var token struct{ AuthToken string }
				fetch(t, http.MethodPost, url+"/api/tokens?username=guacadmin&password=guacadmin", &token)
				var connections map[string]any
				fetch(t, http.MethodGet, url+"/api/session/data/postgresql/connections?token="+token.AuthToken, &connections)
				return len(connections)
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := tt.sim
			server := httptest.NewServer(h)
			t.Cleanup(server.Close)
			config := fmt.Sprintf("provider \"onprem\" {\n"+tt.block+"\n}\n", server.URL) +
				strings.Replace(tt.resource, "{ ", fmt.Sprintf("{\nfor_each = toset([for i in range(%d) : tostring(i)])\n", objects), 1) + "\n}\n"
			w, err := workspace.New(tool, t.TempDir(), provider, config)
			if err != nil {
				t.Fatal(err)
			}
			h.Latency(20 * time.Millisecond)
			kill := once(func(pids []int) bool {
				if h.Count(tt.create) < objects/2 {
					return false
				}
				for _, pid := range pids {
					_ = syscall.Kill(pid, syscall.SIGKILL)
				}
				return len(pids) > 0
			})
			if _, _, err := w.Watch(t.Context(), 1, kill, "apply", "-auto-approve", "-no-color"); err != nil {
				t.Fatalf("the apply whose provider was killed: %v", err)
			}
			h.Latency(0)
			converge(t, w)
			if n := tt.count(t, server.URL); n != objects {
				t.Errorf("%d objects in the end, want %d", n, objects)
			}
			if _, err := w.Run(t.Context(), 0, "plan", "-detailed-exitcode", "-no-color"); err != nil {
				t.Errorf("the plan after all is not empty: %v", err)
			}
			if _, err := w.Run(t.Context(), 0, "destroy", "-auto-approve", "-no-color"); err != nil {
				t.Fatal(err)
			}
			if n := tt.count(t, server.URL); n != 0 {
				t.Errorf("%d objects orphaned", n)
			}
		})
	}
}

// advice is the command that an error names for an object that is there
// already. Terraform folds long lines, so the text is unfolded first.
var advice = regexp.MustCompile(`terraform import\s+(\S+)\s+'?([^\s']*[^\s'.])`)

// converge applies again, doing what the errors say, as an operator would.
func converge(t *testing.T, w *workspace.Workspace) {
	t.Helper()
	_, err := w.Run(t.Context(), 0, "apply", "-auto-approve", "-no-color")
	var exit *workspace.ExitError
	if !errors.As(err, &exit) {
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	imports := advised(exit.Output)
	if len(imports) == 0 {
		t.Fatalf("the next apply neither converges nor names what to import:\n%v", err)
	}
	t.Logf("the next apply named %d objects to import", len(imports))
	for address, id := range imports {
		if _, err := w.Run(t.Context(), 0, "import", "-no-color", address, id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Run(t.Context(), 0, "apply", "-auto-approve", "-no-color"); err != nil {
		t.Fatalf("after the imports: %v", err)
	}
}

// advised reads "with <address>" and the import id out of each error.
func advised(output string) map[string]string {
	found := map[string]string{}
	with := regexp.MustCompile(`with (\S+),`)
	for _, e := range strings.Split(output, "Error: ")[1:] {
		address, command := with.FindStringSubmatch(e), advice.FindStringSubmatch(strings.NewReplacer("│", "", "\n", " ").Replace(e))
		if address != nil && command != nil {
			found[address[1]] = command[2]
		}
	}
	return found
}

// fetch asks a simulator itself, past the provider.
func fetch(t *testing.T, method, url string, out any) http.Header {
	t.Helper()
	address, query, _ := strings.Cut(url, "?")
	body := ""
	if method == http.MethodPost {
		body = query // a form
	} else {
		address = url
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("admin", "Harbor12345")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", url, resp.Status, err)
	}
	return resp.Header
}

// once calls f until it says that it is done.
func once(f func([]int) bool) func([]int) {
	var mu sync.Mutex
	done := false
	return func(pids []int) {
		mu.Lock()
		defer mu.Unlock()
		if !done {
			done = f(pids)
		}
	}
}

// programs returns the tool under test and the provider, built now.
func programs(t *testing.T) (tool, provider string) {
	t.Helper()
	tool = os.Getenv("TF_ACC_TERRAFORM_PATH")
	if tool == "" {
		var err error
		if tool, err = exec.LookPath("terraform"); err != nil {
			t.Skip("neither terraform on PATH nor TF_ACC_TERRAFORM_PATH: `make test` provides one")
		}
	}
	provider = filepath.Join(t.TempDir(), workspace.Provider)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", provider, "../..").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return tool, provider
}
