package guacamole_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"strconv"
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

func connectionLife(sim *guacsim.Server, block string) acctest.Life {
	idc := sim.AddGroup(guacsim.Group{Name: "IDC servers"})
	alone := strings.NewReplacer(idcGroup, "", "onprem_guacamole_connection_group.idc.identifier", strconv.Quote(idc), "CP-01 (Control Plane, GPU)", "CP-01")
	return acctest.Life{
		System: sim, Kind: guacsim.KindConnection, Name: "CP-01", Address: cp01,
		Block: block, Full: alone.Replace(fullConnection), Bare: bareConnection,
		Stored: acctest.Fields{
			"Parent": idc, "Protocol": "ssh",
			"Parameters": map[string]string{
				"hostname": "192.168.1.11", "port": "22", "username": "ubuntu", "password": secret, "font-size": "12",
				"color-scheme": "green-black", "enable-sftp": "true", "command": "bash -l",
			},
			"Attributes": map[string]string{
				"max-connections": "5", "max-connections-per-user": "3", "weight": "2", "failover-only": "true",
				"guacd-hostname": "guacd.example.internal", "guacd-port": "4822", "guacd-encryption": "ssl",
			},
		},
		Stripped: acctest.Fields{ // it moves, too
			"Parent": "ROOT", "Parameters": map[string]string{"hostname": "192.168.1.11"}, "Attributes": map[string]string{},
		},
		// That every single parameter shows is tested without Terraform: TestReadParameters.
		Drift: []acctest.Fields{
			{"Parent": "ROOT", "Attributes": map[string]any{
				"max-connections": "6", "max-connections-per-user": nil, "weight": nil, "failover-only": nil,
				"guacd-hostname": "elsewhere", "guacd-port": "1", "guacd-encryption": "none",
			}},
			{"Parameters": map[string]any{"enable-sftp": nil}},
			{"Parameters": map[string]any{"scrollback": "500"}},
			{"Name": "renamed"}, // it is found by its identifier
			{"Protocol": "vnc"},
			{"Protocol": "rdp"},
			{"Protocol": "telnet"},
			{"Protocol": "kubernetes"},
		},
		Identity: []string{"identifier"}, ImportIDs: []string{"IDC servers/CP-01"},
		// An import cannot know the version of a secret, nor tell false from absent.
		Unread: []string{"ssh.password_wo_version", "ssh.read_only"},
	}
}

