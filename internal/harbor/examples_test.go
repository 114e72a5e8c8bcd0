package harbor_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
)

// needs215 are the examples that say so.
var needs215 = regexp.MustCompile(`_(proxy_cache|ca|mirror)\.tf$`)

// TestExamples applies every documented example of Harbor.
func TestExamples(t *testing.T) {
	t.Parallel()
	acctest.Examples(t, acctest.ExampleSet{
		System: "harbor",
		Variables: config.Variables{
			"dockerhub_token": config.StringVariable(firstSecret),
			"company_ca":      config.StringVariable("-----BEGIN CERTIFICATE-----"),
		},
		Start: func(t *testing.T, example string) (string, resource.TestCheckFunc) {
			var opts []harborsim.Option
			if needs215.MatchString(example) {
				opts = append(opts, harborsim.Version215())
			}
			sim, block := start(t, opts...)
			if !strings.HasPrefix(example, "data-sources/") {
				return block, acctest.Nothing(sim)
			}
			sim.AddProject("base-images", "admin") // what the data sources find
			sim.AddLabel("", "released", "#48960C")
			sim.AddLabel("base-images", "keep", "#0065AB")
			sim.AddRegistry("dockerhub", "docker-hub", "https://hub.docker.com")
			sim.AddReplicationPolicy("dockerhub-backup-team1-prod", "dockerhub")
			return block, nil
		},
	})
}
