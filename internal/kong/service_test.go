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

func is(address, attribute string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), want)
}

func TestServiceLife(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	plain := p + `
		resource "onprem_kong_service" "frs" {
			name = "frs-api"
			host = "frs.nicepayment-frs.svc"
		}`
	full := p + `
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
		}`
	unit(t, sim,
		resource.TestStep{Config: full, ConfigStateChecks: []statecheck.StateCheck{
			is(frs, "url", knownvalue.StringExact("https://frs.nicepayment-frs.svc:8443/v1")),
			is(frs, "retries", knownvalue.Int64Exact(0)),
			is(frs, "enabled", knownvalue.Bool(false)),
			is(frs, "tls_verify", knownvalue.Bool(true)),
			is(frs, "tags", knownvalue.SetSizeExact(2)),
			is(frs, "created_at", knownvalue.StringRegexp(regexp.MustCompile(`^20\d\d-.*Z$`))),
		}},
		resource.TestStep{ResourceName: frs, ImportState: true, ImportStateVerify: true},
		resource.TestStep{ResourceName: frs, ImportState: true, ImportStateVerify: true, ImportStateId: "frs-api"},
		resource.TestStep{ResourceName: frs, ImportState: true, ImportStateId: "frs/api", ExpectError: regexp.MustCompile("neither a UUID nor a name")},
		resource.TestStep{ResourceName: frs, ImportState: true, ImportStateId: "nobody", ExpectError: regexp.MustCompile(`nothing is named "nobody"`)},
		resource.TestStep{ // what leaves the configuration leaves the gateway
			Config: plain, ConfigPlanChecks: acctest.Action(frs, plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{
				is(frs, "protocol", knownvalue.StringExact("http")),
				is(frs, "port", knownvalue.Int64Exact(80)),
				is(frs, "path", knownvalue.Null()),
				is(frs, "url", knownvalue.StringExact("http://frs.nicepayment-frs.svc")),
				is(frs, "retries", knownvalue.Int64Exact(5)),
				is(frs, "client_certificate", knownvalue.Null()),
				is(frs, "tls_verify", knownvalue.Null()),
				is(frs, "ca_certificates", knownvalue.Null()),
				is(frs, "tags", knownvalue.Null()),
			},
			Check: resource.ComposeTestCheckFunc(
				stored(sim, "services", "frs-api", "path", nil),
				stored(sim, "services", "frs-api", "tags", nil),
				stored(sim, "services", "frs-api", "read_timeout", 60000),
			),
		},
		resource.TestStep{ // drift
			PreConfig: func() { sim.Edit("services", "frs-api", map[string]any{"port": 9999, "tags": []string{"stray"}}) },
			Config:    plain, ConfigPlanChecks: acctest.Action(frs, plancheck.ResourceActionUpdate),
			Check: resource.ComposeTestCheckFunc(
				stored(sim, "services", "frs-api", "port", 80),
				stored(sim, "services", "frs-api", "tags", nil),
			),
		},
		resource.TestStep{ // gone behind Terraform's back
			PreConfig: func() { sim.Forget("services", "frs-api") },
			Config:    plain, ConfigPlanChecks: acctest.Action(frs, plancheck.ResourceActionCreate),
		},
		resource.TestStep{Config: plain, PlanOnly: true},
	)
}

// aCertificate puts a certificate into the gateway, for services to refer to.
func aCertificate(sim *kongsim.Sim) string {
	return sim.Add("certificates", map[string]any{"cert": "{vault://env/cert}", "key": "{vault://env/key}"})
}

func TestServiceImportByIdentity(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		TerraformVersionChecks:   acctest.WithIdentity,
		Steps: []resource.TestStep{
			{Config: p + `
				resource "onprem_kong_service" "frs" {
					name = "frs-api"
					host = "frs.nicepayment-frs.svc"
				}`},
			{ResourceName: frs, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		},
	})
	if n := len(sim.Entities("services")); n != 0 {
		t.Errorf("%d services are left over", n)
	}
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
	unit(t, sim,
		// The spelling stays although the gateway keeps only the parts, and though the port is the usual one.
		resource.TestStep{Config: with("https://portal.example.internal:443/guacamole"), ConfigStateChecks: []statecheck.StateCheck{
			is(frs, "url", knownvalue.StringExact("https://portal.example.internal:443/guacamole")),
			is(frs, "protocol", knownvalue.StringExact("https")),
			is(frs, "host", knownvalue.StringExact("portal.example.internal")),
			is(frs, "port", knownvalue.Int64Exact(443)),
			is(frs, "path", knownvalue.StringExact("/guacamole")),
		}},
		resource.TestStep{Config: with("https://portal.example.internal:443/guacamole"), PlanOnly: true},
		resource.TestStep{Config: strings.Replace(with("https://portal.example.internal:443/guacamole"), "name =", "protocol = \"https\"\nhost = \"portal.example.internal\"\nport = 443\npath = \"/guacamole\"\nname =", 1), PlanOnly: true},
		resource.TestStep{ // generated configuration has both
			ResourceName: frs, ImportState: true, ImportStateKind: resource.ImportBlockWithID, GenerateConfig: true,
		},
		resource.TestStep{
			PreConfig: func() { sim.Edit("services", "portal", map[string]any{"port": 8443}) },
			Config:    with("https://portal.example.internal:443/guacamole"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectKnownValue(frs, tfjsonpath.New("port"), knownvalue.Int64Exact(443)),
				plancheck.ExpectResourceAction(frs, plancheck.ResourceActionUpdate),
			}},
			Check: stored(sim, "services", "portal", "port", 443),
		},
		resource.TestStep{Config: with("http://portal.example.internal"), Check: stored(sim, "services", "portal", "path", nil)},
		resource.TestStep{ResourceName: frs, ImportState: true, ImportStateVerify: true, ImportStateId: "portal"},
		resource.TestStep{Config: with("grpcs://[fd00::1]:9443"), ConfigStateChecks: []statecheck.StateCheck{
			is(frs, "host", knownvalue.StringExact("fd00::1")),
			is(frs, "url", knownvalue.StringExact("grpcs://[fd00::1]:9443")),
		}},
		resource.TestStep{Config: p + ` # known only after apply
			resource "terraform_data" "host" {
				input = "late.example.internal"
			}
			resource "onprem_kong_service" "frs" {
				name = "portal"
				url  = "http://${terraform_data.host.output}:8080"
			}`, Check: stored(sim, "services", "portal", "host", "late.example.internal")},
		resource.TestStep{Config: p + ` # and parts known only after apply
			resource "terraform_data" "other" {
				input = "later.example.internal"
			}
			resource "onprem_kong_service" "frs" {
				name = "portal"
				host = terraform_data.other.output
			}`, ConfigStateChecks: []statecheck.StateCheck{is(frs, "url", knownvalue.StringExact("http://later.example.internal"))}},
	)
}

