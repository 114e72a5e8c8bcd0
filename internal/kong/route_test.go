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

const portalService = `
		resource "onprem_kong_service" "portal" {
			name = "portal"
			url  = "http://guacamole.secern-access-portal.svc:8080/guacamole"
		}`

func TestRouteLife(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	full := p + portalService + `
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
			service                    = { id = onprem_kong_service.portal.id }
			tags                       = ["portal"]
		}`
	plain := p + portalService + `
		resource "onprem_kong_route" "portal" {
			name  = "portal"
			paths = ["/guacamole"]
		}`
	unit(t, sim,
		resource.TestStep{Config: full, ConfigStateChecks: []statecheck.StateCheck{
			is(portal, "methods", knownvalue.SetSizeExact(2)),
			is(portal, "headers", knownvalue.MapExact(map[string]knownvalue.Check{
				"x-site": knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("seoul"), knownvalue.StringExact("tokyo")}),
			})),
			is(portal, "strip_path", knownvalue.Bool(false)),
			is(portal, "expression", knownvalue.Null()),
			is(portal, "priority", knownvalue.Null()),
		}},
		resource.TestStep{ResourceName: portal, ImportState: true, ImportStateVerify: true},
		resource.TestStep{ResourceName: portal, ImportState: true, ImportStateVerify: true, ImportStateId: "portal"},
		resource.TestStep{ // what leaves the configuration leaves the gateway
			Config: plain, ConfigPlanChecks: acctest.Action(portal, plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{
				is(portal, "protocols", knownvalue.SetSizeExact(2)),
				is(portal, "methods", knownvalue.Null()),
				is(portal, "hosts", knownvalue.Null()),
				is(portal, "headers", knownvalue.Null()),
				is(portal, "snis", knownvalue.Null()),
				is(portal, "service", knownvalue.Null()),
				is(portal, "tags", knownvalue.Null()),
				is(portal, "strip_path", knownvalue.Bool(true)),
				is(portal, "regex_priority", knownvalue.Int64Exact(0)),
				is(portal, "path_handling", knownvalue.StringExact("v0")),
				is(portal, "https_redirect_status_code", knownvalue.Int64Exact(426)),
			},
			Check: resource.ComposeTestCheckFunc(
				stored(sim, "routes", "portal", "hosts", nil),
				stored(sim, "routes", "portal", "headers", nil),
				stored(sim, "routes", "portal", "service", nil),
				stored(sim, "routes", "portal", "preserve_host", false),
			),
		},
		resource.TestStep{ // drift
			PreConfig: func() {
				sim.Edit("routes", "portal", map[string]any{"hosts": []string{"stray.example.internal"}, "strip_path": false})
			},
			Config: plain, ConfigPlanChecks: acctest.Action(portal, plancheck.ResourceActionUpdate),
			Check: resource.ComposeTestCheckFunc(
				stored(sim, "routes", "portal", "hosts", nil),
				stored(sim, "routes", "portal", "strip_path", true),
			),
		},
		resource.TestStep{ // gone behind Terraform's back
			PreConfig: func() { sim.Forget("routes", "portal") },
			Config:    plain, ConfigPlanChecks: acctest.Action(portal, plancheck.ResourceActionCreate),
		},
		resource.TestStep{Config: plain, PlanOnly: true},
	)
}

func TestRouteImportByIdentity(t *testing.T) {
	t.Parallel()
	_, p := gateway(t)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		TerraformVersionChecks:   acctest.WithIdentity,
		Steps: []resource.TestStep{
			{Config: p + `
				resource "onprem_kong_route" "portal" {
					paths = ["/guacamole"]
				}`},
			{ResourceName: portal, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		},
	})
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
	unit(t, sim,
		resource.TestStep{Config: stream, ConfigStateChecks: []statecheck.StateCheck{
			is(portal, "sources", knownvalue.SetSizeExact(2)),
			is(portal, "strip_path", knownvalue.Bool(true)),
		}},
		resource.TestStep{ResourceName: portal, ImportState: true, ImportStateVerify: true, ImportStateId: "databases"},
		resource.TestStep{Config: p + `
			resource "onprem_kong_route" "portal" {
				name      = "databases"
				protocols = ["grpcs"]
				snis      = ["grpc.example.internal"]
			}`, ConfigPlanChecks: acctest.Action(portal, plancheck.ResourceActionUpdate), ConfigStateChecks: []statecheck.StateCheck{
			is(portal, "strip_path", knownvalue.Bool(false)),
			is(portal, "sources", knownvalue.Null()),
		}},
		resource.TestStep{Config: p + ` # protocols known only after apply
			resource "terraform_data" "protocol" {
				input = "grpc"
			}
			resource "onprem_kong_route" "portal" {
				name      = "databases"
				protocols = [terraform_data.protocol.output]
				paths     = ["/hello.Greeter/"]
			}`, Check: stored(sim, "routes", "databases", "strip_path", false)},
	)
}

