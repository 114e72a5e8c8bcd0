package disk

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// tree is files by path, shorter to write than bytes.
type tree map[string]string

func (t tree) files() map[string][]byte {
	files := map[string][]byte{}
	for p, content := range t {
		files[p] = []byte(content)
	}
	return files
}

// apply makes dir hold the tree.
func apply(t *testing.T, dir string, wanted tree, opts Options) *Changes {
	t.Helper()
	c := plan(t, dir, wanted, opts)
	if err := c.Apply(); err != nil {
		t.Fatal(err)
	}
	return c
}

func plan(t *testing.T, dir string, wanted tree, opts Options) *Changes {
	t.Helper()
	c, err := Plan(dir, wanted.files(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// onDisk are the files below dir, but for this package's own.
func onDisk(t *testing.T, dir string) tree {
	t.Helper()
	found := tree{}
	walk(t, dir, func(p string, d fs.DirEntry) {
		if d.Type().IsRegular() && p != lockFile && !strings.HasPrefix(p, stageDir) {
			content, err := os.ReadFile(filepath.Join(dir, p))
			if err != nil {
				t.Fatal(err)
			}
			found[p] = string(content)
		}
	})
	return found
}

// snapshot is all there is below dir, with times and modes.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	walk(t, dir, func(p string, d fs.DirEntry) {
		info, err := d.Info()
		if err != nil {
			t.Fatal(err)
		}
		found[p] = info.Mode().String()
		if d.Type().IsRegular() {
			found[p] += " " + info.ModTime().String()
		}
	})
	return found
}

func walk(t *testing.T, dir string, each func(p string, d fs.DirEntry)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil {
			each(p, d)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, dir, p, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, p)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, p), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, dir, p string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, p)); err != nil {
		t.Fatal(err)
	}
}

