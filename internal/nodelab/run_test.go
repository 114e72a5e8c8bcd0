package nodelab

import (
	"os"
	"path/filepath"
	"testing"
)

// A run that was killed leaves its folder and its cgroups to the next one.
func TestNewRunRemovesDeadRuns(t *testing.T) {
	Require(t)
	live := os.Getenv(runVariable)
	dead := filepath.Join(filepath.Dir(live), "lab-dead")
	roots, err := hierarchies()
	if err != nil {
		t.Fatal(err)
	}
	left := []string{filepath.Join(dead, "1", "cp-1")}
	for _, root := range roots {
		left = append(left, filepath.Join(root, filepath.Base(dead), "1-cp-1"))
	}
	for _, dir := range left {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}

	dir, lock, err := newRun()
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	defer os.RemoveAll(dir)
	for _, dir := range left {
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s is still there", dir)
		}
	}
	if _, err := os.Stat(live); err != nil {
		t.Errorf("the run of this test is gone: %v", err)
	}
}