// TestRouteEmptyIsNotNull: Kong keeps an empty list apart from none, so the provider does.
func TestRouteEmptyIsNotNull(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	unit(t, sim, resource.TestStep{Config: p + `
		resource "onprem_kong_route" "portal" {
			name    = "portal"
			paths   = ["/guacamole"]
			hosts   = []
			headers = {}
		}`, Check: stored(sim, "routes", "portal", "hosts", []any{}),
		ConfigStateChecks: []statecheck.StateCheck{
			is(portal, "hosts", knownvalue.ListSizeExact(0)),
			is(portal, "headers", knownvalue.MapSizeExact(0)),
			is(portal, "methods", knownvalue.Null()),
		}})
}

func TestRouteExpressions(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t, kongsim.Flavor(kongsim.Expressions))
	with := func(body string) string {
		return p + "resource \"onprem_kong_route\" \"portal\" {\n name = \"portal\"\n" + body + "\n}\n"
	}
	expression := `expression = "http.path ^= \"/guacamole\" && http.method == \"GET\""`
	unit(t, sim,
		resource.TestStep{Config: with(expression + "\n priority = 7"), ConfigStateChecks: []statecheck.StateCheck{
			is(portal, "priority", knownvalue.Int64Exact(7)),
		}},
		resource.TestStep{ResourceName: portal, ImportState: true, ImportStateVerify: true},
		resource.TestStep{Config: with(expression), Check: stored(sim, "routes", "portal", "priority", 0)},
		resource.TestStep{Config: with(`paths = ["/guacamole"]`), Check: stored(sim, "routes", "portal", "expression", nil)},
		resource.TestStep{PreConfig: func() { sim.Edit("routes", "portal", map[string]any{"priority": 3}) },
			Config: with(`paths = ["/guacamole"]`), ConfigPlanChecks: acctest.Action(portal, plancheck.ResourceActionUpdate),
			Check: stored(sim, "routes", "portal", "priority", 0)},
		resource.TestStep{Config: with(`expression = "http.path ="`), ExpectError: regexp.MustCompile(`(?s)Unable to update.*Router\s+Expression\s+failed`)},
		resource.TestStep{Config: with(`sources = [{ ip = "10.0.0.0/8" }]` + "\n" + `paths = ["/guacamole"]`),
			Check: stored(sim, "routes", "portal", "expression", nil)},
	)
}

// TestRouteFlavorMissing: what the gateway's flavour does not have is refused by the gateway alone, with the way out.
func TestRouteFlavorMissing(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	unit(t, sim, resource.TestStep{Config: p + `
		resource "onprem_kong_route" "portal" {
			expression = "http.path ^= \"/guacamole\""
		}`, ExpectError: regexp.MustCompile(`(?s)expression = .*unknown\s+field.*router_flavor\s+=\s+expressions`)})
}

func TestRouteServiceMissing(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	unit(t, sim, resource.TestStep{Config: p + `
		resource "onprem_kong_route" "portal" {
			paths   = ["/guacamole"]
			service = { id = "00000000-0000-4000-8000-000000000404" }
		}`, ExpectError: regexp.MustCompile(`(?s)service = .*does\s+not\s+reference\s+an\s+existing\s+'services'.*made\s+first`)})
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
	unit(t, sim,
		resource.TestStep{Config: config, ExpectError: regexp.MustCompile(`(?s)name  = "portal".*409.*terraform\s+import\s+onprem_kong_route.<label>\s+` + id)},
		resource.TestStep{Config: config, ResourceName: portal, ImportState: true, ImportStateId: "portal", ImportStatePersist: true},
		resource.TestStep{Config: config},
	)
}

