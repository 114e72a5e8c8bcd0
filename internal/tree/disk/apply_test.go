package disk

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Between these two lies every kind of change, with directories that come and go.
var (
	oldTree = tree{"root.hcl": "old\n", "same.hcl": "same\n", "prod/env.hcl": "old\n", "prod/a/x": "1\n", "gone/b/c": "1\n", "gone/d": "1\n"}
	newTree = tree{"root.hcl": "new\n", "same.hcl": "same\n", "prod/env.hcl": "new\n", "prod/b/x": "2\n", "come/b/c": "2\n", "come/d": "2\n"}
	changed = []string{"come/b/c", "come/d", "gone/b/c", "gone/d", "prod/a/x", "prod/b/x", "prod/env.hcl", "root.hcl"}
)

// A run that fails at any of its operations takes back all it has done.
func TestApplyFails(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		dir := t.TempDir()
		apply(t, dir, oldTree, Options{})
		before := snapshot(t, dir)
		failed, count := "", 0
		err := plan(t, dir, newTree, Options{before: func(op, p string) error {
			if count++; count != n {
				return nil
			}
			failed = op + " " + filepath.Join(dir, p)
			return syscall.ENOSPC
		}}).Apply()
		if failed == "" && err == nil {
			return // every operation has had its turn
		}
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), failed) || !strings.Contains(err.Error(), "free some space") {
			t.Errorf("%s: got error %v", failed, err)
		}
		if failed == "remove "+filepath.Join(dir, stageDir) {
			checkFiles(t, dir, newTree) // what failed was to tidy up
			continue
		}
		if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" || !strings.Contains(err.Error(), "nothing was changed") {
			t.Errorf("%s: got error %v, directory (-before +after):\n%s", failed, err, diff)
		}
	}
}

// What cannot be taken back is left to the next run, with all it needs to know.
func TestApplyFailsAndCannotBeTakenBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	apply(t, dir, oldTree, Options{})
	err := plan(t, dir, newTree, Options{before: func(op, p string) error {
		if op != "remove" || p != "gone/b" {
			return nil
		}
		write(t, dir, "gone/d/in the way", "mine\n") // where a file is to go back to
		return syscall.ENOSPC
	}}).Apply()
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "run it again") {
		t.Errorf("got error %v", err)
	}
	c := plan(t, dir, newTree, Options{})
	if diff := cmp.Diff(changed, c.Interrupted); diff != "" {
		t.Errorf("interrupted (-want +got):\n%s", diff)
	}
	remove(t, dir, "gone/d")
	checkRecovers(t, dir, newTree)
}

// A run that is killed at any of its operations leaves the old tree, or one that
// the next run knows about: it says which files it is, and may go either way.
func TestApplyKilled(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		dir := t.TempDir()
		apply(t, dir, oldTree, Options{})
		if !applyAndDie(t, dir, newTree, n) {
			break
		}
		t.Run(fmt.Sprintf("at operation %d", n), func(t *testing.T) {
			t.Parallel()
			checkInterrupted(t, dir)
			checkRecovers(t, clone(t, dir), newTree)
			checkRecovers(t, dir, oldTree)
		})
	}
}

// The run that makes an interrupted one good may be killed as well.
func TestApplyKilledTwice(t *testing.T) {
	t.Parallel()
	interrupted := t.TempDir()
	apply(t, interrupted, oldTree, Options{})
	for n := 20; len(plan(t, interrupted, newTree, Options{}).Interrupted) == 0; n++ {
		if !applyAndDie(t, interrupted, newTree, n) {
			t.Fatal("no operation interrupts a run")
		}
	}
	for n := 1; ; n++ {
		dir := clone(t, interrupted)
		if !applyAndDie(t, dir, oldTree, n) {
			break
		}
		t.Run(fmt.Sprintf("at operation %d", n), func(t *testing.T) {
			t.Parallel()
			checkRecovers(t, clone(t, dir), newTree)
			checkRecovers(t, dir, oldTree)
		})
	}
}

func clone(t *testing.T, dir string) string {
	t.Helper()
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return copied
}

// checkInterrupted looks at what a run from the old to the new tree left.
func checkInterrupted(t *testing.T, dir string) {
	t.Helper()
	found := onDisk(t, dir)
	for p, content := range found {
		if content != oldTree[p] && content != newTree[p] {
			t.Errorf("%s: %q is neither old nor new", p, content)
		}
	}
	_, err := os.Stat(filepath.Join(dir, journal))
	interrupted := plan(t, dir, newTree, Options{}).Interrupted
	if err == nil {
		if diff := cmp.Diff(changed, interrupted); diff != "" {
			t.Errorf("interrupted (-want +got):\n%s", diff)
		}
		return
	}
	if len(interrupted) > 0 || (!maps.Equal(found, oldTree) && !maps.Equal(found, newTree)) {
		t.Errorf("no journal, but the tree is neither old nor new, or said to be interrupted: %v, %v", found, interrupted)
	}
}

