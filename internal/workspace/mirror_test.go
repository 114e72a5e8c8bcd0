package workspace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMirror(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	provider := filepath.Join(dir, Provider)
	if _, err := Mirror(dir, provider); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("a provider that is not built: got %v", err)
	}
	if err := os.WriteFile(provider, []byte("the provider"), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := Mirror(dir, provider)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(config)
	if err != nil || !strings.Contains(string(text), filepath.Join(dir, "mirror")) {
		t.Errorf("the configuration does not name the mirror: %v\n%s", err, text)
	}
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		found, err := filepath.Glob(filepath.Join(dir, "mirror", host, "onprem-tools", "onprem", mirrorVersion, "*", Provider+"_v"+mirrorVersion))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: got %s, %v", host, found, err)
		}
		if got, err := os.ReadFile(found[0]); err != nil || string(got) != "the provider" {
			t.Errorf("%s: got %q, %v", host, got, err)
		}
	}
}
