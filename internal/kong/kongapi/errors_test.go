package kongapi

import (
	"strings"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

// Kong draws an arrow below what it does not understand, which points nowhere on one line.
func TestDrawnMessagesKeepTheirLines(t *testing.T) {
	t.Parallel()
	c := answered(t, &faulty.Answer{Status: 400, Body: `{"code":2,"name":"schema violation","fields":{"@entity":["Router Expression failed validation"]},` +
		`"message":"schema violation (Router Expression failed validation:  --> 1:18\n  |\n1 | net.dst.port <= 0o17\n  |                  ^---\n  |\n  = expected EOI)"}`})
	err := c.Routes.Create(t.Context(), someID, &Route{})
	const drawn = `kong answered 400: 
    schema violation (Router Expression failed validation:  --> 1:18
      |
    1 | net.dst.port <= 0o17
      |                  ^---
      |
      = expected EOI)`
	if err == nil || !strings.HasSuffix(err.Error(), drawn) {
		t.Errorf("got\n%v\nwant\n%s", err, drawn)
	}
}
