package acctest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// ExampleSet is how the documented examples of one system are applied.
type ExampleSet struct {
	System string // as in the names of its resources: onprem_<system>_…

	// Start prepares the system for an example, "data-sources/onprem_kong_route",
	// and returns the provider block for it. Check, where it is not nil, says
	// whether the destroy at the end left something behind.
	Start func(t *testing.T, example string) (block string, check resource.TestCheckFunc)

	// OnResources applies the example of a data source on top of the one of its
	// resource, which it reads; both are then one example, "onprem_calico_ip_pool".
	OnResources bool

	Variables config.Variables // given to the examples that declare them
}

// Examples applies every documented example of a system, and finds nothing to
// change afterwards.
func Examples(t *testing.T, set ExampleSet) {
	t.Helper()
	for example, files := range set.find(t) {
		t.Run(example, func(t *testing.T) {
			t.Parallel()
			text, check := set.Start(t, example)
			var steps []resource.TestStep
			for _, file := range files {
				more, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				text += "\n" + string(more)
				steps = append(steps, resource.TestStep{Config: text, ConfigVariables: set.declared(text)})
			}
			if strings.Contains(text, "for_each") { // the test framework cannot destroy these at its end
				steps = append(steps, resource.TestStep{Config: text, ConfigVariables: set.declared(text), Destroy: true})
			}
			resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: Factories, Steps: steps})
			if check == nil {
				return
			}
			if err := check(nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// find returns the files of every example, those of resources first. An
// example by import needs an object that exists and is not among them.
func (set ExampleSet) find(t *testing.T) map[string][]string {
	t.Helper()
	examples := map[string][]string{}
	for _, kind := range []string{"resources", "data-sources"} {
		for _, dir := range glob(t, kind, "onprem_"+set.System+"_*") {
			files := slices.DeleteFunc(glob(t, kind, filepath.Base(dir), "*.tf"), func(file string) bool {
				return filepath.Base(file) == "import-by-identity.tf"
			})
			if len(files) == 0 {
				t.Errorf("%s has no example", dir)
			}
			example := kind + "/" + filepath.Base(dir)
			if set.OnResources {
				example = filepath.Base(dir)
			}
			examples[example] = append(examples[example], files...)
		}
	}
	if len(examples) == 0 {
		t.Errorf("%s has no examples", set.System)
	}
	return examples
}

// declared are the values of the variables that a configuration declares.
func (set ExampleSet) declared(text string) config.Variables {
	values := config.Variables{}
	for name, value := range set.Variables {
		if strings.Contains(text, fmt.Sprintf("variable %q", name)) {
			values[name] = value
		}
	}
	return values
}

// glob finds examples from the folder of any package in internal.
func glob(t *testing.T, pattern ...string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("..", "..", "examples", filepath.Join(pattern...)))
	if err != nil {
		t.Fatal(err)
	}
	return found
}
