package disk

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mount puts a small memory file system on a directory.
func mount(t *testing.T, options string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("a small disk needs the right to mount one: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// asAnybody calls do without the right of root to do everything.
func asAnybody(t *testing.T, do func() error) error {
	t.Helper()
	if os.Geteuid() != 0 {
		return do()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := syscall.Setfsuid(65534); err != nil {
		t.Fatal(err)
	}
	return errors.Join(do(), syscall.Setfsuid(0))
}

// open lets anybody write to a directory of the test.
func open(t *testing.T, dir string) {
	t.Helper()
	for d, mode := range map[string]os.FileMode{filepath.Dir(dir): 0o755, dir: 0o777} {
		if err := os.Chmod(d, mode); err != nil {
			t.Fatal(err)
		}
	}
}

func chmod(t *testing.T, name string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := mount(t, "size=64k")
	apply(t, dir, oldTree, Options{})
	before := snapshot(t, dir)
	err := plan(t, dir, tree{"root.hcl": "new\n", "prod/huge.hcl": strings.Repeat("x", 100_000)}, Options{}).Apply()
	if want := "write " + filepath.Join(dir, "prod/huge.hcl") + ": no space left on device; free some space"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want %q in it", err, want)
	}
	if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
		t.Errorf("directory (-before +after):\n%s", diff)
	}
}

func TestReadOnlyFileSystem(t *testing.T) {
	t.Parallel()
	dir := mount(t, "")
	apply(t, dir, oldTree, Options{})
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if c := plan(t, dir, oldTree, Options{}); !c.Clean() || c.Apply() != nil {
		t.Error("a tree that is up to date needs no writing")
	}
	err := plan(t, dir, newTree, Options{}).Apply()
	if !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "choose another output directory") {
		t.Errorf("got error %v", err)
	}
}

// Files cannot be moved to another file system in one step.
func TestMountInsideTheTree(t *testing.T) {
	t.Parallel()
	inside := mount(t, "")
	dir := filepath.Dir(inside)
	wanted := tree{"a.hcl": "1\n", filepath.Base(inside) + "/b.hcl": "1\n"}
	before := snapshot(t, dir)
	err := plan(t, dir, wanted, Options{}).Apply()
	if !errors.Is(err, syscall.EXDEV) || !strings.Contains(err.Error(), filepath.Join(inside, "b.hcl")) {
		t.Errorf("got error %v", err)
	}
	if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
		t.Errorf("directory (-before +after):\n%s", diff)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		path string
		mode os.FileMode
		want string
	}{
		"output directory is read-only": {path: ".", mode: 0o555, want: "make {dir}/.onprem.tmp: permission denied; give this user access"},
		"a directory is read-only":      {path: "prod", mode: 0o555, want: "make {dir}/prod/b: permission denied; give this user access"},
		"a directory is closed":         {path: "prod", mode: 0, want: "look at {dir}/prod/"},
		"a file is unreadable":          {path: "root.hcl", mode: 0, want: "read {dir}/root.hcl: permission denied; give this user access"},
		"the lock file is unreadable":   {path: lockFile, mode: 0, want: "read {dir}/.onprem.lock.json: permission denied"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			apply(t, dir, oldTree, Options{})
			before := snapshot(t, dir)
			open(t, dir)
			chmod(t, filepath.Join(dir, tt.path), tt.mode)
			err := asAnybody(t, func() error {
				c, err := Plan(dir, newTree.files(), Options{})
				if err != nil {
					return err
				}
				return c.Apply()
			})
			if want := strings.ReplaceAll(tt.want, "{dir}", dir); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got error %v, want %q in it", err, want)
			}
			chmod(t, filepath.Join(dir, tt.path), 0o755)
			delete(before, tt.path)
			after := snapshot(t, dir)
			delete(after, tt.path)
			delete(before, ".")
			delete(after, ".")
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("directory (-before +after):\n%s", diff)
			}
		})
	}
}
