package chaos

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
)

// odd is what every secret of the echo test ends with: characters that each
// spelling writes differently. What stands before it stays readable in all of
// them but base64, so that one that was missed is found.
const odd = `<&"'/+=é `

// echoes are how a server repeats what it was sent, in the words of each system
// and in nobody's.
func echoes() map[string]faulty.Fault {
	text := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	said := func(spell func(string) string) func(string) string {
		return func(request string) string {
			words := text("refused: " + spell(request))
			return fmt.Sprintf(`{"errors":[{"code":"BAD_REQUEST","message":%s}],"message":%s,"type":"BAD_REQUEST","code":2,"fields":{"name":%s}}`, words, words, words)
		}
	}
	const ofJSON = "application/json"
	return map[string]faulty.Fault{
		"as it came":       faulty.Echo(400, ofJSON, said(func(s string) string { return s })),
		"as JSON":          faulty.Echo(400, ofJSON, said(text)),
		"as a form":        faulty.Echo(422, ofJSON, said(func(s string) string { return url.Values{"request": {s}}.Encode() })),
		"percent":          faulty.Echo(403, ofJSON, said(url.PathEscape)),
		"as HTML":          faulty.Echo(409, ofJSON, said(html.EscapeString)),
		"in base64":        faulty.Echo(400, ofJSON, said(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) })),
		"on a page":        faulty.Echo(403, "text/html", func(s string) string { return "<html><title>" + html.EscapeString(s) + "</title><pre>" + s }),
		"as text":          faulty.Echo(500, "text/plain", func(s string) string { return s }),
		"with a success":   faulty.Echo(200, "text/plain", func(s string) string { return s }),
		"as broken JSON":   faulty.Echo(200, ofJSON, func(s string) string { return "{" + s }),
		"as the wrong one": faulty.Echo(200, ofJSON, func(s string) string { return text(s) }),
	}
}

// TestEchoesStayMasked lets every system repeat the requests that hold secrets,
// in every spelling, and looks for the secrets in output and log.
func TestEchoesStayMasked(t *testing.T) {
	t.Parallel()
	tool, provider := programs(t)
	const harbor, guacamole, kong = "S3cret-of-harbor" + odd, "S3cret-of-guacamole" + odd, "S3cret-of-kong" + "/+=" // headers hold no more
	handlers := []*faulty.Handler{
		harborsim.New(harborsim.AdminPassword(harbor)).Handler,
		guacsim.New(guacsim.Password(guacamole)).Handler,
		kongsim.New(kongsim.Header("Kong-Admin-Token", kong)).Handler,
	}
	var urls []any
	for _, h := range handlers {
		urls = append(urls, serve(t, h))
	}
	blocks, secrets := secretive(t, "onprem_harbor_registry", "onprem_guacamole_connection")
	for key := range secrets {
		secrets[key] += odd
	}
	values, err := json.Marshal(secrets)
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`
provider "onprem" {
  harbor    = { url = %q, username = "admin", max_retries = 0 }
  guacamole = { url = %q, username = "guacadmin", max_retries = 0 }
  kong      = { admin_url = %q, max_retries = 0 }
}
`, urls...) + variables + blocks
	// What is refused is the log-in, or else the first request with a secret.
	refused := [][]string{{"* /**", "* /**", "* /**"}, {"POST /api/v2.0/registries", "POST /api/session/**", "PUT /**"}}
	for name, fault := range echoes() {
		for _, patterns := range refused {
			w, err := workspace.New(tool, t.TempDir(), provider, config)
			if err != nil {
				t.Fatal(err)
			}
			log := filepath.Join(w.Dir, "trace.log")
			w.Env = append(w.Env, "TF_LOG=trace", "TF_LOG_PATH="+log, "TF_VAR_secrets="+string(values),
				"HARBOR_PASSWORD="+harbor, "GUACAMOLE_PASSWORD="+guacamole, "KONG_ADMIN_TOKEN="+kong)
			for i, h := range handlers {
				h.Heal()
				h.Fail(patterns[i], fault, -1)
			}
			output, err := w.Run(t.Context(), 1, "apply", "-auto-approve", "-no-color")
			if err != nil {
				t.Errorf("%s to %s: %v", name, patterns[0], err)
			}
			trace, err := os.ReadFile(log)
			if err != nil || !strings.Contains(string(trace), "/api/v2.0/") {
				t.Fatalf("the log (%d bytes, %v) holds no request of the provider: nothing was looked at", len(trace), err)
			}
			find(t, core(), name+" to "+patterns[0]+": output", output)
			find(t, core(), name+" to "+patterns[0]+": log", string(trace))
		}
	}
}

// core is what is left of a secret that was not masked: its beginning, in clear
// or at any place in base64.
func core() []string {
	const start = "S3cret-of-"
	all := []string{start}
	for offset := range 3 {
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", offset) + start))
		all = append(all, text[(offset*8+5)/6:(offset+len(start))*8/6])
	}
	return all
}
