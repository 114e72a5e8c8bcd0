package chaos

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
)

// The secrets of the provider's own block, each easy to find.
const (
	harborPassword    = "S3cret-of-harbor"
	guacamolePassword = "S3cret-of-guacamole"
	kongToken         = "S3cret-of-kong"
)

// keepers are the resources that have secrets, as far as they have none: of
// each, or of each object in it that has secrets, a body.
var keepers = map[string]map[string]string{
	"onprem_harbor_registry": {"": `
  name       = "dockerhub"
  type       = "docker-hub"
  url        = "https://hub.docker.com"
  access_key = "company-backup"`},
	"onprem_guacamole_connection": {
		"ssh": `name = "ssh"`, "rdp": `name = "rdp"`, "vnc": `name = "vnc"`, "telnet": `name = "telnet"`, "kubernetes": `name = "kubernetes"`,
	},
	"onprem_metallb_bgp_peer": {"": "name = \"NAME\"\nmy_asn = 64512\npeer_asn = 65001\npeer_address = \"ADDRESS\""},
}

// TestSecretsStayOut runs a life of every write-only attribute that there is,
// failures included, with the log at its most talkative, and then looks for the
// secrets in all that is left: log, output, state and plan.
func TestSecretsStayOut(t *testing.T) {
	t.Parallel()
	tool, provider := programs(t)
	cluster := kubetest.Shared(t)
	handlers := []*faulty.Handler{
		harborsim.New(harborsim.AdminPassword(harborPassword)).Handler,
		guacsim.New(guacsim.Password(guacamolePassword)).Handler,
		kongsim.New(kongsim.Header("Kong-Admin-Token", kongToken)).Handler,
	}
	settings := []any{cluster.Kubeconfig()}
	for _, h := range handlers {
		settings = append(settings, serve(t, h))
	}
	config, secrets := secretive(t, acctest.Resources("")...)
	t.Logf("secrets: %q", slices.Sorted(maps.Keys(secrets)))
	config = strings.NewReplacer("NAME", kubetest.Name(t, "tor"), "ADDRESS", cluster.Prefix(t).Addr().Next().String()).Replace(config)
	w, err := workspace.New(tool, t.TempDir(), provider, fmt.Sprintf(head, settings...)+config)
	if err != nil {
		t.Fatal(err)
	}
	values, err := json.Marshal(secrets)
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(w.Dir, "trace.log")
	w.Env = append(w.Env,
		"TF_LOG=trace", "TF_LOG_PATH="+log, "TF_VAR_secrets="+string(values),
		"HARBOR_PASSWORD="+harborPassword, "GUACAMOLE_PASSWORD="+guacamolePassword, "KONG_ADMIN_TOKEN="+kongToken)

	var seen strings.Builder
	run := func(want int, args ...string) {
		t.Helper()
		output, err := w.Run(t.Context(), want, append(args, "-no-color")...)
		seen.WriteString(output)
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range handlers {
		h.Fail("POST /**", faulty.Status(400, `{"errors":[{"code":"BAD_REQUEST","message":"refused"}],"message":"refused","type":"BAD_REQUEST"}`), 1)
	}
	run(1, "apply", "-auto-approve")
	run(0, "apply", "-auto-approve")
	run(0, "plan", "-detailed-exitcode", "-out=unchanged.tfplan")
	run(2, "plan", "-detailed-exitcode", "-out=rotated.tfplan", "-var", "generation=2")
	run(0, "show", "-json", "rotated.tfplan")
	run(0, "apply", "rotated.tfplan")
	run(0, "state", "pull")
	run(0, "destroy", "-auto-approve")

	trace, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(trace), "/api/v2.0/registries") {
		t.Fatalf("the log (%d bytes, %v) holds no request of the provider: nothing was looked at", len(trace), err)
	}
	all := append(slices.Collect(maps.Values(secrets)), harborPassword, guacamolePassword, kongToken)
	find(t, all, "output", seen.String())
	err = filepath.WalkDir(w.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		find(t, all, path, string(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// secretive is a configuration that sets every write-only attribute of
// resources, and their values.
func secretive(t *testing.T, resources ...string) (config string, secrets map[string]string) {
	t.Helper()
	secrets = map[string]string{}
	for _, resource := range resources {
		objects := map[string]string{}
		for name, a := range acctest.Schema(t, resource).Attributes {
			objects[""] += sent(resource, name, a, secrets)
			if nested, ok := a.(schema.NestedAttribute); ok {
				for inner, a := range nested.GetNestedObject().GetAttributes() {
					objects[name] += sent(resource, name+"."+inner, a, secrets)
				}
			}
		}
		for object, lines := range objects {
			if lines == "" {
				continue
			}
			body, known := keepers[resource][object]
			if !known {
				t.Errorf("%s has secrets (in %q), and is not among the keepers", resource, object)
			}
			if object != "" {
				lines = object + " = {\n" + lines + "}\n"
			}
			config += fmt.Sprintf("resource %q \"keeper%s\" {\n%s\n%s}\n", resource, object, body, lines)
		}
	}
	return config, secrets
}

// sent are the lines that set a secret, and its version beside it.
func sent(resource, path string, a interface{ IsWriteOnly() bool }, secrets map[string]string) string {
	if !a.IsWriteOnly() {
		return ""
	}
	key, name := resource+"."+path, path[strings.LastIndex(path, ".")+1:]
	secrets[key] = "S3cret-of-" + strings.NewReplacer(".", "-", "_", "-").Replace(key) + "-"
	return fmt.Sprintf("%s = var.secrets[%q]\n%s_version = var.generation\n", name, key, name)
}

// find fails the test for every secret in text, in clear or in base64.
func find(t *testing.T, secrets []string, where, text string) {
	t.Helper()
	for _, s := range secrets {
		for _, form := range []string{s, base64.StdEncoding.EncodeToString([]byte(s))} {
			if i := strings.Index(text, form); i >= 0 {
				t.Errorf("%s holds the secret %q: …%s…", where, s, text[max(0, i-200):min(len(text), i+40)])
			}
		}
	}
}

const head = `
provider "onprem" {
  kubernetes = { config_path = %q }
  harbor     = { url = %q, username = "admin" }
  guacamole  = { url = %q, username = "guacadmin" }
  kong       = { admin_url = %q }
}

resource "onprem_kong_service" "frs" {
  name = "frs-api"
  url  = "http://frs.nicepayment-frs.svc:8080"
}
` + variables

const variables = `
variable "generation" {
  type    = number
  default = 1
}

variable "secrets" {
  type      = map(string)
  ephemeral = true
}

`
