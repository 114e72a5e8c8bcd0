package kong_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
)

const portal = "onprem_kong_route.portal"

func routeLife(sim *kongsim.Sim, block string) acctest.Life {
	return acctest.Life{
		System: sim, Kind: "routes", Name: "portal", Address: portal, Block: block,
		Full: `
			resource "onprem_kong_route" "portal" {
				name                       = "portal"
				protocols                  = ["https"]
				methods                    = ["GET", "POST"]
				hosts                      = ["accessportal.example.internal", "*.portal.example.internal"]
				paths                      = ["/guacamole", "~/tunnel/\\d+$"]
				headers                    = { "x-site" = ["seoul", "tokyo"] }
				snis                       = ["accessportal.example.internal"]
				https_redirect_status_code = 308
				strip_path                 = false
				preserve_host              = true
				request_buffering          = false
				response_buffering         = false
				regex_priority             = 5
				path_handling              = "v1"
				service                    = { id = "` + sim.Add("services", map[string]any{"name": "portal", "host": "guacamole.svc"}) + `" }
				tags                       = ["portal"]
			}`,
		Bare: `
			resource "onprem_kong_route" "portal" {
				name  = "portal"
				paths = ["/guacamole"]
			}`,
		Stored: acctest.Fields{"protocols": []string{"https"}, "headers": map[string][]string{"x-site": {"seoul", "tokyo"}}, "strip_path": false},
		Stripped: acctest.Fields{
			"protocols": []string{"http", "https"}, "methods": nil, "hosts": nil, "headers": nil, "snis": nil, "service": nil, "tags": nil,
			"strip_path": true, "preserve_host": false, "regex_priority": 0, "path_handling": "v0", "https_redirect_status_code": 426,
			"request_buffering": true, "response_buffering": true,
		},
		Drift: []acctest.Fields{
			{
				"protocols": []string{"http", "https"}, "methods": nil, "hosts": []string{"stray.example.internal"}, "paths": []string{"/"},
				"headers": nil, "snis": nil, "https_redirect_status_code": 301, "strip_path": true, "preserve_host": false,
				"request_buffering": true, "response_buffering": true, "regex_priority": 1, "path_handling": "v0", "service": nil, "tags": nil,
			},
			{"name": "renamed"}, // it is found by its id
			{"sources": []any{map[string]any{"ip": "10.0.0.0/8"}}, "destinations": []any{map[string]any{"port": 1}}},
		},
		Steady: map[string]string{
			"expression": "of gateways of that flavour: TestRouteExpressions", "priority": "the same",
		},
		Identity: []string{"id"}, ImportIDs: []string{"portal"},
	}
}

func TestRouteLife(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	routeLife(sim, p).Run(t)
}

func TestRouteStreams(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	stream := p + `
		resource "onprem_kong_route" "portal" {
			name         = "databases"
			protocols    = ["tcp", "tls"]
			sources      = [{ ip = "10.244.0.0/16" }, { ip = "192.168.1.10", port = 5432 }]
			destinations = [{ port = 5432 }]
		}`
	acctest.Run(t, sim,
		resource.TestStep{Config: stream, ConfigStateChecks: []statecheck.StateCheck{
			acctest.Is(portal, "sources", knownvalue.SetSizeExact(2)),
			acctest.Is(portal, "strip_path", knownvalue.Bool(true)),
		}},
		resource.TestStep{ResourceName: portal, ImportState: true, ImportStateVerify: true, ImportStateId: "databases"},
		resource.TestStep{Config: p + `
			resource "onprem_kong_route" "portal" {
				name      = "databases"
				protocols = ["grpcs"]
				snis      = ["grpc.example.internal"]
			}`, ConfigPlanChecks: acctest.Action(portal, plancheck.ResourceActionUpdate), ConfigStateChecks: []statecheck.StateCheck{
			acctest.Is(portal, "strip_path", knownvalue.Bool(false)),
			acctest.Is(portal, "sources", knownvalue.Null()),
		}},
		resource.TestStep{Config: p + ` # protocols known only after apply
			resource "terraform_data" "protocol" {
				input = "grpc"
			}
			resource "onprem_kong_route" "portal" {
				name      = "databases"
				protocols = [terraform_data.protocol.output]
				paths     = ["/hello.Greeter/"]
			}`, Check: acctest.Has(sim, "routes", "databases", acctest.Fields{"strip_path": false})},
	)
}

