package kong_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
)

const frs = "onprem_kong_service.frs"

func serviceLife(sim *kongsim.Sim, block string) acctest.Life {
	return acctest.Life{
		System: sim, Kind: "services", Name: "frs-api", Address: frs, Block: block,
		Full: `
			resource "onprem_kong_service" "frs" {
				name               = "frs-api"
				protocol           = "https"
				host               = "frs.nicepayment-frs.svc"
				port               = 8443
				path               = "/v1"
				retries            = 0
				connect_timeout    = 1000
				write_timeout      = 2000
				read_timeout       = 3600000
				enabled            = false
				client_certificate = { id = "` + aCertificate(sim) + `" }
				tls_verify         = true
				tls_verify_depth   = 2
				ca_certificates    = ["8f2f3f60-4a8b-4a53-a1d2-7d1f9c0f8a11"]
				tags               = ["payment", "frs"]
			}`,
		Bare: `
			resource "onprem_kong_service" "frs" {
				name = "frs-api"
				host = "frs.nicepayment-frs.svc"
			}`,
		Stored: acctest.Fields{"protocol": "https", "port": 8443, "path": "/v1", "retries": 0, "enabled": false, "tls_verify": true},
		Stripped: acctest.Fields{
			"protocol": "http", "port": 80, "path": nil, "retries": 5, "client_certificate": nil, "tls_verify": nil, "tls_verify_depth": nil,
			"ca_certificates": nil, "tags": nil, "connect_timeout": 60000, "write_timeout": 60000, "read_timeout": 60000, "enabled": true,
		},
		Drift: []acctest.Fields{
			{
				"protocol": "tls", "host": "elsewhere", "port": 9999, "path": nil, "retries": 1, "connect_timeout": 1, "write_timeout": 1,
				"read_timeout": 1, "enabled": true, "client_certificate": nil, "tls_verify": false, "tls_verify_depth": 1,
				"ca_certificates": nil, "tags": []string{"stray"},
			},
			{"name": "renamed"}, // it is found by its id
		},
		Identity: []string{"id"}, ImportIDs: []string{"frs-api"},
	}
}

func TestServiceLife(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	life := serviceLife(sim, p)
	life.Run(t,
		resource.TestStep{Config: p + life.Full, ConfigStateChecks: []statecheck.StateCheck{
			acctest.Is(frs, "url", knownvalue.StringExact("https://frs.nicepayment-frs.svc:8443/v1")),
			acctest.Is(frs, "tags", knownvalue.SetSizeExact(2)),
			acctest.Is(frs, "created_at", knownvalue.StringRegexp(regexp.MustCompile(`^20\d\d-.*Z$`))),
		}},
		resource.TestStep{ResourceName: frs, ImportState: true, ImportStateId: "frs/api", ExpectError: acctest.Says("neither a UUID nor a name")},
		resource.TestStep{ResourceName: frs, ImportState: true, ImportStateId: "nobody", ExpectError: acctest.Says(`nothing is named "nobody"`)},
		resource.TestStep{Config: p + life.Bare, ConfigStateChecks: []statecheck.StateCheck{
			acctest.Is(frs, "url", knownvalue.StringExact("http://frs.nicepayment-frs.svc")),
			acctest.Is(frs, "tags", knownvalue.Null()),
		}},
	)
}

// aCertificate puts a certificate into the gateway, for services to refer to.
func aCertificate(sim *kongsim.Sim) string {
	return sim.Add("certificates", map[string]any{"cert": "{vault://env/cert}", "key": "{vault://env/key}"})
}

