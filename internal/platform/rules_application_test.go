package platform

import (
	"fmt"
	"testing"
)

func TestKongRules(t *testing.T) {
	t.Parallel()
	// Services are in line 4 and following.
	gateway := func(services string) string {
		return `component "gateway" {
  per    = "site"
  module = "builtin:gateway"
  inputs = { services = {` + services + `
  } }
}
` + header + sites
	}
	once := func(route string) string {
		return gateway(`
    one = { url = "http://one", routes = { one = { hosts = ["api.example.internal"], paths = ["/v1"] } } }
    two = { url = "http://two", routes = { two = ` + route + ` } }`)
	}
	testRules(t, map[string]ruleTest{
		"the same host and path": {once(`{ hosts = ["a.example.internal", "API.example.internal"], paths = ["/v1"] }`),
			[]string{`6 kong-route-twice: Routes "two" and "one", platform.hcl:5, api.example.internal /v1`}},
		"another path":   {once(`{ hosts = ["api.example.internal"], paths = ["/v2"] }`), nil},
		"another host":   {once(`{ hosts = ["www.example.internal"], paths = ["/v1"] }`), nil},
		"more is asked":  {once(`{ hosts = ["api.example.internal"], paths = ["/v1"], methods = ["GET"] }`), nil},
		"another header": {once(`{ hosts = ["api.example.internal"], paths = ["/v1"], headers = { x-version = ["2"] } }`), nil},
		"other protocol": {once(`{ hosts = ["api.example.internal"], paths = ["/v1"], protocols = ["grpc"] }`), nil},
		"ignored": {gateway(`
    one = { url = "http://one", routes = { one = { hosts = ["a"], paths = ["/"] } } }
    # onprem:ignore onprem/kong-route-twice because both lead to the same application
    two = { url = "http://two", routes = { two = { hosts = ["a"], paths = ["/"] } } }`), nil},
		"two components of one Kong": {`component "one" {
  per    = "environment"
  module = "builtin:gateway"
  inputs = { services = { one = { url = "http://one", routes = { one = { hosts = ["a"] } } } } }
}
component "two" {
  per    = "environment"
  module = "builtin:gateway"
  inputs = { services = { two = { url = "http://two", routes = { two = { hosts = ["a"] } } } } }
}
environment "prod" {}
platform "acme" {
  state "local" {}
  provider "onprem" { kong = { admin_url = "http://kong:8001" } }
}`, []string{"9 kong-route-twice: platform.hcl:4"}},
	})
}

func TestHarborRules(t *testing.T) {
	t.Parallel()
	// Two Harbors, each with a policy that copies to the other: in line 8 that of
	// stage, in line 11 that of prod.
	harbors := func(stage, prod string) string {
		return fmt.Sprintf(`component "registry" {
  per    = "environment"
  module = "builtin:registry"
  inputs = {
    registries = { other = { type = "harbor", url = "https://Harbor.${env.other}.example.internal/" } }
  }
  override "stage" {
    inputs = { replications = { copy = %s } }
  }
  override "prod" {
    inputs = { replications = { copy = %s } }
  }
}
environment "stage" { other = "prod" }
environment "prod" { other = "stage" }
platform "acme" {
  state "local" {}
  provider "onprem" { harbor = { url = "https://harbor.${env.name}.example.internal" } }
}`, stage, prod)
	}
	push := `{ dest_registry = "other", trigger = "event_based", filters = { name = "team1/**" } }`
	testRules(t, map[string]ruleTest{
		"there and back":     {harbors(push, push), []string{`8 harbor-replication-loop: "copy" of stage copies "team1", to https://harbor.prod.example.internal, platform.hcl:11`}},
		"by a pull as well":  {harbors(push, `{ dest_registry = "other", trigger = "scheduled", cron = "0 0 2 * * *", filters = { name = "team*/**" } }`), []string{"8 harbor-replication-loop: copies"}},
		"everything":         {harbors(push, `{ dest_registry = "other", trigger = "event_based" }`), []string{"8 harbor-replication-loop: copies"}},
		"one of them manual": {harbors(push, `{ dest_registry = "other", filters = { name = "team1/**" } }`), nil},
		"disabled":           {harbors(push, `{ dest_registry = "other", trigger = "event_based", enabled = false, filters = { name = "team1/**" } }`), nil},
		"other projects":     {harbors(push, `{ dest_registry = "other", trigger = "event_based", filters = { name = "{team2,team3}/**" } }`), nil},
		"to another project": {harbors(push, `{ dest_registry = "other", trigger = "event_based", dest_namespace = "copies", filters = { name = "team1/**" } }`), nil},
		"both pull from the other": {harbors(
			`{ src_registry = "other", trigger = "scheduled", cron = "0 0 2 * * *" }`,
			`{ src_registry = "other", trigger = "scheduled", cron = "0 0 3 * * *" }`), []string{"8 harbor-replication-loop: copies"}},
		"pull and push in one Harbor": {`component "registry" {
  per    = "environment"
  module = "builtin:registry"
  inputs = {
    registries = { hub = { type = "docker-hub", url = "https://hub.docker.com" } }
    replications = {
      fetch = { src_registry = "hub", trigger = "scheduled", cron = "0 0 2 * * *", filters = { name = "acme/**" } }
      send  = { dest_registry = "hub", trigger = "event_based", filters = { name = "acme/**" } }
    }
  }
}
environment "prod" {}
` + header, []string{`8 harbor-replication-loop: "send" of prod, "fetch" of prod, platform.hcl:7`}},
		"ignored": {harbors(push+" # onprem:ignore onprem/harbor-replication-loop because only one side is written to\n", push), nil},
	})
}

func TestPatternsMeet(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"team1", "team1", true},
		{"team1", "team2", false},
		{"team1", "team*", true},
		{"base", "team*", false},
		{"**", "team1", true},
		{"team*", "team1-*", true},
		{"team*", "base*", false},
		{"{team1,team2}", "team1", true},
		{"{team1,team2}", "team3", false},
	} {
		for _, pair := range [][2]string{{tc.a, tc.b}, {tc.b, tc.a}} {
			if got := patternsMeet(pair[0], pair[1]); got != tc.want {
				t.Errorf("%s and %s: got %t", pair[0], pair[1], got)
			}
		}
	}
}
