package provider_test

import (
	"fmt"
	"net"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
)

const library = `
	data "onprem_harbor_project" "library" {
		name = "library"
	}`

// TestConfigurationMistakes: each mistake in the provider block has a message of
// its own, which says what to do.
func TestConfigurationMistakes(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	plain := httptest.NewServer(harborsim.New())
	t.Cleanup(plain.Close)
	selfSigned := httptest.NewTLSServer(harborsim.New())
	t.Cleanup(selfSigned.Close)

	for _, tt := range []struct{ name, block, want string }{
		{"missing block", ``, "(?s)the provider has no `harbor` block, and HARBOR_URL is not set.*Add the block"},
		{"no URL", `harbor = { username = "admin" }`, "(?s)`url` in the provider's `harbor` block is not set"},
		{"wrong URL", `harbor = { url = "harbor.example.internal" }`, `(?s)"harbor.example.internal" is not a URL.*https://`},
		{"refused connection", fmt.Sprintf(`harbor = { url = "http://%s", max_retries = 0 }`, closed.Addr()), "(?s)connection refused.*Nothing listens there"},
		{"unknown authority", fmt.Sprintf(`harbor = { url = %q, username = "admin", password = "Harbor12345" }`, selfSigned.URL),
			"(?s)unknown authority.*`ca_cert_file`"},
		{"wrong credentials", fmt.Sprintf(`harbor = { url = %q, username = "admin", password = "wrong" }`, plain.URL),
			`(?s)(unauthorized|401|credentials).*credentials`},
		{"missing CA file", fmt.Sprintf(`harbor = { url = %q, ca_cert_file = "/nonexistent/ca.pem" }`, plain.URL),
			"(?s)`ca_cert_file` in the provider's `harbor` block.*no such file"},
		{"bad CA", fmt.Sprintf(`harbor = { url = %q, ca_cert_pem = "nonsense" }`, selfSigned.URL), "(?s)ca_cert_pem: no certificate in PEM"},
		{"both CA forms", fmt.Sprintf(`harbor = { url = %q, ca_cert_pem = "a", ca_cert_file = "b" }`, plain.URL), "(?s)cannot be specified when"},
		{"bad number", fmt.Sprintf(`harbor = { url = %q, max_concurrent_requests = 0 }`, plain.URL), "(?s)between 1 and 1000"},
		{"unknown block", `nexus = {}`, "(?s)Unsupported argument"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories,
				Steps: []resource.TestStep{{
					Config:      "provider \"onprem\" {\n" + tt.block + "\n}\n" + library,
					ExpectError: regexp.MustCompile(loose(tt.want)),
				}},
			})
		})
	}
}

// loose lets a pattern match across the line breaks that Terraform folds text
// with.
func loose(pattern string) string {
	return regexp.MustCompile(` `).ReplaceAllString(pattern, `[\s│]+`)
}

// TestUnknownAtPlan: a setting that is not known at plan is no error until
// something needs it.
func TestUnknownAtPlan(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(harborsim.New())
	t.Cleanup(server.Close)
	block := fmt.Sprintf(`
		resource "terraform_data" "url" {
			input = %q
		}
		provider "onprem" {
			harbor = { url = terraform_data.url.output, username = "admin", password = "Harbor12345" }
		}`, server.URL)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps: []resource.TestStep{
			{Config: block + library, ExpectError: regexp.MustCompile(loose("(?s)`url` in the provider's `harbor` block is not known yet.*-target"))},
			{Config: block + `
				resource "onprem_harbor_project" "team" {
					name = "team1-dev"
				}`},
		},
	})
}

// TestSessionEndsMidRun: credentials that worked and are refused later are
// reported as such, and state keeps what it has.
func TestSessionEndsMidRun(t *testing.T) {
	t.Parallel()
	h := faulty.New(harborsim.New())
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	config := fmt.Sprintf(`
		provider "onprem" {
			harbor = { url = %q, username = "admin", password = "Harbor12345" }
		}
		resource "onprem_harbor_project" "team" {
			name = "team1-dev"
		}`, server.URL)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps: []resource.TestStep{
			{Config: config},
			{
				PreConfig: func() {
					h.Fail("* /**", faulty.Status(401, `{"errors":[{"code":"UNAUTHORIZED","message":"unauthorized"}]}`), -1)
				},
				Config: config, PlanOnly: true, ExpectError: regexp.MustCompile(loose("(?s)Unable to read onprem_harbor_project.*401.*credentials")),
			},
			{PreConfig: h.Heal, Config: config, PlanOnly: true},
		},
	})
}

// TestEnvironment: every setting also comes from the environment; HCL wins.
func TestEnvironment(t *testing.T) {
	server := httptest.NewServer(harborsim.New())
	t.Cleanup(server.Close)
	t.Setenv("HARBOR_URL", server.URL)
	t.Setenv("HARBOR_USERNAME", "admin")
	t.Setenv("HARBOR_PASSWORD", "Harbor12345")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps: []resource.TestStep{
			{Config: library},
			{
				Config:      `provider "onprem" { harbor = { password = "wrong" } }` + library,
				ExpectError: regexp.MustCompile("(?s)credentials"),
			},
		},
	})
}
