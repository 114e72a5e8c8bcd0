package acctest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryExampleIsApplied: each folder of examples belongs to a system whose
// tests apply its examples.
func TestEveryExampleIsApplied(t *testing.T) {
	t.Parallel()
	dirs := append(glob(t, "resources", "*"), glob(t, "data-sources", "*")...)
	if len(dirs) == 0 {
		t.Fatal("no examples")
	}
	for _, dir := range dirs {
		words := strings.Split(filepath.Base(dir), "_")
		if len(words) < 3 || words[0] != "onprem" {
			t.Errorf("%s is not named onprem_<system>_<kind>", dir)
			continue
		}
		test, err := os.ReadFile(filepath.Join("..", words[1], "examples_test.go"))
		if err != nil || !strings.Contains(string(test), "acctest.Examples(t, ") {
			t.Errorf("no test applies %s (%v)", dir, err)
		}
	}
}
