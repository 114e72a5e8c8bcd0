package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const root = "../.."

// TestNolint: a comment that silences a linter which does not run silences
// nothing, and the linter nolintlint sees only those of linters that run.
func TestNolint(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(root, ".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Linters struct{ Enable []string }
	}
	if err := yaml.Unmarshal(content, &config); err != nil {
		t.Fatal(err)
	}
	directive := regexp.MustCompile(`^//nolint:([a-z,]+) // .`)
	seen := 0
	eachFile(t, func(files *token.FileSet, file *ast.File) {
		for _, group := range file.Comments {
			for _, c := range group.List {
				if !strings.HasPrefix(c.Text, "//nolint") {
					continue
				}
				seen++
				match := directive.FindStringSubmatch(c.Text)
				if match == nil {
					t.Errorf("%s: want //nolint:LINTER // REASON, got %q", files.Position(c.Pos()), c.Text)
					continue
				}
				for name := range strings.SplitSeq(match[1], ",") {
					if !slices.Contains(config.Linters.Enable, name) {
						t.Errorf("%s: .golangci.yml does not run %s", files.Position(c.Pos()), name)
					}
				}
			}
		}
	})
	if seen == 0 {
		t.Error("no //nolint was found: is this the root of the module?")
	}
}

// TestSkip: whoever reads that a test was left out reads why.
func TestSkip(t *testing.T) {
	t.Parallel()
	seen := 0
	eachFile(t, func(files *token.FileSet, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, method.Sel.Name) {
				return true
			}
			seen++
			if len(call.Args) == 0 {
				t.Errorf("%s: says not why it skips", files.Position(call.Pos()))
			}
			return true
		})
	})
	if seen == 0 {
		t.Error("no skip was found: is this the root of the module?")
	}
}

// TestWorkflowsArePinned: what builds and tests this project, and above all its
// releases, is what somebody has looked at. Actions are named by their commit,
// programs are built from the modules in tools/, whose go.sum has their hashes.
func TestWorkflowsArePinned(t *testing.T) {
	t.Parallel()
	workflows, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	if err != nil || len(workflows) == 0 {
		t.Fatal("no workflows were found", err)
	}
	uses, pinned := regexp.MustCompile(`\buses: *(\S+)`), regexp.MustCompile(`@[0-9a-f]{40}$`)
	for _, file := range workflows {
		for _, action := range uses.FindAllStringSubmatch(readText(t, file), -1) {
			if !pinned.MatchString(action[1]) {
				t.Errorf("%s uses %s, want it by the hash of a commit", file, action[1])
			}
		}
	}
	release := readText(t, filepath.Join(root, ".github/workflows/release.yml"))
	for _, want := range []string{"make tools-release", "goreleaser release", `$1 == "toolchain"`} {
		if !strings.Contains(release, want) {
			t.Errorf("the release workflow lacks %s", want)
		}
	}
	if !regexp.MustCompile(`(?m)^toolchain go\d+\.\d+\.\d+$`).MatchString(readText(t, filepath.Join(root, "go.mod"))) {
		t.Error("go.mod names no toolchain: releases would be built by the first patch of Go that the module can do with")
	}
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// eachFile parses every Go file of this module.
func eachFile(t *testing.T, do func(*token.FileSet, *ast.File)) {
	t.Helper()
	files := token.NewFileSet()
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		do(files, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