func TestServiceURL(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	with := func(url string) string {
		return p + `
		resource "onprem_kong_service" "frs" {
			name = "portal"
			url  = "` + url + `"
		}`
	}
	acctest.Run(t, sim,
		// The spelling stays although the gateway keeps only the parts, and though the port is the usual one.
		resource.TestStep{Config: with("https://portal.example.internal:443/guacamole"), ConfigStateChecks: []statecheck.StateCheck{
			acctest.Is(frs, "url", knownvalue.StringExact("https://portal.example.internal:443/guacamole")),
			acctest.Is(frs, "protocol", knownvalue.StringExact("https")),
			acctest.Is(frs, "host", knownvalue.StringExact("portal.example.internal")),
			acctest.Is(frs, "port", knownvalue.Int64Exact(443)),
			acctest.Is(frs, "path", knownvalue.StringExact("/guacamole")),
		}},
		resource.TestStep{Config: with("https://portal.example.internal:443/guacamole"), PlanOnly: true},
		resource.TestStep{ // generated configuration has both
			Config: strings.Replace(with("https://portal.example.internal:443/guacamole"), "name =",
				"protocol = \"https\"\nhost = \"portal.example.internal\"\nport = 443\npath = \"/guacamole\"\nname =", 1),
			PlanOnly: true,
		},
		resource.TestStep{
			PreConfig: acctest.Edit(t, sim, "services", "portal", acctest.Fields{"port": 8443}),
			Config:    with("https://portal.example.internal:443/guacamole"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectKnownValue(frs, tfjsonpath.New("port"), knownvalue.Int64Exact(443)),
				plancheck.ExpectResourceAction(frs, plancheck.ResourceActionUpdate),
			}},
			Check: acctest.Has(sim, "services", "portal", acctest.Fields{"port": 443}),
		},
		resource.TestStep{Config: with("http://portal.example.internal"), Check: acctest.Has(sim, "services", "portal", acctest.Fields{"path": nil})},
		resource.TestStep{ResourceName: frs, ImportState: true, ImportStateVerify: true, ImportStateId: "portal"},
		resource.TestStep{Config: with("grpcs://[fd00::1]:9443"), ConfigStateChecks: []statecheck.StateCheck{
			acctest.Is(frs, "host", knownvalue.StringExact("fd00::1")),
			acctest.Is(frs, "url", knownvalue.StringExact("grpcs://[fd00::1]:9443")),
		}},
		resource.TestStep{Config: p + ` # known only after apply
			resource "terraform_data" "host" {
				input = "late.example.internal"
			}
			resource "onprem_kong_service" "frs" {
				name = "portal"
				url  = "http://${terraform_data.host.output}:8080"
			}`, Check: acctest.Has(sim, "services", "portal", acctest.Fields{"host": "late.example.internal"})},
		resource.TestStep{Config: p + ` # and parts known only after apply
			resource "terraform_data" "other" {
				input = "later.example.internal"
			}
			resource "onprem_kong_service" "frs" {
				name = "portal"
				host = terraform_data.other.output
			}`, ConfigStateChecks: []statecheck.StateCheck{acctest.Is(frs, "url", knownvalue.StringExact("http://later.example.internal"))}},
	)
}

// TestServiceEmptyIsNotNull: Kong keeps an empty list apart from none, so the provider does.
func TestServiceEmptyIsNotNull(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	acctest.Run(t, sim, resource.TestStep{Config: p + `
		resource "onprem_kong_service" "frs" {
			name = "frs-api"
			host = "frs.nicepayment-frs.svc"
			tags = []
		}`, Check: acctest.Has(sim, "services", "frs-api", acctest.Fields{"tags": []any{}}),
		ConfigStateChecks: []statecheck.StateCheck{acctest.Is(frs, "tags", knownvalue.SetSizeExact(0))}})
}

// TestServiceNameTaken: a run that was killed before it could note what it has made is helped on.
func TestServiceNameTaken(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	id := sim.Add("services", map[string]any{"name": "frs-api", "host": "frs.nicepayment-frs.svc"})
	config := p + `
		resource "onprem_kong_service" "frs" {
			name = "frs-api"
			host = "frs.nicepayment-frs.svc"
		}`
	acctest.Run(t, sim,
		resource.TestStep{Config: config, ExpectError: regexp.MustCompile(
			`(?s)Unable to create onprem_kong_service.*name = "frs-api".*409.*UNIQUE\s+violation.*terraform\s+import\s+onprem_kong_service.<label>\s+` + id)},
		resource.TestStep{Config: config, ResourceName: frs, ImportState: true, ImportStateId: id, ImportStatePersist: true},
		resource.TestStep{Config: config},
	)
}