func TestConnection(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, sim *guacsim.Server, block string) {
		life := connectionLife(sim, block)
		life.Run(t,
			resource.TestStep{
				Config: block + life.Full, Check: acctest.NoSecrets(t, secret),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(cp01, tfjsonpath.New("ssh").AtMapKey("port"), knownvalue.Int64Exact(22)),
					statecheck.ExpectKnownValue(cp01, tfjsonpath.New("ssh").AtMapKey("read_only"), knownvalue.Bool(false)),
					statecheck.ExpectKnownValue(cp01, tfjsonpath.New("ssh").AtMapKey("password_wo"), knownvalue.Null()),
					acctest.Is(cp01, "rdp", knownvalue.Null()),
				},
			},
			resource.TestStep{ // another protocol in place
				Config: block + `
resource "onprem_guacamole_connection" "cp01" {
  name = "CP-01"
  rdp  = { hostname = "192.168.1.11", security = "nla", ignore_cert = true }
}
`,
				ConfigPlanChecks: acctest.Action(cp01, plancheck.ResourceActionUpdate),
				Check: acctest.Has(sim, guacsim.KindConnection, "CP-01", acctest.Fields{
					"Parameters": map[string]string{"hostname": "192.168.1.11", "security": "nla", "ignore-cert": "true"},
				}),
			},
		)
	})
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
	acctest.Run(t, sim,
		resource.TestStep{Config: config(22)},
		resource.TestStep{
			PreConfig: acctest.Edit(t, sim, guacsim.KindConnection, "CP-01", acctest.Fields{
				"Parameters": map[string]any{"vault-record": "cp-01", "passphrase": secret, "wol-wait-time": "${WAIT}"},
			}),
			Config: config(22), PlanOnly: true,
		},
		resource.TestStep{
			Config: config(2222),
			Check: acctest.Has(sim, guacsim.KindConnection, "CP-01", acctest.Fields{"Parameters": map[string]string{
				"hostname": "192.168.1.11", "port": "2222", "vault-record": "cp-01", "passphrase": secret, "wol-wait-time": "${WAIT}",
			}}),
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
	stored := func(size, password string) resource.TestCheckFunc {
		want := map[string]string{"hostname": "192.168.1.11", "font-size": size, "password": password}
		maps.DeleteFunc(want, func(_, value string) bool { return value == "" })
		return acctest.Has(sim, guacsim.KindConnection, "CP-01", acctest.Fields{"Parameters": want})
	}
	acctest.Run(t, sim,
		resource.TestStep{
			Config: config(`
    password_wo         = "` + secret + `"
    password_wo_version = 1`),
			Check: resource.ComposeAggregateTestCheckFunc(stored("", secret), acctest.NoSecrets(t, secret)),
		},
		// The same version: whatever the configuration says, the stored one stays.
		resource.TestStep{
			Config: config(`
    font_size           = 12
    password_wo         = "` + newer + `"
    password_wo_version = 1`),
			ConfigPlanChecks: acctest.Action(cp01, plancheck.ResourceActionUpdate),
			Check:            stored("12", secret),
		},
		resource.TestStep{
			Config: config(`
    password_wo         = "` + newer + `"
    password_wo_version = 2`),
			ConfigPlanChecks: acctest.Action(cp01, plancheck.ResourceActionUpdate),
			Check:            resource.ComposeAggregateTestCheckFunc(stored("", newer), acctest.NoSecrets(t, secret, newer)),
		},
		resource.TestStep{
			Config:      config(`password_wo_version = 3`),
			ExpectError: acctest.Says("is new or has changed, and there is no `ssh.password_wo`"),
		},
		resource.TestStep{
			Config:           config(``),
			ConfigPlanChecks: acctest.Action(cp01, plancheck.ResourceActionUpdate),
			Check:            stored("", ""),
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
		checks = append(checks, acctest.Has(sim, guacsim.KindConnection, protocol, acctest.Fields{"Parameters": want}))
	}
	acctest.Run(t, sim, resource.TestStep{
		Config: config, Check: resource.ComposeAggregateTestCheckFunc(checks...),
		ConfigPlanChecks: acctest.Action("onprem_guacamole_connection.rdp", plancheck.ResourceActionCreate),
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

func TestConnectionRefusedAtPlan(t *testing.T) {
	t.Parallel()
	long := strconv.Quote(strings.Repeat("12345", 1000))
	rdp := func(body string) string { return "rdp = {\n" + body + "\n}" }
	acctest.Refuses(t, nowhere, "onprem_guacamole_connection", "", map[string]string{
		`name = "none"`:                      "Exactly one of `ssh`, `rdp`, `vnc`, `telnet`, `kubernetes` must be set: it says how the machine is reached.",
		"name = \"two\"\nssh = {}\nvnc = {}": "must be set, not `ssh` and `vnc`",
		"name = \"  \"\nssh = {}":            "Attribute name must not be blank",
	})
	acctest.Refuses(t, nowhere, "onprem_guacamole_connection", `name = "a"`, map[string]string{
		"ssh = {}\nparent_identifier = \"IDC servers\"": "Attribute parent_identifier must be the identifier of a connection group",
		"ssh = {}\nguacd_port = 70001":                  "Attribute guacd_port value must be between 1 and 65535, got: 70001",
		"ssh = {}\nmax_connections = -1":                "Attribute max_connections value must be at least 0",
		rdp(`hostname = ""`):                            "Attribute rdp.hostname UTF-8 character count must be between 1 and 4096, got: 0",
		rdp(`port = 70000`):                             "Attribute rdp.port value must be between 1 and 65535, got: 70000",
		rdp(`security = "ntlm"`):                        "Attribute rdp.security value must be one of",
		rdp(`domain = ` + long):                         "Attribute rdp.domain UTF-8 character count must be between 1 and 4096, got: 5000",
		rdp(`password_wo = "x"`):                        `Attribute "rdp.password_wo_version" must be specified when "rdp.password_wo" is specified`,
		rdp("gateway_password_wo_version = 1\ngateway_password_wo = " + long): "Attribute rdp.gateway_password_wo UTF-8 character count must be between 1 and 4096, got: 5000",
	})
	acctest.Refuses(t, nowhere, "onprem_guacamole_connection", `name = "a"`, map[string]string{
		`ssh = { password_wo_version = 1 }`: "`ssh.password_wo_version` is new or has changed, and there is no `ssh.password_wo` to send",
	})
}

func TestConnectionMessages(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	acctest.Run(t, sim,
		resource.TestStep{
			Config:      block + strings.Replace(bareConnection, "ssh ", "spice ", 1),
			ExpectError: acctest.Says(`An argument named "spice" is not expected here`),
		},
		resource.TestStep{
			Config:      block + strings.Replace(bareConnection, "name =", "parent_identifier = \"99\"\nname =", 1),
			ExpectError: acctest.Says(`Unable to create onprem_guacamole_connection … parent_identifier "99" does not exist`),
		},
		resource.TestStep{
			Config:      block + strings.Replace(bareWindows, "name =", "parent_identifier = \"98\"\nname =", 1),
			ExpectError: acctest.Says(`parent_identifier "98" does not exist`),
		},
	)
}

func TestConnectionImportMessages(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	sim.AddConnection(guacsim.Connection{Name: "exotic", Protocol: "spice"})
	t.Cleanup(func() { sim.Forget("connection", "exotic") })
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps: []resource.TestStep{
			{Config: block + bareConnection, ResourceName: cp01, ImportState: true, ImportStateId: "IDC servers/CP-99", ExpectError: acctest.Says(`there is no connection "IDC servers/CP-99"`)},
			{Config: block + bareConnection, ResourceName: cp01, ImportState: true, ImportStateId: "exotic", ExpectError: acctest.Says(`protocol "spice"`)},
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
			{Config: block + bareConnection, ExpectError: acctest.Says(`"CP-01" exists in the root already, with the identifier 1 … terraform import <address> 1`)},
			{
				Config: block + bareConnection, ResourceName: cp01, ImportState: true, ImportStateId: "CP-01", ImportStatePersist: true,
			},
		},
	})
}

// TestFaultsThroughTerraform breaks every operation of every resource for good,
// then heals it. Faults that a retry mends are in guacapi's tests.
func TestFaultsThroughTerraform(t *testing.T) {
	t.Parallel()
	for name, life := range map[string]func(*guacsim.Server, string) acctest.Life{"connection": connectionLife, "group": groupLife} {
		for _, f := range []faulty.Fault{faulty.BadGateway, guacsim.InternalError} {
			t.Run(name+"/"+f.String(), func(t *testing.T) {
				t.Parallel()
				sim := guacsim.New()
				server := httptest.NewServer(sim)
				t.Cleanup(server.Close)
				life(sim, providerFor(server.URL, ", max_retries = 0")).Survives(t, sim.Handler, "/guacamole/api/session/", f)
			})
		}
	}
}

// An answer that is lost does not fail the apply, and there is one connection.
func TestLostAnswers(t *testing.T) {
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
			acctest.Run(t, sim, resource.TestStep{
				Config: block + bareConnection, ConfigPlanChecks: acctest.Action(cp01, plancheck.ResourceActionCreate),
				Check: func(*terraform.State) error {
					if n := len(sim.Connections()); n != 1 {
						return fmt.Errorf("%d connections", n)
					}
					return nil
				},
			})
		})
	}
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
	acctest.Run(t, sim,
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
		resource.TestStep{PreConfig: func() { sim.Reset(); sim.Latency(time.Millisecond) }, Config: config, PlanOnly: true},
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

// A stored secret does not follow to another machine, but goes there with a new
// version; that of the gateway and of SFTP have addresses of their own.
func TestConnectionSecretStaysAtItsAddress(t *testing.T) {
	t.Parallel()
	sim, block := start(t)
	config := func(host, gateway string, port, password int) string {
		return block + fmt.Sprintf(`
resource "onprem_guacamole_connection" "cp01" {
  name = "CP-01"
  rdp = {
    hostname                    = %q
    port                        = %d
    password_wo                 = "secret-of-version-%d"
    password_wo_version         = %d
    gateway_hostname            = %q
    gateway_password_wo         = "secret-of-the-gateway"
    gateway_password_wo_version = 1
  }
}
`, host, port, password, password, gateway)
	}
	stored := func(password string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			if have := sim.Connections()[0].Parameters["password"]; have != password {
				return fmt.Errorf("Guacamole holds the password %q, want %q", have, password)
			}
			return nil
		}
	}
	acctest.Run(t, sim,
		resource.TestStep{Config: config("192.168.1.11", "gw.example.com", 3389, 1), Check: stored("secret-of-version-1")},
		resource.TestStep{
			Config:      config("203.0.113.7", "gw.example.com", 3389, 1),
			ExpectError: acctest.Says("`rdp.password_wo` was given for 192.168.1.11:3389, and with this change it would be used at 203.0.113.7:3389"),
		},
		resource.TestStep{
			Config:      config("192.168.1.11", "gw.example.com", 13389, 1),
			ExpectError: acctest.Says("`rdp.password_wo` was given for 192.168.1.11:3389, and with this change it would be used at 192.168.1.11:13389"),
		},
		resource.TestStep{
			Config:      config("192.168.1.11", "gw.example.net", 3389, 1),
			ExpectError: acctest.Says("`rdp.gateway_password_wo` was given for gw.example.com, and with this change it would be used at gw.example.net"),
		},
		resource.TestStep{
			PreConfig: acctest.Edit(t, sim, guacsim.KindConnection, "CP-01", acctest.Fields{"hostname": "203.0.113.7"}),
			Config:    config("192.168.1.11", "gw.example.com", 3389, 1), Check: stored("secret-of-version-1"),
		},
		resource.TestStep{Config: config("192.168.1.12", "gw.example.com", 3389, 2), Check: stored("secret-of-version-2")},
	)
}
