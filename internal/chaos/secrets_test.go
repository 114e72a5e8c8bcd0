package chaos

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http/httptest"
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

// The secrets of the run, each easy to find.
const (
	harborPassword    = "S3cret-of-harbor"
	guacamolePassword = "S3cret-of-guacamole"
	kongToken         = "S3cret-of-kong"
	registrySecret    = "S3cret-of-the-registry"
	sshPassword       = "S3cret-of-ssh"
	rdpPassword       = "S3cret-of-rdp"
	gatewayPassword   = "S3cret-of-the-gateway"
)

var secrets = []string{harborPassword, guacamolePassword, kongToken, registrySecret, sshPassword, rdpPassword, gatewayPassword}

// TestSecretsStayOut runs a life of everything that has a secret, failures
// included, with the log at its most talkative, and then looks for the secrets
// in all that is left: log, output, state and plan.
func TestSecretsStayOut(t *testing.T) {
	t.Parallel()
	tool, provider := programs(t)
	harbor := harborsim.New(harborsim.AdminPassword(harborPassword)).Handler
	guacamole := guacsim.New(guacsim.Password(guacamolePassword)).Handler
	kong := kongsim.New(kongsim.Header("Kong-Admin-Token", kongToken)).Handler
	var urls []any
	for _, h := range []*faulty.Handler{harbor, guacamole, kong} {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		urls = append(urls, server.URL)
	}
	w, err := workspace.New(tool, t.TempDir(), provider, fmt.Sprintf(secretive, urls...))
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(w.Dir, "trace.log")
	w.Env = append(w.Env,
		"TF_LOG=trace", "TF_LOG_PATH="+log,
		"HARBOR_PASSWORD="+harborPassword, "GUACAMOLE_PASSWORD="+guacamolePassword, "KONG_ADMIN_TOKEN="+kongToken,
		"TF_VAR_registry_secret="+registrySecret, "TF_VAR_ssh_password="+sshPassword,
		"TF_VAR_rdp_password="+rdpPassword, "TF_VAR_gateway_password="+gatewayPassword)

	var seen strings.Builder
	run := func(want int, args ...string) {
		t.Helper()
		output, err := w.Run(t.Context(), want, append(args, "-no-color")...)
		seen.WriteString(output)
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range []*faulty.Handler{harbor, guacamole, kong} {
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
	find(t, "output", seen.String())
	err = filepath.WalkDir(w.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		find(t, path, string(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// find fails the test for every secret in text, in clear or in base64.
func find(t *testing.T, where, text string) {
	t.Helper()
	for _, s := range secrets {
		for _, form := range []string{s, base64.StdEncoding.EncodeToString([]byte(s))} {
			if i := strings.Index(text, form); i >= 0 {
				t.Errorf("%s holds the secret %q: …%s…", where, s, text[max(0, i-200):min(len(text), i+40)])
			}
		}
	}
}

const secretive = `
provider "onprem" {
  harbor    = { url = %q, username = "admin" }
  guacamole = { url = %q, username = "guacadmin" }
  kong      = { admin_url = %q }
}

variable "generation" {
  type    = number
  default = 1
}

variable "registry_secret" {
  type      = string
  ephemeral = true
}

variable "ssh_password" {
  type      = string
  ephemeral = true
}

variable "rdp_password" {
  type      = string
  ephemeral = true
}

variable "gateway_password" {
  type      = string
  ephemeral = true
}

resource "onprem_harbor_registry" "dockerhub" {
  name                     = "dockerhub"
  type                     = "docker-hub"
  url                      = "https://hub.docker.com"
  access_key               = "company-backup"
  access_secret_wo         = var.registry_secret
  access_secret_wo_version = var.generation
}

resource "onprem_guacamole_connection" "machine" {
  name = "CP-01"
  ssh = {
    hostname            = "192.168.1.11"
    username            = "ubuntu"
    password_wo         = var.ssh_password
    password_wo_version = var.generation
  }
}

resource "onprem_guacamole_connection" "win11" {
  name = "win11"
  rdp = {
    hostname                    = "192.168.1.41"
    password_wo                 = var.rdp_password
    password_wo_version         = var.generation
    gateway_password_wo         = var.gateway_password
    gateway_password_wo_version = var.generation
  }
}

resource "onprem_kong_service" "frs" {
  name = "frs-api"
  url  = "http://frs.nicepayment-frs.svc:8080"
}
`