func TestServiceInUse(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	config := p + `
		resource "onprem_kong_service" "frs" {
			name = "frs-api"
			host = "frs.nicepayment-frs.svc"
		}`
	acctest.Run(t, sim,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() {
				sim.Add("routes", map[string]any{"name": "foreign", "paths": []string{"/x"}, "service": map[string]any{"name": "frs-api"}})
			},
			Config: config, Destroy: true,
			ExpectError: acctest.Says("Unable to delete onprem_kong_service … existing 'routes' entity … still used by routes"),
		},
		resource.TestStep{PreConfig: acctest.Forget(t, sim, "routes", "foreign"), Config: config},
	)
}

func TestServiceRefusedAtPlan(t *testing.T) {
	t.Parallel()
	acctest.Refuses(t, nowhere, "onprem_kong_service", "", map[string]string{
		`host = "h"` + "\n port = 70000":                               "port = 70000 … between 0 and 65535",
		`host = "h"` + "\n retries = 40000":                            "retries = 40000 … between 0 and 32767",
		`host = "h"` + "\n read_timeout = 0":                           "read_timeout = 0 … between 1 and 2147483646",
		`host = "h"` + "\n name = \"a b\"":                             `name = "a b" … letters, digits`,
		`host = "h"` + "\n tags = [\"a,b\"]":                           `tags = … "a,b" is no tag`,
		`host = "h"` + "\n protocol = \"ftp\"":                         `protocol = "ftp" … must be one of`,
		`host = "h:80"`:                                                `host = "h:80" … has a port: write "h"`,
		`host = "bad host"`:                                            "neither a host name nor an IP",
		`name = "x"`:                                                   "At least one attribute out of [host,url] must be specified",
		"host = \"g\"\n url = \"http://h\"":                            "host = \"g\" … is \"g\", and `url` says \"h\"",
		"url = \"https://h\"\n port = 80":                              "port = 80 … is 80, and `url` says 443",
		"url = \"https://h\"\n path = \"/\"":                           "path = \"/\" … is \"/\", and `url` says none",
		`url = "frs.internal"`:                                         "does not start with a protocol",
		`url = "http://h/?a=b"`:                                        "a query",
		"host = \"h\"\n path = \"v1\"":                                 "does not start with /",
		"host = \"h\"\n path = \"/%zz\"":                               "is no escape",
		"host = \"h\"\n protocol = \"tcp\"\n path = \"/v1\"":           `path = "/v1" … protocol tcp has no path`,
		`url = "grpc://h/v1"`:                                          `url = "grpc://h/v1" … protocol grpc has no path`,
		"host = \"h\"\n tls_verify = true":                             "tls_verify = true … needs the protocol https or tls",
		"url = \"https://h\"\n tls_verify_depth = 65":                  "between 0 and 64",
		"url = \"https://h\"\n ca_certificates = [\"root\"]":           `"root" is no UUID`,
		"url = \"https://h\"\n client_certificate = { id = \"mine\" }": `"mine" is no UUID`,
	})
}

func TestServiceDataSource(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	config := p + `
		resource "onprem_kong_service" "frs" {
			name = "frs-api"
			url  = "https://frs.nicepayment-frs.svc:8443/v1"
			tags = ["payment"]
		}
		data "onprem_kong_service" "by_name" {
			name = onprem_kong_service.frs.name
		}
		data "onprem_kong_service" "by_id" {
			id = onprem_kong_service.frs.id
		}`
	acctest.Run(t, sim,
		resource.TestStep{Config: config, ConfigStateChecks: []statecheck.StateCheck{
			acctest.Is("data.onprem_kong_service.by_name", "port", knownvalue.Int64Exact(8443)),
			acctest.Is("data.onprem_kong_service.by_name", "url", knownvalue.StringExact("https://frs.nicepayment-frs.svc:8443/v1")),
			acctest.Is("data.onprem_kong_service.by_id", "name", knownvalue.StringExact("frs-api")),
			acctest.Is("data.onprem_kong_service.by_id", "updated_at", knownvalue.NotNull()),
		}},
		resource.TestStep{Config: p + `
			data "onprem_kong_service" "none" {
				name = "nobody"
			}`, ExpectError: acctest.Says(`Unable to read onprem_kong_service … no service named "nobody"`)},
	)
}

func TestServiceDataSourceWithoutKey(t *testing.T) {
	t.Parallel()
	acctest.Refuses(t, nowhere, "data.onprem_kong_service", "", map[string]string{"": "No attribute specified when one (and only one) of [id,name]"})
}
