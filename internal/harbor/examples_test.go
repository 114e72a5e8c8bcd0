package harbor_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
)

// TestExamples applies every documented example of Harbor.
func TestExamples(t *testing.T) {
	t.Parallel()
	acctest.Examples(t, acctest.ExampleSet{
		System:    "harbor",
		Variables: config.Variables{"dockerhub_token": config.StringVariable(firstSecret)},
		Start: func(t *testing.T, example string) (string, resource.TestCheckFunc) {
			sim, block := start(t)
			if !strings.HasPrefix(example, "data-sources/") {
				return block, empty(sim)
			}
			sim.AddProject("base-images", "admin") // what the data sources find
			sim.AddRegistry("dockerhub", "docker-hub", "https://hub.docker.com")
			sim.AddReplicationPolicy("dockerhub-backup-team1-prod", "dockerhub")
			return block, nil
		},
	})
}
