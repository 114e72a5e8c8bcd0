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
// tests apply its examples: all, all of this kind, or this one by its name.
func TestEveryExampleIsApplied(t *testing.T) {
	t.Parallel()
	var dirs []string
	for _, kind := range []string{"resources", "data-sources", "ephemeral-resources", "actions", "list-resources"} {
		dirs = append(dirs, glob(t, kind, "*")...)
	}
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
		kind := filepath.Base(filepath.Dir(dir))
		applies := func(what string) bool { return strings.Contains(string(test), what) }
		if err != nil || !applies("acctest.Examples(t, ") && !applies(kind+"/*/") && !applies(kind+"/"+filepath.Base(dir)+"/") {
			t.Errorf("no test applies %s (%v)", dir, err)
		}
	}
}
