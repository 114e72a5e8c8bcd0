package render

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/onprem-tools/terraform-provider-onprem/internal/plan"
)

// A secret that follows to a new address is marked, in the comment and in the text.
func TestSecretsThatFollowAreMarked(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	add(files, "registry", `{"format_version":"1.2","resource_changes":[{"address":"onprem_harbor_registry.hub","mode":"managed","type":"onprem_harbor_registry",`+
		`"change":{"actions":["update"],"before":{"url":"https://a.example"},"after":{"url":"http://b.example"}}}]}`)
	r := load(t, plan.Source{Plans: files})
	want := "**the stored secret goes to a new address** `url = \"https://a.example\" → \"http://b.example\"`"
	if text := Comment(r, options)[0]; !strings.Contains(text, want) {
		t.Errorf("the comment does not say %s:\n%s", want, text)
	}
}
