package acctest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// ExampleSet is how the documented examples of one system are applied.
type ExampleSet struct {
	System string // as in the names of its resources: onprem_<system>_…

	// Start prepares the system for an example,
	// "data-sources/onprem_kong_route/data-source.tf", and returns the provider
	// block for it. Check, where it is not nil, says whether the destroy at the
	// end left something behind.
	Start func(t *testing.T, example string) (block string, check resource.TestCheckFunc)

	// OnResources applies the examples of a data source on top of the first one of
	// its resource, which they read; together they are the example of the resource.
	OnResources bool

	// Newer has the endings of the examples that need a newer version of the system
	// than the tests have, and what the one of the tests says to them.
	Newer map[string]*regexp.Regexp

	// Planned has the endings of the examples that are only planned, and why.
	Planned map[string]string

	Variables config.Variables // given to the examples that declare them
}

// Examples applies every documented example of a system, and finds nothing to
// change afterwards.
func Examples(t *testing.T, set ExampleSet) {
	t.Helper()
	for example, files := range set.find(t) {
		t.Run(example, func(t *testing.T) {
			t.Parallel()
			block, check := set.Start(t, example)
			var steps []resource.TestStep
			if strings.HasPrefix(example, "list-resources/") {
				steps = queried(t, block, files)
			} else {
				steps = set.steps(t, example, block, files)
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

// steps apply the files of an example, one on top of the other.
func (set ExampleSet) steps(t *testing.T, example, text string, files []string) []resource.TestStep {
	t.Helper()
	var steps []resource.TestStep
	for _, file := range files {
		more, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text += "\n" + string(more)
		steps = append(steps, resource.TestStep{Config: text, ConfigVariables: set.declared(text)})
	}
	for ending, refusal := range set.Newer {
		if strings.HasSuffix(example, ending) {
			steps[0].ExpectError = refusal
		}
	}
	for ending, why := range set.Planned {
		if strings.HasSuffix(example, ending) {
			t.Log("only planned:", why)
			steps[0].PlanOnly, steps[0].ExpectNonEmptyPlan = true, true
		}
	}
	if strings.Contains(text, "for_each") { // the test framework cannot destroy these at its end
		steps = append(steps, resource.TestStep{Config: text, ConfigVariables: set.declared(text), Destroy: true})
	}
	return steps
}

// queried are the steps that list what the example asks for.
func queried(t *testing.T, block string, files []string) []resource.TestStep {
	t.Helper()
	steps := []resource.TestStep{{Config: block}}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		steps = append(steps, resource.TestStep{Query: true, Config: string(text), SkipFunc: below(t, tfversion.Version1_14_0, "a list")})
	}
	return steps
}

// find returns every example with the files that are applied for it, one on top
// of the other. An example by import needs an object that exists and is not
// among them.
func (set ExampleSet) find(t *testing.T) map[string][]string {
	t.Helper()
	examples := map[string][]string{}
	for _, pattern := range []string{"resources/%s/resource*.tf", "data-sources/%s/data-source*.tf", "list-resources/%s/list-resource*.tfquery.hcl"} {
		for _, file := range glob(t, fmt.Sprintf(pattern, "onprem_"+set.System+"_*")) {
			kind, name := filepath.Base(filepath.Dir(filepath.Dir(file))), filepath.Base(filepath.Dir(file))
			example := filepath.Join(kind, name, filepath.Base(file))
			if first := filepath.Join("resources", name, "resource.tf"); set.OnResources && kind == "data-sources" && examples[first] != nil {
				example = first
			}
			examples[example] = append(examples[example], file)
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
