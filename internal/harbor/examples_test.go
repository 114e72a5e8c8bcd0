package harbor_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
)

// TestExamples applies every documented example of Harbor and finds nothing to
// change afterwards.
func TestExamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../examples/*/onprem_harbor_*/*.tf")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		if filepath.Base(file) == "import-by-identity.tf" {
			continue // needs the object that it imports
		}
		t.Run(filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			example, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sim, block := start(t)
			if filepath.Base(file) == "data-source.tf" { // what the data sources find
				sim.AddProject("base-images", "admin")
				sim.AddRegistry("dockerhub", "docker-hub", "https://hub.docker.com")
				sim.AddReplicationPolicy("dockerhub-backup-team1-prod", "dockerhub")
			}
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories,
				Steps: []resource.TestStep{{
					Config:          block + string(example),
					ConfigVariables: variables(string(example)),
				}},
			})
			if filepath.Base(file) == "resource.tf" && len(sim.Names(harborsim.Project))+len(sim.Names(harborsim.Registry)) > 0 {
				t.Error("the example leaves something behind")
			}
		})
	}
}

// variables are the values of an example's variables.
func variables(example string) config.Variables {
	if !says(`variable "dockerhub_token"`).MatchString(example) {
		return nil
	}
	return config.Variables{"dockerhub_token": config.StringVariable(firstSecret)}
}
