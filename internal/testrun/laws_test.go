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

// TestStages: what .ci/run demands of a change is what the workflows demand, and
// CONTRIBUTING.md says so.
func TestStages(t *testing.T) {
	t.Parallel()
	workflows := readText(t, filepath.Join(root, ".github/workflows/test.yml")) + readText(t, filepath.Join(root, ".github/workflows/docs.yml"))
	contributing := readText(t, filepath.Join(root, "CONTRIBUTING.md"))
	script := readText(t, filepath.Join(root, ".ci/run"))
	stages := regexp.MustCompile(`(?m)^ *stage ([a-z-]+) (.+)$`).FindAllStringSubmatch(script, -1)
	if len(stages) < 10 {
		t.Fatalf(".ci/run has %d stages: is it written in another way?", len(stages))
	}
	// Tools are made where they are needed; lint and build are one job.
	elsewhere := map[string]string{"tools": "", "machines-needs": "", "build": "make build lint", "lint": "make build lint", "docs": "make generate"}
	for _, s := range stages {
		name := s[1]
		command, ok := elsewhere[name]
		if !ok {
			command = s[2][strings.Index(s[2], " ")+1:] // after make or tests
		}
		if !strings.Contains(workflows, command) {
			t.Errorf("no job of the workflows Test and Docs runs the stage %s: %s", name, command)
		}
		if name != "machines-needs" && !strings.Contains(contributing, "`"+name+"`") {
			t.Errorf("the table in CONTRIBUTING.md lacks the stage %s", name)
		}
	}
	for _, nightly := range []string{"make machines MACHINES=full", "make outdated"} {
		found, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
		if err != nil || !slices.ContainsFunc(found, func(file string) bool {
			text := readText(t, file)
			return strings.Contains(text, nightly) && strings.Contains(text, "cron:")
		}) {
			t.Errorf("no scheduled workflow runs %s (%v)", nightly, err)
		}
	}
}

// promising are the documents that promise something, and where in them each
// item of a list has to say what keeps it. Comments do, where readers are users.
var promising = map[string]string{
	"SECURITY.md":                  "## What you can rely on\n",
	"README.md":                    "## Why it can be trusted\n",
	"CONTRIBUTING.md":              "",
	"templates/index.md.tmpl":      "",
	"templates/guides/security.md": "## What could happen, and what holds it\n",
}

// TestPromises: a promise names the test or the file that keeps it, which exists.
func TestPromises(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{}
	eachFile(t, func(files *token.FileSet, file *ast.File) {
		name := files.Position(file.Pos()).Filename
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasSuffix(name, "_test.go") && f.Recv == nil {
				folder, _ := filepath.Rel(root, filepath.Dir(name)) // one is below the other
				tests[filepath.ToSlash(folder)+"."+f.Name.Name] = true
			}
		}
	})
	test := regexp.MustCompile(`\b(?:internal|modules)[a-z0-9/]*\.Test\w+`)
	file := regexp.MustCompile("[`(]((?:\\.ci|\\.github|internal|tools|modules|examples|templates|docs)/[\\w./-]+|\\.goreleaser\\.yml)[`)]")
	for document, promises := range promising {
		text := readText(t, filepath.Join(root, document))
		for _, name := range test.FindAllString(text, -1) {
			if !tests[name] {
				t.Errorf("%s names the test %s, which does not exist", document, name)
			}
		}
		for _, path := range file.FindAllStringSubmatch(text, -1) {
			if test.MatchString(path[1]) || strings.HasSuffix(path[1], "...") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, path[1])); err != nil {
				t.Errorf("%s names a file that does not exist: %v", document, err)
			}
		}
		if promises == "" {
			continue
		}
		_, section, ok := strings.Cut(text, promises)
		if !ok {
			t.Errorf("%s has no section %q", document, promises)
			continue
		}
		section, _, _ = strings.Cut(section, "\n## ")
		for _, item := range regexp.MustCompile(`(?m)^(- |\| [^-])`).Split(section, -1)[1:] {
			item, _, _ = strings.Cut(item, "\n\n")
			if strings.HasPrefix(item, "sset ") || test.MatchString(item) || file.MatchString(item) {
				continue // the head of a table names nothing
			}
			t.Errorf("%s does not say what keeps this: %s", document, strings.TrimSpace(item))
		}
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
