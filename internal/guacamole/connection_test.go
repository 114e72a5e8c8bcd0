package guacamole_test

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/protocols"
)

const (
	cp01   = "onprem_guacamole_connection.cp01"
	secret = "Tr0ub4dor-and-3"
	newer  = "correct-horse-battery"

	createConnection = "POST /guacamole/api/session/data/*/connections"
)

const idcGroup = `
resource "onprem_guacamole_connection_group" "idc" {
  name = "IDC servers"
}
`

const fullConnection = idcGroup + `
resource "onprem_guacamole_connection" "cp01" {
  name                     = "CP-01 (Control Plane, GPU)"
  parent_identifier        = onprem_guacamole_connection_group.idc.identifier
  max_connections          = 5
  max_connections_per_user = 3
  weight                   = 2
  failover_only            = true
  guacd_hostname           = "guacd.example.internal"
  guacd_port               = 4822
  guacd_encryption         = "ssl"

  ssh = {
    hostname            = "192.168.1.11"
    port                = 22
    username            = "ubuntu"
    password_wo         = "Tr0ub4dor-and-3"
    password_wo_version = 1
    font_size           = 12
    color_scheme        = "green-black"
    enable_sftp         = true
    read_only           = false
    command             = "bash -l"
  }
}
`

const bareConnection = `
resource "onprem_guacamole_connection" "cp01" {
  name = "CP-01"
  ssh  = { hostname = "192.168.1.11" }
}
`

func TestConnection(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, sim *guacsim.Server, block string) {
		run(t, sim,
			resource.TestStep{
				Config:           block + fullConnection,
				ConfigPlanChecks: expect(cp01, plancheck.ResourceActionCreate),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(cp01, tfjsonpath.New("identifier"), knownvalue.StringExact("2")),
					statecheck.ExpectKnownValue(cp01, tfjsonpath.New("ssh").AtMapKey("port"), knownvalue.Int64Exact(22)),
					statecheck.ExpectKnownValue(cp01, tfjsonpath.New("ssh").AtMapKey("read_only"), knownvalue.Bool(false)),
					statecheck.ExpectKnownValue(cp01, tfjsonpath.New("ssh").AtMapKey("password_wo"), knownvalue.Null()),
					statecheck.ExpectKnownValue(cp01, tfjsonpath.New("rdp"), knownvalue.Null()),
				},
				Check: resource.ComposeAggregateTestCheckFunc(
					acctest.NoSecrets(t, secret),
					parameters(sim, "CP-01 (Control Plane, GPU)", map[string]string{
						"hostname": "192.168.1.11", "port": "22", "username": "ubuntu", "password": secret, "font-size": "12",
						"color-scheme": "green-black", "enable-sftp": "true", "command": "bash -l",
					}),
					holds(sim, "CP-01 (Control Plane, GPU)", func(c guacsim.Connection) error {
						want := map[string]string{
							"max-connections": "5", "max-connections-per-user": "3", "weight": "2", "failover-only": "true",
							"guacd-hostname": "guacd.example.internal", "guacd-port": "4822", "guacd-encryption": "ssl",
						}
						if !maps.Equal(c.Attributes, want) || c.Parent != "1" || c.Protocol != "ssh" {
							return fmt.Errorf("stored %v", c)
						}
						return nil
					}),
				),
			},
			imported(cp01, acctest.ImportID(cp01, "identifier")),
			imported(cp01, func(*terraform.State) (string, error) { return "IDC servers/CP-01 (Control Plane, GPU)", nil }),
			// What left the configuration leaves the server; it moves, too.
			resource.TestStep{
				Config:           block + idcGroup + bareConnection,
				ConfigPlanChecks: expect(cp01, plancheck.ResourceActionUpdate),
				Check: resource.ComposeAggregateTestCheckFunc(
					parameters(sim, "CP-01", map[string]string{"hostname": "192.168.1.11"}),
					holds(sim, "CP-01", func(c guacsim.Connection) error {
						if len(c.Attributes) != 0 || c.Parent != "ROOT" || c.Identifier != "2" {
							return fmt.Errorf("stored %v", c)
						}
						return nil
					}),
				),
			},
			// Another protocol in place.
			resource.TestStep{
				Config: block + `
resource "onprem_guacamole_connection" "cp01" {
  name = "CP-01"
  rdp  = { hostname = "192.168.1.11", security = "nla", ignore_cert = true }
}
`,
				ConfigPlanChecks: expect(cp01, plancheck.ResourceActionUpdate),
				Check: resource.ComposeAggregateTestCheckFunc(
					parameters(sim, "CP-01", map[string]string{"hostname": "192.168.1.11", "security": "nla", "ignore-cert": "true"}),
					resource.TestCheckResourceAttr(cp01, "identifier", "2"),
				),
			},
			// Gone behind Terraform's back.
			before(func() { sim.Forget("connection", "CP-01") }, resource.TestStep{
				Config:           block + bareConnection,
				ConfigPlanChecks: expect(cp01, plancheck.ResourceActionCreate),
			}),
		)
	})
}