func TestPlanAndApply(t *testing.T) {
	t.Parallel()
	written := tree{"root.hcl": "root\n", "stage/env.hcl": "stage\n", "prod/seoul/site.hcl": "seoul\n"}
	with := func(p, content string) tree {
		changed := tree{p: content}
		for q, c := range written {
			if q != p {
				changed[q] = c
			}
		}
		return changed
	}
	without := func(p string) tree {
		changed := with(p, "")
		delete(changed, p)
		return changed
	}
	rest := func(p string) []string {
		return slices.DeleteFunc([]string{"prod/seoul/site.hcl", "root.hcl", "stage/env.hcl"}, func(q string) bool { return p == q })
	}

	tests := map[string]struct {
		change  func(t *testing.T, dir string) // by somebody, since the tree was written
		wanted  tree
		opts    Options
		want    Summary
		refused string // part of Apply's error
		then    tree   // what is on disk afterwards; nil: as wanted
		again   Summary
	}{
		"nothing changed": {
			wanted: written,
			want:   Summary{Unchanged: rest("")},
			again:  Summary{Unchanged: rest("")},
		},
		"a new file in new directories": {
			wanted: with("prod/tokyo/network/terragrunt.hcl", "unit\n"),
			want:   Summary{Create: []string{"prod/tokyo/network/terragrunt.hcl"}, Unchanged: rest("")},
			again:  Summary{Unchanged: []string{"prod/seoul/site.hcl", "prod/tokyo/network/terragrunt.hcl", "root.hcl", "stage/env.hcl"}},
		},
		"new content": {
			wanted: with("root.hcl", "new\n"),
			want:   Summary{Update: []string{"root.hcl"}, Unchanged: rest("root.hcl")},
			again:  Summary{Unchanged: rest("")},
		},
		"no longer wanted": {
			wanted: without("prod/seoul/site.hcl"),
			want:   Summary{Remove: []string{"prod/seoul/site.hcl"}, Unchanged: rest("prod/seoul/site.hcl")},
			again:  Summary{Unchanged: rest("prod/seoul/site.hcl")},
		},
		"no longer wanted, and deleted by somebody": {
			change: func(t *testing.T, dir string) { remove(t, dir, "prod/seoul/site.hcl") },
			wanted: without("prod/seoul/site.hcl"),
			want:   Summary{Remove: []string{"prod/seoul/site.hcl"}, Unchanged: rest("prod/seoul/site.hcl")},
			again:  Summary{Unchanged: rest("prod/seoul/site.hcl")},
		},
		"no longer wanted, but edited": {
			change: func(t *testing.T, dir string) { write(t, dir, "root.hcl", "mine\n") },
			wanted: without("root.hcl"),
			want:   Summary{Kept: []string{"root.hcl"}, Unchanged: rest("root.hcl")},
			then:   with("root.hcl", "mine\n"),
			again:  Summary{Unchanged: rest("root.hcl")},
		},
		"deleted by somebody": {
			change: func(t *testing.T, dir string) { remove(t, dir, "prod") },
			wanted: written,
			want:   Summary{Create: []string{"prod/seoul/site.hcl"}, Unchanged: rest("prod/seoul/site.hcl")},
			again:  Summary{Unchanged: rest("")},
		},
		"edited": {
			change:  func(t *testing.T, dir string) { write(t, dir, "root.hcl", "mine\n") },
			wanted:  with("root.hcl", "new\n"),
			want:    Summary{Edited: []string{"root.hcl"}, Unchanged: rest("root.hcl")},
			refused: "root.hcl was changed since it was generated",
			then:    with("root.hcl", "mine\n"),
			again:   Summary{Edited: []string{"root.hcl"}, Unchanged: rest("root.hcl")},
		},
		"edited and kept, while others change": {
			change: func(t *testing.T, dir string) { write(t, dir, "root.hcl", "mine\n") },
			wanted: tree{"root.hcl": "new\n", "stage/env.hcl": "new\n", "prod/seoul/site.hcl": "seoul\n"},
			opts:   Options{Keep: true},
			want:   Summary{Edited: []string{"root.hcl"}, Update: []string{"stage/env.hcl"}, Unchanged: []string{"prod/seoul/site.hcl"}},
			then:   tree{"root.hcl": "mine\n", "stage/env.hcl": "new\n", "prod/seoul/site.hcl": "seoul\n"},
			again:  Summary{Edited: []string{"root.hcl"}, Unchanged: rest("root.hcl")},
		},
		"edited to what it becomes": {
			change: func(t *testing.T, dir string) { write(t, dir, "root.hcl", "new\n") },
			wanted: with("root.hcl", "new\n"),
			want:   Summary{Adopt: []string{"root.hcl"}, Unchanged: rest("root.hcl")},
			again:  Summary{Unchanged: rest("")},
		},
		"foreign": {
			change:  func(t *testing.T, dir string) { write(t, dir, "README.md", "mine\n") },
			wanted:  with("README.md", "generated\n"),
			want:    Summary{Foreign: []string{"README.md"}, Unchanged: rest("")},
			refused: "README.md exists, and is not a generated file",
			then:    with("README.md", "mine\n"),
			again:   Summary{Foreign: []string{"README.md"}, Unchanged: rest("")},
		},
		"foreign and kept": {
			change: func(t *testing.T, dir string) { write(t, dir, "README.md", "mine\n") },
			wanted: with("README.md", "generated\n"),
			opts:   Options{Keep: true},
			want:   Summary{Foreign: []string{"README.md"}, Unchanged: rest("")},
			then:   with("README.md", "mine\n"),
			again:  Summary{Foreign: []string{"README.md"}, Unchanged: rest("")},
		},
		"there already with the right content": {
			change: func(t *testing.T, dir string) { write(t, dir, "README.md", "generated\n") },
			wanted: with("README.md", "generated\n"),
			want:   Summary{Adopt: []string{"README.md"}, Unchanged: rest("")},
			again:  Summary{Unchanged: []string{"README.md", "prod/seoul/site.hcl", "root.hcl", "stage/env.hcl"}},
		},
		"the lock file was deleted": {
			change: func(t *testing.T, dir string) { remove(t, dir, lockFile) },
			wanted: written,
			want:   Summary{Adopt: rest("")},
			again:  Summary{Unchanged: rest("")},
		},
		"files of others are nobody's business": {
			change: func(t *testing.T, dir string) { write(t, dir, "prod/seoul/notes.txt", "mine\n") },
			wanted: without("prod/seoul/site.hcl"),
			want:   Summary{Remove: []string{"prod/seoul/site.hcl"}, Unchanged: rest("prod/seoul/site.hcl")},
			then:   tree{"root.hcl": "root\n", "stage/env.hcl": "stage\n", "prod/seoul/notes.txt": "mine\n"},
			again:  Summary{Unchanged: rest("prod/seoul/site.hcl")},
		},
		"only some paths": {
			wanted: tree{"root.hcl": "new\n", "stage/env.hcl": "new\n"},
			opts:   Options{Only: func(p string) bool { return strings.HasPrefix(p, "stage/") }},
			want:   Summary{Update: []string{"stage/env.hcl"}},
			then:   with("stage/env.hcl", "new\n"),
			again:  Summary{Unchanged: []string{"stage/env.hcl"}},
		},
		"everything goes": {
			wanted: tree{},
			want:   Summary{Remove: rest("")},
			again:  Summary{},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "live")
			apply(t, dir, written, Options{})
			if tt.change != nil {
				tt.change(t, dir)
			}
			before := snapshot(t, dir)
			c := plan(t, dir, tt.wanted, tt.opts)
			if diff := cmp.Diff(tt.want, c.Summary, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
				t.Errorf("Plan changed the directory (-before +after):\n%s", diff)
			}
			checkApply(t, c, tt.refused)
			if tt.then == nil {
				tt.then = tt.wanted
			}
			if diff := cmp.Diff(tt.then, onDisk(t, dir)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}

			before = snapshot(t, dir)
			c = plan(t, dir, tt.wanted, tt.opts)
			if diff := cmp.Diff(tt.again, c.Summary, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("summary of a second run (-want +got):\n%s", diff)
			}
			checkApply(t, c, tt.refused)
			if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
				t.Errorf("a second run changed the directory (-before +after):\n%s", diff)
			}
		})
	}
}