// TestRouteEmptyIsNotNull: Kong keeps an empty list apart from none, so the provider does.
func TestRouteEmptyIsNotNull(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	acctest.Run(t, sim, resource.TestStep{Config: p + `
		resource "onprem_kong_route" "portal" {
			name    = "portal"
			paths   = ["/guacamole"]
			hosts   = []
			headers = {}
		}`, Check: acctest.Has(sim, "routes", "portal", acctest.Fields{"hosts": []any{}}),
		ConfigStateChecks: []statecheck.StateCheck{
			acctest.Is(portal, "hosts", knownvalue.ListSizeExact(0)),
			acctest.Is(portal, "headers", knownvalue.MapSizeExact(0)),
			acctest.Is(portal, "methods", knownvalue.Null()),
		}})
}

func TestRouteExpressions(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t, kongsim.Flavor(kongsim.Expressions))
	with := func(body string) string {
		return p + "resource \"onprem_kong_route\" \"portal\" {\n name = \"portal\"\n" + body + "\n}\n"
	}
	expression := `expression = "http.path ^= \"/guacamole\" && http.method == \"GET\""`
	acctest.Run(t, sim,
		resource.TestStep{Config: with(expression + "\n priority = 7"), ConfigStateChecks: []statecheck.StateCheck{
			acctest.Is(portal, "priority", knownvalue.Int64Exact(7)),
		}},
		resource.TestStep{ResourceName: portal, ImportState: true, ImportStateVerify: true},
		resource.TestStep{Config: with(expression), Check: acctest.Has(sim, "routes", "portal", acctest.Fields{"priority": 0})},
		resource.TestStep{Config: with(`paths = ["/guacamole"]`), Check: acctest.Has(sim, "routes", "portal", acctest.Fields{"expression": nil})},
		resource.TestStep{PreConfig: acctest.Edit(t, sim, "routes", "portal", acctest.Fields{"priority": 3}),
			Config: with(`paths = ["/guacamole"]`), ConfigPlanChecks: acctest.Action(portal, plancheck.ResourceActionUpdate),
			Check: acctest.Has(sim, "routes", "portal", acctest.Fields{"priority": 0})},
		resource.TestStep{Config: with(`expression = "http.path ="`), ExpectError: acctest.Says("Unable to update … Router Expression failed")},
		resource.TestStep{Config: with(`sources = [{ ip = "10.0.0.0/8" }]` + "\n" + `paths = ["/guacamole"]`),
			Check: acctest.Has(sim, "routes", "portal", acctest.Fields{"expression": nil})},
	)
}

// TestRouteFlavorMissing: what the gateway's flavour does not have is refused by the gateway alone, with the way out.
func TestRouteFlavorMissing(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	acctest.Run(t, sim, resource.TestStep{Config: p + `
		resource "onprem_kong_route" "portal" {
			expression = "http.path ^= \"/guacamole\""
		}`, ExpectError: acctest.Says("expression = … unknown field … router_flavor = expressions")})
}

func TestRouteServiceMissing(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	acctest.Run(t, sim, resource.TestStep{Config: p + `
		resource "onprem_kong_route" "portal" {
			paths   = ["/guacamole"]
			service = { id = "00000000-0000-4000-8000-000000000404" }
		}`, ExpectError: acctest.Says("service = … does not reference an existing 'services' … made first")})
}

func TestRouteNameTaken(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	id := sim.Add("routes", map[string]any{"name": "portal", "paths": []string{"/guacamole"}})
	config := p + `
		resource "onprem_kong_route" "portal" {
			name  = "portal"
			paths = ["/guacamole"]
		}`
	acctest.Run(t, sim,
		resource.TestStep{Config: config, ExpectError: regexp.MustCompile(`(?s)name  = "portal".*409.*terraform\s+import\s+onprem_kong_route.<label>\s+` + id)},
		resource.TestStep{Config: config, ResourceName: portal, ImportState: true, ImportStateId: "portal", ImportStatePersist: true},
		resource.TestStep{Config: config},
	)
}

