package forge

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestAction runs the steps of action.yml as a runner would, against a mirror
// with a release whose program prints how it is called.
func TestAction(t *testing.T) {
	t.Parallel()
	const bad = "0000000000000000000000000000000000000000000000000000000000000000"
	for _, tt := range []struct {
		name      string
		variables []string
		sum       string // of the archive, the right one when empty
		says      string
		fails     bool
	}{
		{
			name: "by the tag of the action", variables: []string{"REF=v1.2.3"},
			says: "comment --post --plans my plans --key stage --fail-on destroy,mock\n",
		},
		{
			name: "by a version", variables: []string{"REF=0abc", "VERSION=1.2.3"},
			says: "comment --post --plans my plans --key stage --fail-on destroy,mock\n",
		},
		{name: "by a branch", variables: []string{"REF=main"}, says: "No release is named 'main'", fails: true},
		{name: "by something to run", variables: []string{"REF=main", "VERSION=$(id)"}, says: "No release is named '$(id)'", fails: true},
		{name: "another system", variables: []string{"REF=v1.2.3", "RUNNER_OS=Plan9"}, says: "no release for Plan9", fails: true},
		{name: "a release that is not there", variables: []string{"REF=v1.2.4"}, says: "404", fails: true},
		{name: "another archive than was released", variables: []string{"REF=v1.2.3"}, sum: bad, says: "is not the file", fails: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mirror := release(t, tt.sum)
			temp := t.TempDir()
			authority := filepath.Join(temp, "ca.pem")
			certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: mirror.Certificate().Raw})
			if err := os.WriteFile(authority, certificate, 0o600); err != nil {
				t.Fatal(err)
			}
			added := filepath.Join(temp, "path")
			variables := append([]string{
				"MIRROR=" + mirror.URL, "RUNNER_OS=Linux", "RUNNER_ARCH=X64", "RUNNER_TEMP=" + temp, "GITHUB_PATH=" + added,
				"CURL_CA_BUNDLE=" + authority, "PLANS=my plans", "KEY=stage", "FAIL_ON=destroy,mock", "PATH=" + os.Getenv("PATH"),
			}, tt.variables...)
			install, comment := steps(t)
			out, err := bash(t, install, variables)
			if err == nil {
				folder, _ := os.ReadFile(added)
				variables = append(variables, "PATH="+strings.TrimSpace(string(folder))+":"+os.Getenv("PATH"))
				out, err = bash(t, comment, variables)
			}
			if (err != nil) != tt.fails || !strings.Contains(out, tt.says) {
				t.Errorf("got %v and %q, want %q", err, out, tt.says)
			}
		})
	}
}

// steps are the scripts of action.yml.
func steps(t *testing.T) (install, comment string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var action struct {
		Runs struct{ Steps []struct{ Run string } }
	}
	if err := yaml.Unmarshal(text, &action); err != nil || len(action.Runs.Steps) != 2 {
		t.Fatalf("action.yml: %v, %d steps", err, len(action.Runs.Steps))
	}
	for _, step := range action.Runs.Steps {
		if strings.Contains(step.Run, "${{") {
			t.Errorf("an expression inside a script can run what it holds: %s", step.Run)
		}
	}
	return action.Runs.Steps[0].Run, action.Runs.Steps[1].Run
}

// bash runs a script with the options of a runner.
func bash(t *testing.T, script string, variables []string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	cmd.Env = variables
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// release serves release 1.2.3, with another sum than its archive's on demand.
func release(t *testing.T, sum string) *httptest.Server {
	t.Helper()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	header := &zip.FileHeader{Name: "terraform-provider-onprem_v1.2.3"}
	header.SetMode(0o755)
	program, err := w.CreateHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(program, "#!/bin/sh\necho \"$@\"\n")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if sum == "" {
		sum = fmt.Sprintf("%x", sha256.Sum256(archive.Bytes()))
	}
	const name = "terraform-provider-onprem_1.2.3_linux_amd64.zip"
	files := map[string][]byte{
		"/v1.2.3/" + name: archive.Bytes(),
		"/v1.2.3/terraform-provider-onprem_1.2.3_SHA256SUMS": []byte(sum + "  " + name + "\n" + sum + "  " + name + ".spdx.json\n" + sum + "  another.zip\n"),
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if file, ok := files[path.Clean(r.URL.Path)]; ok {
			_, _ = w.Write(file)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}