func imported(address string, id resource.ImportStateIdFunc) resource.TestStep {
	return resource.TestStep{
		ResourceName: address, ImportState: true, ImportStateIdFunc: id, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "identifier",
		// An import cannot know the version of a secret, nor tell false from absent.
		ImportStateVerifyIgnore: []string{"ssh.password_wo_version", "ssh.read_only"},
	}
}

func TestConnectionIdentity(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories, TerraformVersionChecks: acctest.WithIdentity, CheckDestroy: empty(sim),
		Steps: []resource.TestStep{
			{
				Config: block + bareConnection,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectIdentityValueMatchesState(cp01, tfjsonpath.New("identifier")),
				},
			},
			{ResourceName: cp01, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		},
	})
}

// What changes behind Terraform's back shows and is put right. (That every
// single parameter shows is tested without Terraform: TestReadParameters.)
func TestConnectionDrift(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	config := block + `
resource "onprem_guacamole_connection" "cp01" {
  name = "CP-01"
  ssh  = { hostname = "192.168.1.11", port = 22, enable_sftp = true }
}
`
	steps := []resource.TestStep{{Config: config}}
	for _, edit := range []func(c *guacsim.Connection){
		func(c *guacsim.Connection) { delete(c.Parameters, "enable-sftp") },
		func(c *guacsim.Connection) { c.Parameters["scrollback"] = "500" },
		func(c *guacsim.Connection) { c.Attributes["failover-only"] = "true" },
		func(c *guacsim.Connection) { c.Protocol = "vnc" },
	} {
		steps = append(steps, before(func() { sim.EditConnection("CP-01", edit) }, resource.TestStep{
			Config: config, ConfigPlanChecks: expect(cp01, plancheck.ResourceActionUpdate),
			Check: resource.ComposeAggregateTestCheckFunc(
				parameters(sim, "CP-01", map[string]string{"hostname": "192.168.1.11", "port": "22", "enable-sftp": "true"}),
				holds(sim, "CP-01", func(c guacsim.Connection) error {
					if len(c.Attributes) != 0 || c.Protocol != "ssh" {
						return fmt.Errorf("not put right: %v", c)
					}
					return nil
				})),
		}))
	}
	run(t, sim, steps...)
}

// What an extension or a person has stored under a name that the provider does
// not know survives, and so do secrets that it has never had.
func TestConnectionKeepsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	config := func(port int) string {
		return block + fmt.Sprintf(`
resource "onprem_guacamole_connection" "cp01" {
  name = "CP-01"
  ssh  = { hostname = "192.168.1.11", port = %d }
}
`, port)
	}
	run(t, sim,
		resource.TestStep{Config: config(22)},
		before(func() {
			sim.EditConnection("CP-01", func(c *guacsim.Connection) {
				c.Parameters["vault-record"] = "cp-01"
				c.Parameters["passphrase"] = secret
				c.Parameters["wol-wait-time"] = "${WAIT}"
			})
		}, resource.TestStep{Config: config(22), PlanOnly: true}),
		resource.TestStep{
			Config: config(2222),
			Check: parameters(sim, "CP-01", map[string]string{
				"hostname": "192.168.1.11", "port": "2222", "vault-record": "cp-01", "passphrase": secret, "wol-wait-time": "${WAIT}",
			}),
		},
	)
}

