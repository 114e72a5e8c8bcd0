package acctest

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folders are those of systems that are not called after them.
var folders = map[string]string{"kubernetes": "cluster"}

// TestEveryExampleIsApplied: each folder of examples belongs to a system whose
// tests apply its examples, all or this one by its name.
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
		test, err := os.ReadFile(filepath.Join("..", cmp.Or(folders[words[1]], words[1]), "examples_test.go"))
		name := filepath.Base(filepath.Dir(dir)) + "/" + filepath.Base(dir) + "/"
		if err != nil || !strings.Contains(string(test), "acctest.Examples(t, ") && !strings.Contains(string(test), name) {
			t.Errorf("no test applies %s (%v)", dir, err)
		}
	}
}