func TestRouteRefusedAtPlan(t *testing.T) {
	t.Parallel()
	refused(t, "resource \"onprem_kong_route\"", map[string]refusal{
		"nothing":         {`name = "x"`, `nothing to match on.*methods.*hosts.*headers.*paths.*snis`},
		"nothing_empty":   {`paths = []`, `nothing to match on`},
		"http_by_snis":    {"protocols = [\"http\"]\n snis = [\"a.test\"]", `snis = .*needs https, grpcs, tls or tls_passthrough`},
		"tcp_by_paths":    {"protocols = [\"tcp\"]\n paths = [\"/x\"]", `paths = .*cannot be matched with the protocols`},
		"passthrough":     {"protocols = [\"tls_passthrough\"]\n destinations = [{ port = 1 }]", "nothing to match on.*`snis`"},
		"grpc_methods":    {"protocols = [\"grpc\"]\n paths = [\"/x\"]\n methods = [\"POST\"]", `methods = .*cannot be matched`},
		"grpc_strip_path": {"protocols = [\"grpc\"]\n paths = [\"/x\"]\n strip_path = true", `strip_path = true.*cannot be true with grpc`},
		"groups":          {"protocols = [\"http\", \"tcp\"]\n paths = [\"/x\"]", `protocols = .*cannot stand on one route`},
		"no_protocol":     {"protocols = []\n paths = [\"/x\"]", `protocols = .*at least 1`},
		"protocol":        {"protocols = [\"ftp\"]\n paths = [\"/x\"]", `protocols.*must be one of`},
		"method":          {`methods = ["get"]`, `methods = .*capital letters`},
		"host":            {`hosts = ["a b"]`, `hosts = .*neither a host name`},
		"host_port":       {`hosts = ["a:70000"]`, `hosts = .*"70000" is no port`},
		"wildcard":        {`hosts = ["a.*.b"]`, `hosts = .*first or the last label`},
		"path":            {`paths = ["v1"]`, `paths = .*starts neither with /`},
		"path_segments":   {`paths = ["/a//b"]`, `paths = .*empty segment`},
		"path_escapes":    {`paths = ["/%41"]`, `paths = .*write "/A"`},
		"path_dots":       {`paths = ["/a/../b/"]`, `paths = .*write "/b/"`},
		"regex":           {`paths = ["~/("]`, `paths = .*no regular expression.*missing closing`},
		"regex_lookahead": {`paths = ["~/(?!admin)(x"]`, `paths = .*no regular expression`},
		"header_host":     {`headers = { Host = ["x"] }`, "headers = .*matched with `hosts`"},
		"header":          {`headers = { "x y" = ["x"] }`, `headers = .*no header name`},
		"header_no_value": {`headers = { x = [] }`, `headers = .*at least 1`},
		"sni":             {`snis = ["1.2.3.4"]`, `snis = .*is an IP address`},
		"source":          {"protocols = [\"tcp\"]\n sources = [{ ip = \"300.1.1.1\" }]", `sources = .*neither an IP address nor a range`},
		"source_port":     {"protocols = [\"tcp\"]\n sources = [{ port = 70000 }]", `sources = .*between 0 and 65535`},
		"source_empty":    {"protocols = [\"tcp\"]\n sources = [{}]", "has an .ip., a .port., or both"},
		"redirect":        {"paths = [\"/x\"]\n https_redirect_status_code = 200", `https_redirect_status_code = 200`},
		"path_handling":   {"paths = [\"/x\"]\n path_handling = \"v2\"", `path_handling = "v2"`},
		"service":         {"paths = [\"/x\"]\n service = { id = \"portal\" }", `"portal" is no UUID`},
		"two_ways":        {"paths = [\"/x\"]\n expression = \"http.path == \\\"/\\\"\"", `paths = .*beside .expression`},
		"two_priorities":  {"regex_priority = 1\n expression = \"http.path == \\\"/\\\"\"", `regex_priority = 1.*use .priority`},
		"priority_alone":  {"paths = [\"/x\"]\n priority = 1", `"expression" must be specified when "priority"`},
	})
}

func TestRouteDataSource(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t, kongsim.Flavor(kongsim.Expressions))
	unit(t, sim,
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
			is("data.onprem_kong_route.by_name", "paths", knownvalue.ListSizeExact(1)),
			is("data.onprem_kong_route.by_name", "priority", knownvalue.Int64Exact(0)),
			is("data.onprem_kong_route.by_id", "name", knownvalue.StringExact("portal")),
		}},
		resource.TestStep{Config: p + `
			data "onprem_kong_route" "none" {
				id = "00000000-0000-4000-8000-000000000404"
			}`, ExpectError: regexp.MustCompile(`(?s)Unable to read onprem_kong_route.*no route with the id`)},
	)
}