func TestConnectionSecrets(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	config := func(ssh string) string {
		return block + fmt.Sprintf(`
resource "onprem_guacamole_connection" "cp01" {
  name = "CP-01"
  ssh = {
    hostname = "192.168.1.11"
    %s
  }
}
`, ssh)
	}
	stored := func(password string) resource.TestCheckFunc {
		return holds(sim, "CP-01", func(c guacsim.Connection) error {
			if c.Parameters["password"] != password {
				return errors.New("another password is stored")
			}
			return nil
		})
	}
	run(t, sim,
		resource.TestStep{
			Config: config(`
    password_wo         = "` + secret + `"
    password_wo_version = 1`),
			Check: resource.ComposeAggregateTestCheckFunc(stored(secret), acctest.NoSecrets(t, secret)),
		},
		// The same version: whatever the configuration says, the stored one stays.
		resource.TestStep{
			Config: config(`
    port                = 2222
    password_wo         = "` + newer + `"
    password_wo_version = 1`),
			ConfigPlanChecks: expect(cp01, plancheck.ResourceActionUpdate),
			Check:            stored(secret),
		},
		resource.TestStep{
			Config: config(`
    password_wo         = "` + newer + `"
    password_wo_version = 2`),
			ConfigPlanChecks: expect(cp01, plancheck.ResourceActionUpdate),
			Check:            resource.ComposeAggregateTestCheckFunc(stored(newer), acctest.NoSecrets(t, secret, newer)),
		},
		resource.TestStep{
			Config:      config(`password_wo_version = 3`),
			ExpectError: regexp.MustCompile(`new\s+or\s+has\s+changed,\s+and\s+there\s+is\s+no\s+.ssh.password_wo`),
		},
		resource.TestStep{
			Config:           config(``),
			ConfigPlanChecks: expect(cp01, plancheck.ResourceActionUpdate),
			Check:            stored(""),
		},
	)
}

// Every parameter of every protocol goes to the server and comes back.
func TestConnectionEveryParameter(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	config := block
	var checks []resource.TestCheckFunc
	for _, protocol := range protocols.Names {
		body, want := everything(protocol)
		config += fmt.Sprintf("resource \"onprem_guacamole_connection\" %q {\n  name = %q\n  %s = {\n%s  }\n}\n", protocol, protocol, protocol, body)
		checks = append(checks, parameters(sim, protocol, want))
	}
	run(t, sim, resource.TestStep{
		Config: config, Check: resource.ComposeAggregateTestCheckFunc(checks...),
		ConfigPlanChecks: expect("onprem_guacamole_connection.rdp", plancheck.ResourceActionCreate),
	})
}

// everything is the configuration of all parameters of a protocol, and what is
// stored then.
func everything(protocol string) (body string, want map[string]string) {
	var b strings.Builder
	want = map[string]string{}
	for _, p := range protocols.Of(protocol) {
		value := "value of " + p.Name
		switch p.Type {
		case protocols.Boolean:
			value = "true"
		case protocols.Numeric:
			value = "4242"
		case protocols.Enum:
			value = p.Options[len(p.Options)-1]
		}
		want[p.Name] = value
		if p.Secret {
			fmt.Fprintf(&b, "    %s_wo_version = 1\n    %s_wo = %q\n", p.Attribute(), p.Attribute(), value)
		} else {
			fmt.Fprintf(&b, "    %s = %q\n", p.Attribute(), value)
		}
	}
	return b.String(), want
}

func TestConnectionMessages(t *testing.T) {
	t.Parallel()
	t.Run("in the configuration", func(t *testing.T) {
		t.Parallel()
		_, block := start(t)
		refuses(t, block+`
locals {
  long = join("", [for i in range(1000) : "12345"])
}
resource "onprem_guacamole_connection" "none" {
  name = "none"
}
resource "onprem_guacamole_connection" "two" {
  name = "two"
  ssh  = {}
  vnc  = {}
}
resource "onprem_guacamole_connection" "values" {
  name              = "  "
  parent_identifier = "IDC servers"
  guacd_port        = 70001
  max_connections   = -1
  rdp = {
    hostname               = ""
    port                   = 70000
    security               = "ntlm"
    domain                 = local.long
    password_wo            = "x"
    gateway_password_wo    = local.long
    gateway_password_wo_version = 1
  }
}
`,
			`Connection without a protocol`,
			`Attribute name must not be blank`, `Attribute parent_identifier must be the identifier of a connection group`,
			`Attribute guacd_port value must be between 1 and 65535, got: 70001`, `Attribute max_connections value must be at least 0`,
			`Attribute rdp.hostname UTF-8 character count must be between 1 and 4096, got: 0`,
			`Attribute rdp.port value must be between 1 and 65535, got: 70000`,
			`Attribute rdp.security value must be one of`, `Attribute rdp.domain UTF-8 character count must be between 1 and 4096, got: 5000`,
			`Attribute "rdp.password_wo_version" must be specified when "rdp.password_wo" is specified`,
			`Attribute rdp.gateway_password_wo UTF-8 character count must be between 1 and 4096, got: 5000`,
		)
	})
	t.Run("unknown protocol", func(t *testing.T) {
		t.Parallel()
		_, block := start(t)
		refuses(t, block+`
resource "onprem_guacamole_connection" "a" {
  name  = "a"
  spice = {}
}
`, `An argument named "spice" is not expected here`)
	})
	t.Run("in the plan", func(t *testing.T) {
		t.Parallel()
		_, block := start(t)
		refuses(t, block+`
resource "onprem_guacamole_connection" "a" {
  name = "a"
  ssh  = { password_wo_version = 1 }
}
`, "Missing secret")
	})
	t.Run("missing parent", func(t *testing.T) {
		t.Parallel()
		_, block := start(t)
		refuses(t, block+`
resource "onprem_guacamole_connection" "a" {
  name              = "a"
  parent_identifier = "99"
  ssh               = {}
}
resource "onprem_guacamole_connection_group" "a" {
  name              = "a"
  parent_identifier = "98"
}
`, `parent_identifier "99" does not exist`, `parent_identifier "98" does not exist`, `Unable to create onprem_guacamole_connection`)
	})
}