// TestServiceEmptyIsNotNull: Kong keeps an empty list apart from none, so the provider does.
func TestServiceEmptyIsNotNull(t *testing.T) {
	t.Parallel()
	sim, p := gateway(t)
	unit(t, sim, resource.TestStep{Config: p + `
		resource "onprem_kong_service" "frs" {
			name = "frs-api"
			host = "frs.nicepayment-frs.svc"
			tags = []
		}`, Check: stored(sim, "services", "frs-api", "tags", []any{}),
		ConfigStateChecks: []statecheck.StateCheck{is(frs, "tags", knownvalue.SetSizeExact(0))}})
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
	unit(t, sim,
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
	unit(t, sim,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() {
				sim.Add("routes", map[string]any{"name": "foreign", "paths": []string{"/x"}, "service": map[string]any{"name": "frs-api"}})
			},
			Config: config, Destroy: true,
			ExpectError: regexp.MustCompile(`(?s)Unable to delete onprem_kong_service.*existing 'routes' entity.*still\s+used\s+by\s+routes`),
		},
		resource.TestStep{PreConfig: func() { sim.Forget("routes", "foreign") }, Config: config},
	)
}

func TestServiceRefusedAtPlan(t *testing.T) {
	t.Parallel()
	refused(t, "resource \"onprem_kong_service\"", map[string]refusal{
		"port":             {`host = "h"` + "\n port = 70000", `port = 70000.*between 0 and 65535`},
		"retries":          {`host = "h"` + "\n retries = 40000", `retries = 40000.*between 0 and 32767`},
		"timeout":          {`host = "h"` + "\n read_timeout = 0", `read_timeout = 0.*between 1 and 2147483646`},
		"name":             {`host = "h"` + "\n name = \"a b\"", `name = "a b".*letters, digits`},
		"tag":              {`host = "h"` + "\n tags = [\"a,b\"]", `tags = .*"a,b" is no tag`},
		"protocol":         {`host = "h"` + "\n protocol = \"ftp\"", `protocol = "ftp".*must be one of`},
		"host_with_port":   {`host = "h:80"`, `host = "h:80".*has a port: write "h"`},
		"host":             {`host = "bad host"`, `neither a host name nor an IP`},
		"no_host":          {`name = "x"`, `At least one attribute out of \[host,url\] must be specified`},
		"url_and_host":     {"host = \"g\"\n url = \"http://h\"", `host = "g".*is "g", and .url. says "h"`},
		"url_and_port":     {"url = \"https://h\"\n port = 80", `port = 80.*is 80, and .url. says 443`},
		"url_and_path":     {"url = \"https://h\"\n path = \"/\"", `path = "/".*is "/", and .url. says none`},
		"url":              {`url = "frs.internal"`, `does not start with a protocol`},
		"url_with_query":   {`url = "http://h/?a=b"`, `a query`},
		"path":             {"host = \"h\"\n path = \"v1\"", `does not start with /`},
		"path_with_escape": {"host = \"h\"\n path = \"/%zz\"", `is no escape`},
		"path_with_tcp":    {"host = \"h\"\n protocol = \"tcp\"\n path = \"/v1\"", `path = "/v1".*protocol tcp has no path`},
		"path_with_grpc":   {`url = "grpc://h/v1"`, `url = "grpc://h/v1".*protocol grpc has no path`},
		"tls_with_http":    {"host = \"h\"\n tls_verify = true", `tls_verify = true.*needs the protocol https or tls`},
		"depth":            {"url = \"https://h\"\n tls_verify_depth = 65", `between 0 and 64`},
		"ca":               {"url = \"https://h\"\n ca_certificates = [\"root\"]", `"root" is no UUID`},
		"certificate":      {"url = \"https://h\"\n client_certificate = { id = \"mine\" }", `"mine" is no UUID`},
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
	unit(t, sim,
		resource.TestStep{Config: config, ConfigStateChecks: []statecheck.StateCheck{
			is("data.onprem_kong_service.by_name", "port", knownvalue.Int64Exact(8443)),
			is("data.onprem_kong_service.by_name", "url", knownvalue.StringExact("https://frs.nicepayment-frs.svc:8443/v1")),
			is("data.onprem_kong_service.by_id", "name", knownvalue.StringExact("frs-api")),
			is("data.onprem_kong_service.by_id", "updated_at", knownvalue.NotNull()),
		}},
		resource.TestStep{Config: p + `
			data "onprem_kong_service" "none" {
				name = "nobody"
			}`, ExpectError: regexp.MustCompile(`(?s)Unable to read onprem_kong_service.*no service named "nobody"`)},
	)
}

func TestServiceDataSourceWithoutKey(t *testing.T) {
	t.Parallel()
	refused(t, `data "onprem_kong_service"`, map[string]refusal{"none": {"", `No attribute specified when one \(and only one\) of \[id,name\]`}})
}
