package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

// TestVersions: every text of this repository names the newest release, and the
// program gets its version from the tag alone.
func TestVersions(t *testing.T) {
	t.Parallel()
	newest, err := newestRelease(root)
	if err != nil {
		t.Fatal(err)
	}
	seen := make([]bool, len(mentions))
	look := func(file string, text []byte) {
		if !bytes.Equal(text, withVersion(text, newest)) {
			t.Errorf("%s names another release than %s: run make generate, or add its folder to versions.go", file, newest)
		}
	}
	for _, folder := range versioned {
		err := eachText(filepath.Join(root, folder), func(file string, text []byte) error {
			for i, m := range mentions {
				seen[i] = seen[i] || m.text.Match(text)
			}
			look(file, text)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, m := range mentions {
		if !seen[i] {
			t.Errorf("nothing looks like %s any more", m.text)
		}
	}
	for _, file := range []string{"README.md", "CONTRIBUTING.md", "DESIGN.md", "action.yml"} {
		look(file, read(t, filepath.Join(root, file)))
	}
	for file, want := range map[string]string{
		"main.go":                       `var version = "dev"`,
		"GNUmakefile":                   "-X main.version=$(VERSION)",
		".goreleaser.yml":               "-X main.version={{ .Version }}",
		".github/workflows/release.yml": `".changes/${GITHUB_REF_NAME}.md"`,
	} {
		if !strings.Contains(string(read(t, filepath.Join(root, file))), want) {
			t.Errorf("%s lacks %s", file, want)
		}
	}
}

func TestWriteVersions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(file, text string) {
		file = filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range versioned {
		write(filepath.Join(folder, "other.txt"), "terraform 1.11.4\n")
	}
	for _, notes := range []string{"v1.9.0.md", "v1.10.2.md", "v2.0.0-rc.1.md", "header.tpl.md"} {
		write(filepath.Join(".changes", notes), "notes\n")
	}
	write("templates/guide.md", "uses: onprem-tools/terraform-provider-onprem@v0.1.0 # pin\nwith:\n  plans: x\n  version: 0.1.0\n  other: 0.1.0\n"+
		"git::https://github.com/onprem-tools/terraform-provider-onprem.git//modules/network?ref=v0.1.0\n")
	write("modules/network/versions.tf", "      source  = \"onprem-tools/onprem\"\n      version = \"~> 0.1\"\n")
	if err := writeVersions(dir); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"templates/guide.md": "uses: onprem-tools/terraform-provider-onprem@v1.10.2 # pin\nwith:\n  plans: x\n  version: 1.10.2\n  other: 0.1.0\n" +
			"git::https://github.com/onprem-tools/terraform-provider-onprem.git//modules/network?ref=v1.10.2\n",
		"modules/network/versions.tf": "      source  = \"onprem-tools/onprem\"\n      version = \"~> 1.10\"\n",
		"modules/other.txt":           "terraform 1.11.4\n",
	} {
		if got := string(read(t, filepath.Join(dir, file))); got != want {
			t.Errorf("%s: got\n%swant\n%s", file, got, want)
		}
	}
	write(".changes/vlast.md", "notes\n")
	if err := writeVersions(dir); err == nil {
		t.Error("notes of no version were taken for a release")
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