func TestConnectionImportMessages(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	sim.AddConnection(guacsim.Connection{Name: "exotic", Protocol: "spice"})
	t.Cleanup(func() { sim.Forget("connection", "exotic") })
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps: []resource.TestStep{
			{Config: block + bareConnection, ResourceName: cp01, ImportState: true, ImportStateId: "IDC servers/CP-99", ExpectError: regexp.MustCompile(`there is no connection "IDC\s+servers/CP-99"`)},
			{Config: block + bareConnection, ResourceName: cp01, ImportState: true, ImportStateId: "exotic", ExpectError: regexp.MustCompile(`protocol "spice"`)},
		},
	})
}

// A name that is taken is named before and after the attempt, with what to import.
func TestConnectionNameTaken(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	sim.AddConnection(guacsim.Connection{Name: "CP-01", Protocol: "ssh"})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps: []resource.TestStep{
			{Config: block + bareConnection, ExpectError: regexp.MustCompile(`(?s)"CP-01" exists in the root already, with the\s+identifier 1.*terraform import <address> 1`)},
			{
				Config: block + bareConnection, ResourceName: cp01, ImportState: true, ImportStateId: "CP-01", ImportStatePersist: true,
			},
		},
	})
}

// Terraform itself under a portal that fails: the apply goes through, or the
// next one does, and there is one connection.
func TestConnectionFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		match string
		fault faulty.Fault
	}{
		{"create lost", createConnection, faulty.Reset.After()},
		{"session ended", createConnection, guacsim.SessionEnded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sim, block := start(t)
			sim.Fail(tt.match, tt.fault, 1)
			run(t, sim, resource.TestStep{
				Config: block + bareConnection, ConfigPlanChecks: expect(cp01, plancheck.ResourceActionCreate),
				Check: func(*terraform.State) error {
					if n := len(sim.Connections()); n != 1 {
						return fmt.Errorf("%d connections", n)
					}
					return nil
				},
			})
		})
	}
	t.Run("down for a while", func(t *testing.T) {
		t.Parallel()
		sim, block := start(t)
		run(t, sim,
			before(func() { sim.Fail(createConnection, faulty.BadGateway, -1) },
				resource.TestStep{Config: block + bareConnection, ExpectError: regexp.MustCompile(`Unable to create onprem_guacamole_connection`)}),
			before(sim.Heal, resource.TestStep{Config: block + bareConnection, ConfigPlanChecks: expect(cp01, plancheck.ResourceActionCreate)}),
		)
	})
}

// Terraform's own count: a plan and an apply of many, and what they cost.
func TestConnectionRequests(t *testing.T) {
	t.Parallel()
	const n = 60
	sim, block := start(t)
	config := block + fmt.Sprintf(`
resource "onprem_guacamole_connection" "vm" {
  count = %d
  name  = format("vm-%%04d", count.index)
  ssh   = { hostname = format("10.244.0.%%d", count.index), port = 22 }
}
`, n)
	run(t, sim,
		resource.TestStep{
			Config: config,
			Check: func(*terraform.State) error {
				// Terraform's own refreshes of the test are counted as well, its creates apart.
				if posts := sim.Count(createConnection); posts != n {
					return fmt.Errorf("%d creates for %d connections", posts, n)
				}
				return nil
			},
		},
		before(func() { sim.Reset(); sim.Latency(time.Millisecond) }, resource.TestStep{Config: config, PlanOnly: true}),
		resource.TestStep{
			Config: block, PreConfig: func() {
				// The step before has planned at most three times.
				if total, most := sim.Count("* /**"), 3*(n+10); total > most {
					t.Errorf("%d requests, want at most %d", total, most)
				}
			},
		},
	)
}
