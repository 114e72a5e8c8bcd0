package git

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]source{
		"git::https://git.example.com/net.git//modules/net?ref=v1.2.0": {"https://git.example.com/net.git", "modules/net", "v1.2.0"},
		"git::https://git.example.com/net.git?ref=v1.2.0&depth=1":      {"https://git.example.com/net.git", "", "v1.2.0"},
		"git::ssh://git@git.example.com/net.git//a":                    {"ssh://git@git.example.com/net.git", "a", ""},
		"git::git@git.example.com:team/net.git//a?ref=main":            {"git@git.example.com:team/net.git", "a", "main"},
		"github.com/acme/net//a?ref=v1":                                {"https://github.com/acme/net", "a", "v1"},
	} {
		if got, ok := parse(raw); !ok || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", raw, got, ok, want)
		}
	}
	for _, raw := range []string{"tfr:///terraform-aws-modules/vpc/aws?version=1.0.0", "https://example.com/net.zip", "s3::https://s3.example.com/net.zip"} {
		if got, ok := parse(raw); ok {
			t.Errorf("%s is no git source, got %+v", raw, got)
		}
	}
}

// TestOpen fetches from a repository on this machine.
func TestOpen(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git on PATH")
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	repository := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(repository, name)), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(repository, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	git := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		cmd.Dir = repository
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "--quiet")
	write("modules/net/main.tf", "# one")
	git("add", ".")
	git("commit", "--quiet", "-m", "one")
	git("tag", "v1")
	write("modules/net/main.tf", "# two")
	git("commit", "--quiet", "-am", "two")

	address := "git::file://" + repository
	content := func(raw string) string {
		t.Helper()
		files, err := Open(raw)
		if err != nil {
			t.Fatal(err)
		}
		text, err := fs.ReadFile(files, "main.tf")
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	got := []string{content(address + "//modules/net?ref=v1"), content(address + "//modules/net")}
	if diff := cmp.Diff([]string{"# one", "# two"}, got); diff != "" {
		t.Error(diff)
	}
	git("branch", "next")
	before := content(address + "//modules/net?ref=next")
	write("modules/net/main.tf", "# three")
	git("commit", "--quiet", "-am", "three")
	git("branch", "--force", "next")
	if diff := cmp.Diff([]string{"# two", "# three"}, []string{before, content(address + "//modules/net?ref=next")}); diff != "" {
		t.Errorf("a branch that moved: %s", diff)
	}
	if _, err := Open(address + "//modules/dns?ref=v1"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: got %v", err)
	}
	if _, err := Open(address + "//../..?ref=v1"); err == nil || !strings.Contains(err.Error(), "leaves the repository") {
		t.Errorf("a folder outside: got %v", err)
	}
	if _, err := Open(address + "//modules/net?ref=v9"); err == nil || !strings.Contains(err.Error(), "--fetch=false") {
		t.Errorf("a version that is not there: got %v", err)
	}
	if _, err := Open("git::--upload-pack=touch /tmp/x//a?ref=v1"); err == nil {
		t.Error("an option in place of an address should be refused")
	}
	if _, err := Open("https://example.com/net.zip"); !errors.Is(err, platform.ErrUnavailable) {
		t.Errorf("no git source: got %v", err)
	}

	// What was fetched once needs the repository no more.
	if err := os.RemoveAll(repository); err != nil {
		t.Fatal(err)
	}
	if got := content(address + "//modules/net?ref=v1"); got != "# one" {
		t.Errorf("from the cache: got %q", got)
	}
}
