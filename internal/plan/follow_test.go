package plan

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An update in place takes a stored secret along to a new address, which a reviewer must see.
func TestSecretsThatFollow(t *testing.T) {
	t.Parallel()
	const registry, connection = "onprem_harbor_registry", "onprem_guacamole_connection"
	for name, tt := range map[string]struct {
		kind, change string
		want         []Way
	}{
		"another host": {registry, `"actions":["update"],"before":{"url":"https://a.example"},"after":{"url":"https://b.example"}`,
			[]Way{{"url", `"https://a.example"`, `"https://b.example"`}}},
		"plain http": {registry, `"actions":["update"],"before":{"url":"https://a.example"},"after":{"url":"http://a.example"}`,
			[]Way{{"url", `"https://a.example"`, `"http://a.example"`}}},
		"another path": {registry, `"actions":["update"],"before":{"url":"https://a.example/x"},"after":{"url":"https://A.example/y"}`, nil},
		"unknown": {registry, `"actions":["update"],"before":{"url":"https://a.example"},"after":{},"after_unknown":{"url":true}`,
			[]Way{{"url", `"https://a.example"`, KnownAfterApply}}},
		"another description": {registry, `"actions":["update"],"before":{"url":"a","description":"a"},"after":{"url":"a","description":"b"}`, nil},
		"replaced":            {registry, `"actions":["delete","create"],"before":{"url":"https://a.example"},"after":{"url":"https://b.example"}`, nil},
		"of a machine": {connection, `"actions":["update"],"before":{"ssh":{"hostname":"10.0.0.1","port":22}},"after":{"ssh":{"hostname":"10.0.0.2","port":22}}`,
			[]Way{{"ssh.hostname", `"10.0.0.1"`, `"10.0.0.2"`}}},
		"of a gateway that was none": {connection, `"actions":["update"],"before":{"rdp":{"gateway_hostname":null}},"after":{"rdp":{"gateway_hostname":"gw"}}`,
			[]Way{{"rdp.gateway_hostname", "", `"gw"`}}},
		"another kind": {"onprem_kong_service", `"actions":["update"],"before":{"url":"https://a.example"},"after":{"url":"https://b.example"}`, nil},
	} {
		plan := planOf(fmt.Sprintf(`{"address":"x.a","mode":"managed","type":%q,"change":{%s}}`, tt.kind, tt.change))
		c := find(t, load(t, Source{Plans: folder(map[string]string{"u": plan})}).Units[0], "x.a")
		if diff := cmp.Diff(tt.want, c.Ways); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