func checkApply(t *testing.T, c *Changes, refused string) {
	t.Helper()
	err := c.Apply()
	switch {
	case refused == "" && err != nil:
		t.Fatal(err)
	case refused != "" && (err == nil || !strings.Contains(err.Error(), refused)):
		t.Fatalf("got error %v, want %q in it", err, refused)
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	one := []string{"a"}
	for name, s := range map[string]Summary{
		"create": {Create: one}, "update": {Update: one}, "remove": {Remove: one}, "adopt": {Adopt: one},
		"edited": {Edited: one}, "foreign": {Foreign: one}, "kept": {Kept: one}, "interrupted": {Interrupted: one},
	} {
		if s.Clean() {
			t.Errorf("%s: clean", name)
		}
	}
	if s := (Summary{Unchanged: one}); !s.Clean() {
		t.Error("unchanged: not clean")
	}
}

func TestApplyOnlyKeepsTheRestOfTheLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	apply(t, dir, tree{"prod/a": "1", "stage/a": "1"}, Options{})
	apply(t, dir, tree{"stage/b": "2"}, Options{Only: func(p string) bool { return strings.HasPrefix(p, "stage/") }})

	c := plan(t, dir, tree{"prod/a": "1", "stage/b": "2"}, Options{})
	want := Summary{Unchanged: []string{"prod/a", "stage/b"}}
	if diff := cmp.Diff(want, c.Summary, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

func TestApplyRemovesOnlyDirectoriesItEmptied(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	apply(t, dir, tree{"a/b/c/gone": "1", "d/stays": "1"}, Options{})
	if err := os.MkdirAll(filepath.Join(dir, "a/empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	apply(t, dir, tree{"d/stays": "1"}, Options{})

	var directories []string
	walk(t, dir, func(p string, d fs.DirEntry) {
		if d.IsDir() {
			directories = append(directories, p)
		}
	})
	if diff := cmp.Diff([]string{".", "a", "a/empty", "d"}, directories); diff != "" {
		t.Errorf("directories (-want +got):\n%s", diff)
	}
}

func TestApplyModes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	apply(t, dir, tree{"a/b": "1"}, Options{})
	probe := t.TempDir() // what the umask of this process leaves
	if err := os.Mkdir(filepath.Join(probe, "a"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(probe, "a/b"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"a", "a/b"} {
		got, want := mode(t, filepath.Join(dir, p)), mode(t, filepath.Join(probe, p))
		if got != want {
			t.Errorf("%s: mode %v, want %v", p, got, want)
		}
	}
}

func mode(t *testing.T, name string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func TestPlanRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(t *testing.T, dir string)
		wanted tree
		want   string
	}{
		"absolute path":                      {wanted: tree{"/etc/passwd": ""}, want: `"/etc/passwd" is not a path inside the output directory`},
		"path above":                         {wanted: tree{"../a": ""}, want: `"../a" is not a path inside`},
		"path through above":                 {wanted: tree{"a/../../b": ""}, want: `is not a path inside`},
		"empty path":                         {wanted: tree{"": ""}, want: `"" is not a path inside`},
		"the directory itself":               {wanted: tree{".": ""}, want: `"." is not a path inside`},
		"backslash":                          {wanted: tree{`a\b`: ""}, want: `not every system allows`},
		"control character":                  {wanted: tree{"a\nb": ""}, want: `not every system allows`},
		"the lock file":                      {wanted: tree{lockFile: ""}, want: "needs for itself"},
		"the staging directory":              {wanted: tree{stageDir + "/a": ""}, want: "needs for itself"},
		"same but for case":                  {wanted: tree{"prod/A.hcl": "", "prod/a.hcl": ""}, want: `"prod/A.hcl" and "prod/a.hcl" are the same`},
		"same directory but case":            {wanted: tree{"Prod/a": "", "prod/b": ""}, want: `"Prod" and "prod" are the same`},
		"file and directory":                 {wanted: tree{"a": "", "a/b": ""}, want: `"a" cannot be a file and, for "a/b", a directory`},
		"file and directory, not neighbours": {wanted: tree{"a": "", "a.hcl": "", "a/b/c": ""}, want: `"a" cannot be a file and`},
		"a file in the way": {
			change: func(t *testing.T, dir string) { write(t, dir, "prod", "mine") },
			wanted: tree{"prod/seoul/a": ""}, want: "prod is a file where the tree needs a directory",
		},
		"a link in the way": {
			change: func(t *testing.T, dir string) { link(t, t.TempDir(), filepath.Join(dir, "prod")) },
			wanted: tree{"prod/a": ""}, want: "prod is a symbolic link where the tree needs a directory",
		},
		"newer lock file": {
			change: func(t *testing.T, dir string) { write(t, dir, lockFile, `{"version": 2, "files": []}`) },
			want:   "this tree was written by a newer version of this program: its lock file has format 2, this version knows 1",
		},
		"lock file with conflicts": {
			change: func(t *testing.T, dir string) { write(t, dir, lockFile, "<<<<<<< HEAD\n") },
			want:   lockFile + ": the lock file is damaged",
		},
		"lock file without version": {
			change: func(t *testing.T, dir string) { write(t, dir, lockFile, "{}") },
			want:   "format version 0 does not exist",
		},
		"lock file that names a path above": {
			change: func(t *testing.T, dir string) {
				write(t, dir, lockFile, `{"version": 1, "files": {"../a": "sha256:00"}}`)
			},
			want: `"../a" is not a path inside`,
		},
		"lock file that is a directory": {
			change: func(t *testing.T, dir string) { write(t, dir, lockFile+"/a", "") },
			want:   "is a directory, not the lock file",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if tt.change != nil {
				tt.change(t, dir)
			}
			_, err := Plan(dir, tt.wanted.files(), Options{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestPlanOutputDirectoryIsAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "live")
	write(t, filepath.Dir(file), "live", "mine")
	_, err := Plan(file, tree{"a": ""}.files(), Options{})
	if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "choose another output directory") {
		t.Errorf("got error %v", err)
	}
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

// Whatever a link leads to, inside or outside, is neither read nor written.
func TestLinksAreNotFollowed(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	apply(t, dir, tree{"linked": "1\n", "gone": "1\n", "moved/gone": "1\n", "stays": "1\n"}, Options{})
	for _, p := range []string{"linked", "gone", "moved/gone"} {
		write(t, outside, p, "1\n")
		remove(t, dir, p)
	}
	link(t, filepath.Join(outside, "linked"), filepath.Join(dir, "linked"))
	link(t, filepath.Join(outside, "gone"), filepath.Join(dir, "gone"))
	remove(t, dir, "moved")
	link(t, filepath.Join(outside, "moved"), filepath.Join(dir, "moved"))
	link(t, filepath.Join(outside, "linked"), filepath.Join(dir, "foreign"))
	before := snapshot(t, outside)

	c := apply(t, dir, tree{"linked": "2\n", "foreign": "1\n", "stays": "2\n"}, Options{Keep: true})
	want := Summary{
		Edited: []string{"linked"}, Foreign: []string{"foreign"}, Kept: []string{"gone"},
		Remove: []string{"moved/gone"}, Update: []string{"stays"},
	}
	if diff := cmp.Diff(want, c.Summary, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, snapshot(t, outside)); diff != "" {
		t.Errorf("outside (-want +got):\n%s", diff)
	}
	for _, p := range []string{"linked", "gone", "moved", "foreign"} {
		if mode(t, filepath.Join(dir, p)).Type() != fs.ModeSymlink {
			t.Errorf("%s is no link any more", p)
		}
	}
	if got, want := c.Diff(), "linked is a symbolic link, and would be a file\n"; !strings.Contains(got, want) {
		t.Errorf("diff:\n%s\nwant in it: %s", got, want)
	}
}

func TestLockFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	apply(t, dir, tree{"b/c&d": "1\n", "a": ""}, Options{})
	got, err := os.ReadFile(filepath.Join(dir, lockFile))
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "version": 1,
  "files": {
    "a": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "b/c&d": "sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865"
  }
}
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("lock file (-want +got):\n%s", diff)
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	apply(t, dir, tree{"edited": "1\n2\n", "gone": "1\n", "same": "1\n", "updated": "1\n2\n3\n", "binary": "\x00"}, Options{})
	write(t, dir, "edited", "1\nmine\n")
	c := plan(t, dir, tree{"edited": "1\n2\n", "new": "1\n", "same": "1\n", "updated": "1\n3\n", "binary": "\x00\x00"}, Options{})
	want := `Binary files a/binary and b/binary differ
--- a/edited
+++ b/edited
@@ -1,2 +1,2 @@
 1
-mine
+2
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-1
--- /dev/null
+++ b/new
@@ -0,0 +1 @@
+1
--- a/updated
+++ b/updated
@@ -1,3 +1,2 @@
 1
-2
 3
`
	if diff := cmp.Diff(want, c.Diff()); diff != "" {
		t.Errorf("diff (-want +got):\n%s", diff)
	}
}

// Whatever a path is made of, it is refused or stays below the output directory.
func FuzzPaths(f *testing.F) {
	for _, p := range []string{"a", "a/b", "../a", "/a", "a/../../b", `..\a`, "a//b", "C:a", "a\x00b", ".", "", lockFile, "\u202e"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		around := t.TempDir()
		dir := filepath.Join(around, "live")
		c, err := Plan(dir, map[string][]byte{p: []byte("x")}, Options{})
		if err != nil || c.Apply() != nil {
			return // refused, here or by the file system
		}
		if diff := cmp.Diff(tree{p: "x"}, onDisk(t, dir)); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
		if beside, err := os.ReadDir(around); err != nil || len(beside) != 1 {
			t.Errorf("beside the output directory: %v, %v", beside, err)
		}
	})
}