// checkRecovers runs once more, and finds the directory as if nothing had been.
func checkRecovers(t *testing.T, dir string, wanted tree) {
	t.Helper()
	c := apply(t, dir, wanted, Options{})
	if len(c.Edited)+len(c.Foreign)+len(c.Kept) > 0 {
		t.Errorf("generated files taken for those of others: %+v", c.Summary)
	}
	checkFiles(t, dir, wanted)
	if c := plan(t, dir, wanted, Options{}); !c.Clean() {
		t.Errorf("not clean: %+v", c.Summary)
	}
	fresh := t.TempDir()
	apply(t, fresh, wanted, Options{})
	for _, p := range []string{stageDir, "gone", "come", "prod/a", "prod/b"} {
		_, got := os.Stat(filepath.Join(dir, p))
		_, want := os.Stat(filepath.Join(fresh, p))
		if (got == nil) != (want == nil) {
			t.Errorf("%s: %v, in a fresh directory %v", p, got, want)
		}
	}
}

func checkFiles(t *testing.T, dir string, want tree) {
	t.Helper()
	if diff := cmp.Diff(want, onDisk(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// What somebody does to the tree while a run is at work is not lost either.
func TestApplyMeddledWith(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"root.hcl", "prod/a/x", "come/d"} { // updated, removed, created
		t.Run(p, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			apply(t, dir, oldTree, Options{})
			err := plan(t, dir, newTree, Options{before: func(op, q string) error {
				if op == "move" && q == "gone/d" {
					write(t, dir, p, "mine\n")
				}
				return nil
			}}).Apply()
			if !errors.Is(err, errMeddling) || !strings.Contains(err.Error(), filepath.Join(dir, p)) {
				t.Errorf("got error %v", err)
			}
			want := maps.Clone(oldTree)
			want[p] = "mine\n"
			checkFiles(t, dir, want)
		})
	}
}

func TestApplyWhileAnotherRunIsAtWork(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var second error
	c := plan(t, dir, newTree, Options{before: func(string, string) error {
		second = plan(t, dir, oldTree, Options{}).Apply()
		return nil
	}})
	if err := c.Apply(); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(second, errBusy) || !strings.Contains(second.Error(), dir) {
		t.Errorf("second run: got error %v", second)
	}
	checkFiles(t, dir, newTree)
}

func TestInterruptedRun(t *testing.T) {
	t.Parallel()
	interrupted := func(t *testing.T) (dir string) {
		t.Helper()
		dir = t.TempDir()
		apply(t, dir, oldTree, Options{})
		write(t, dir, journal, string(hashes{"root.hcl": hashOf([]byte("new\n")), "same.hcl": hashOf([]byte("same\n"))}.encode()))
		write(t, dir, "root.hcl", "new\n")
		return dir
	}
	t.Run("planning leaves it as it is", func(t *testing.T) {
		t.Parallel()
		dir := interrupted(t)
		before := snapshot(t, dir)
		if c := plan(t, dir, newTree, Options{}); c.Clean() {
			t.Error("clean")
		}
		if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
			t.Errorf("directory (-before +after):\n%s", diff)
		}
	})
	t.Run("a file edited since is still the user's", func(t *testing.T) {
		t.Parallel()
		dir := interrupted(t)
		write(t, dir, "root.hcl", "mine\n")
		c := plan(t, dir, newTree, Options{})
		if diff := cmp.Diff([]string{"root.hcl"}, c.Edited); diff != "" {
			t.Errorf("edited (-want +got):\n%s", diff)
		}
	})
	t.Run("a run for some files refuses to leave it half done", func(t *testing.T) {
		t.Parallel()
		dir := interrupted(t)
		_, err := Plan(dir, newTree.files(), Options{Only: func(p string) bool { return p == "root.hcl" }})
		if err == nil || !strings.Contains(err.Error(), "run it once for all files") {
			t.Errorf("got error %v", err)
		}
	})
}

const (
	killIn   = "ONPREM_TEST_KILL_IN"
	killAt   = "ONPREM_TEST_KILL_AT"
	killTree = "ONPREM_TEST_KILL_TREE"
)

// TestMain lets this program also be the run that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(killIn); dir != "" {
		if err := die(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// die is a run that kills itself ahead of one of its operations.
func die(dir string) error {
	n, err := strconv.Atoi(os.Getenv(killAt))
	if err != nil {
		return err
	}
	var wanted tree
	if err := json.Unmarshal([]byte(os.Getenv(killTree)), &wanted); err != nil {
		return err
	}
	c, err := Plan(dir, wanted.files(), Options{before: func(string, string) error {
		if n--; n > 0 {
			return nil
		}
		self, err := os.FindProcess(os.Getpid())
		return errors.Join(err, self.Kill())
	}})
	if err != nil {
		return err
	}
	return c.Apply()
}

// applyAndDie applies the tree in a process that is killed ahead of operation
// n. It reports false when there are fewer.
func applyAndDie(t *testing.T, dir string, wanted tree, n int) bool {
	t.Helper()
	files, err := json.Marshal(wanted)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), killIn+"="+dir, killAt+"="+strconv.Itoa(n), killTree+"="+string(files))
	output, err := cmd.CombinedOutput()
	if cmd.ProcessState.Exited() && err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return !cmd.ProcessState.Exited()
}