func TestRouteRefusedAtPlan(t *testing.T) {
	t.Parallel()
	acctest.Refuses(t, nowhere, "onprem_kong_route", "", map[string]string{
		`name = "x"`: "nothing to match on … methods … hosts … headers … paths … snis",
		`paths = []`: "nothing to match on",
		"protocols = [\"http\"]\n snis = [\"a.test\"]":                      "snis = … needs https, grpcs, tls or tls_passthrough",
		"protocols = [\"tcp\"]\n paths = [\"/x\"]":                          "paths = … cannot be matched with the protocols",
		"protocols = [\"tls_passthrough\"]\n destinations = [{ port = 1 }]": "nothing to match on … `snis`",
		"protocols = [\"grpc\"]\n paths = [\"/x\"]\n methods = [\"POST\"]":  "methods = … cannot be matched",
		"protocols = [\"grpc\"]\n paths = [\"/x\"]\n strip_path = true":     "strip_path = true … cannot be true with grpc",
		"protocols = [\"http\", \"tcp\"]\n paths = [\"/x\"]":                "protocols = … cannot stand on one route",
		"protocols = []\n paths = [\"/x\"]":                                 "protocols = … at least 1",
		"protocols = [\"ftp\"]\n paths = [\"/x\"]":                          "protocols … must be one of",
		`methods = ["get"]`:           "methods = … capital letters",
		`hosts = ["a b"]`:             "hosts = … neither a host name",
		`hosts = ["a:70000"]`:         `hosts = … "70000" is no port`,
		`hosts = ["a.*.b"]`:           "hosts = … first or the last label",
		`paths = ["v1"]`:              "paths = … starts neither with /",
		`paths = ["/a//b"]`:           "paths = … empty segment",
		`paths = ["/%41"]`:            `paths = … write "/A"`,
		`paths = ["/a/../b/"]`:        `paths = … write "/b/"`,
		`paths = ["~/("]`:             "paths = … no regular expression … missing closing",
		`paths = ["~/(?!admin)(x"]`:   "paths = … no regular expression",
		`headers = { Host = ["x"] }`:  "headers = … matched with `hosts`",
		`headers = { "x y" = ["x"] }`: "headers = … no header name",
		`headers = { x = [] }`:        "headers = … at least 1",
		`snis = ["1.2.3.4"]`:          "snis = … is an IP address",
		"protocols = [\"tcp\"]\n sources = [{ ip = \"300.1.1.1\" }]":   "sources = … neither an IP address nor a range",
		"protocols = [\"tcp\"]\n sources = [{ port = 70000 }]":         "sources = … between 0 and 65535",
		"protocols = [\"tcp\"]\n sources = [{}]":                       "has an `ip`, a `port`, or both",
		"paths = [\"/x\"]\n https_redirect_status_code = 200":          "https_redirect_status_code = 200",
		"paths = [\"/x\"]\n path_handling = \"v2\"":                    `path_handling = "v2"`,
		"paths = [\"/x\"]\n service = { id = \"portal\" }":             `"portal" is no UUID`,
		"paths = [\"/x\"]\n expression = \"http.path == \\\"/\\\"\"":   "paths = … beside `expression`",
		"regex_priority = 1\n expression = \"http.path == \\\"/\\\"\"": "regex_priority = 1 … use `priority`",
		"paths = [\"/x\"]\n priority = 1":                              `"expression" must be specified when "priority"`,
	})
}

func TestRouteDataSource(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t, kongsim.Flavor(kongsim.Expressions))
	acctest.Run(t, sim,
		resource.TestStep{Config: p + `
			resource "onprem_kong_route" "portal" {
				name  = "portal"
				paths = ["/guacamole"]
			}
			data "onprem_kong_route" "by_name" {
				name = onprem_kong_route.portal.name
			}
			data "onprem_kong_route" "by_id" {
				id = onprem_kong_route.portal.id
			}`, ConfigStateChecks: []statecheck.StateCheck{
			acctest.Is("data.onprem_kong_route.by_name", "paths", knownvalue.ListSizeExact(1)),
			acctest.Is("data.onprem_kong_route.by_name", "priority", knownvalue.Int64Exact(0)),
			acctest.Is("data.onprem_kong_route.by_id", "name", knownvalue.StringExact("portal")),
		}},
		resource.TestStep{Config: p + `
			data "onprem_kong_route" "none" {
				id = "00000000-0000-4000-8000-000000000404"
			}`, ExpectError: acctest.Says("Unable to read onprem_kong_route … no route with the id")},
	)
}
