package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform/functions"
)

// guide is the reference of the platform file.
const guide = "../../templates/guides/platform-file.md"

// TestGuide loads the examples of the guide, which together are one platform.
func TestGuide(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	var examples strings.Builder
	blocks := regexp.MustCompile("(?s)```hcl\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	for _, block := range blocks {
		examples.WriteString(block[1] + "\n")
	}
	name := filepath.Join(t.TempDir(), platformFile)
	if err := os.WriteFile(name, []byte(examples.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	p, diags, err := (&platformOptions{File: name}).load()
	if err != nil || len(diags) > 0 {
		t.Fatal(err, diags)
	}
	if len(blocks) < 7 || len(p.Units) != 8 {
		t.Errorf("want at least 7 examples and 8 units, got %d and %d", len(blocks), len(p.Units))
	}
	for _, f := range functions.Names() {
		if !strings.Contains(string(text), "`"+f+"`") {
			t.Errorf("the guide does not name the function %s", f)
		}
	}
}

// TestExample loads the example platform, which has nothing to complain about.
func TestExample(t *testing.T) {
	t.Parallel()
	p, diags, err := (&platformOptions{File: "../../examples/generator"}).load()
	if err != nil || len(diags) > 0 {
		t.Fatal(err, diags)
	}
	if len(p.Units) != 13 {
		t.Errorf("want 13 units, got %d", len(p.Units))
	}
}
