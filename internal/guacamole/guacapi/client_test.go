package guacapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
)

// secret must appear in no log and no error.
const secret = "Tr0ub4dor&3"

// Paths of the API.
const (
	tokens      = "/guacamole/api/tokens"
	connections = "/guacamole/api/session/data/*/connections"
)

func start(t *testing.T, sim *guacsim.Server, change ...func(*guacapi.Config)) *guacapi.Client {
	t.Helper()
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	config := guacapi.Config{
		HTTP: api.Config{URL: server.URL + "/guacamole", Timeout: 5 * time.Second}, Username: "guacadmin", Password: "guacadmin",
	}
	for _, f := range change {
		f(&config)
	}
	c, err := guacapi.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func web() guacapi.Connection {
	return guacapi.Connection{
		Name: "web", ParentIdentifier: guacapi.Root, Protocol: "ssh",
		Parameters: guacapi.Values{"hostname": "192.168.1.11", "port": "22", "password": secret},
		Attributes: guacapi.Values{"max-connections": "5"},
	}
}

func versions(t *testing.T, test func(t *testing.T, opts ...guacsim.Option)) {
	t.Helper()
	for name, opts := range map[string][]guacsim.Option{"1.5.5": {guacsim.Version155()}, "1.6.0": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, opts...)
		})
	}
}

func TestConnectionLife(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, opts ...guacsim.Option) {
		sim := guacsim.New(opts...)
		c, ctx := start(t, sim), t.Context()
		group, err := c.CreateGroup(ctx, guacapi.Group{Name: "IDC servers", ParentIdentifier: guacapi.Root, Type: "ORGANIZATIONAL"})
		if err != nil {
			t.Fatal(err)
		}
		made, err := c.CreateConnection(ctx, web())
		if err != nil {
			t.Fatal(err)
		}
		want := web()
		want.Identifier = made.Identifier
		for range 2 { // the answer of the write first, then the server
			got, err := c.Connection(ctx, made.Identifier)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		}
		err = c.UpdateConnection(ctx, made.Identifier, func(c *guacapi.Connection) error {
			c.ParentIdentifier = group.Identifier
			delete(c.Parameters, "port")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		found, err := c.FindConnection(ctx, "IDC servers/web")
		if err != nil || found.Identifier != made.Identifier {
			t.Errorf("at its path: %v, %v", found.Identifier, err)
		}
		stored := sim.Connections()[0]
		if diff := cmp.Diff(map[string]string{"hostname": "192.168.1.11", "password": secret}, stored.Parameters); diff != "" {
			t.Errorf("parameters (-want +got)\n%s", diff)
		}
		if names, err := c.Contents(ctx, group.Identifier); err != nil || len(names) != 1 || names[0] != "web" {
			t.Errorf("contents %v, %v", names, err)
		}
		if err := c.DeleteConnection(ctx, made.Identifier); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Connection(ctx, made.Identifier); !api.IsNotFound(err) {
			t.Errorf("after the delete: %v", err)
		}
		if err := c.DeleteGroup(ctx, group.Identifier); err != nil {
			t.Fatal(err)
		}
		if len(sim.Connections())+len(sim.Groups()) != 0 {
			t.Error("something is left over")
		}
	})
}

func TestOneLoginForAll(t *testing.T) {
	t.Parallel()
	sim := guacsim.New()
	id := sim.AddConnection(guacsim.Connection{Name: "web", Protocol: "ssh"})
	c := start(t, sim)
	read := func() {
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if _, err := c.Connection(t.Context(), id); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	read()
	if n := sim.Count("POST " + tokens); n != 1 {
		t.Errorf("%d logins, want 1", n)
	}
	sim.EndSessions()
	if err := c.DeleteConnection(t.Context(), id); err != nil { // a write meets the ended session
		t.Error(err)
	}
	if n := sim.Count("POST " + tokens); n != 2 {
		t.Errorf("%d logins after the session has ended, want 2", n)
	}
}

// Guacamole keeps a session for an hour: those that the client has begun, and has replaced, end with it.
func TestCloseEndsSessions(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, opts ...guacsim.Option) {
		sim := guacsim.New(opts...)
		c := start(t, sim)
		if err := c.Close(t.Context()); err != nil || sim.Count("* /**") != 0 {
			t.Errorf("a client that was not used: %v, %d requests", err, sim.Count("* /**"))
		}
		c = start(t, sim)
		for range 2 {
			sim.Fail("GET "+connections, guacsim.SessionEnded, 1) // for one node of several it has
			if _, err := c.Connections(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := c.DeleteConnection(t.Context(), "7"); !api.IsNotFound(err) { // which drops the listing
				t.Fatal(err)
			}
		}
		if n := sim.Sessions(); n != 3 {
			t.Fatalf("%d sessions are open, want 3", n)
		}
		if err := c.Close(t.Context()); err != nil || sim.Sessions() != 0 {
			t.Errorf("%d sessions are left, %v", sim.Sessions(), err)
		}
		for _, r := range sim.Requests("DELETE /guacamole/api/**") {
			if len(r.Path) > 60 || r.Query != "" {
				t.Errorf("a token is in an address, and so in logs: %s", r)
			}
		}

		c = start(t, sim)
		if _, err := c.Connections(t.Context()); err != nil {
			t.Fatal(err)
		}
		sim.EndSessions()
		if err := c.Close(t.Context()); err != nil {
			t.Errorf("a session that is over already: %v", err)
		}

		c = start(t, sim)
		if _, err := c.Connections(t.Context()); err != nil {
			t.Fatal(err)
		}
		sim.Fail("DELETE /**", faulty.Hang, -1)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		begin := time.Now()
		if err := c.Close(ctx); err == nil || time.Since(begin) > 3*time.Second {
			t.Errorf("a portal that hangs: %v after %s", err, time.Since(begin))
		}
	})
}

// A portal that hangs, or refuses the password, costs one login, however many objects there are.
func TestFailedLoginIsShared(t *testing.T) {
	t.Parallel()
	for _, n := range []int{10, 100} {
		for fault, want := range map[*faulty.Fault][2]string{
			&faulty.Hang: {"no answer", "`request_timeout`"}, nil: {"answered 403", "user name or password"},
		} {
			sim := guacsim.New()
			c := start(t, sim, func(c *guacapi.Config) {
				c.HTTP.Timeout, c.HTTP.MaxRetries, c.Password = time.Second, -1, "wrong"
			})
			if fault != nil {
				sim.Fail("* /**", *fault, -1)
			}
			begin := time.Now()
			faulty.AsTerraform(n, func(i int) {
				_, err := c.Connection(t.Context(), fmt.Sprint(i))
				expectError(t, err, want[0], want[1])
			})
			if took, requests := time.Since(begin), sim.Count("* /**"); took > 5*time.Second || requests > 1 {
				t.Errorf("%d connections took %s and %d requests, want one login", n, took, requests)
			}
		}
	}
}

func TestEndedSessionAndRefusal(t *testing.T) {
	t.Parallel()
	sim := guacsim.New(guacsim.Operator("ann", "ann"))
	id := sim.AddConnection(guacsim.Connection{Name: "web", Protocol: "ssh"})
	c := start(t, sim, func(c *guacapi.Config) { c.Username, c.Password = "ann", "ann" })
	err := c.DeleteConnection(t.Context(), id)
	expectError(t, err, "Permission denied.", "lacks the right")
	if n := sim.Count("POST " + tokens); n != 1 {
		t.Errorf("%d logins: a refusal is no ended session", n)
	}

	// A portal that forgets every session at once: two tries, then an explanation.
	sim = guacsim.New()
	sim.Fail("GET "+connections, guacsim.SessionEnded, -1)
	_, err = start(t, sim).Connections(t.Context())
	expectError(t, err, "Permission Denied.", "sticky sessions")
	if n := sim.Count("POST " + tokens); n != 2 {
		t.Errorf("%d logins, want 2", n)
	}
}

func TestLoginMessages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		opts      []guacsim.Option
		change    func(*guacapi.Config)
		why, what string // empty for success
	}{
		{"wrong password", nil, func(c *guacapi.Config) { c.Password = "x" }, "Invalid login", "user name or password"},
		{"second factor", []guacsim.Option{guacsim.TOTP("123456")}, func(*guacapi.Config) {}, "TOTP", "`guac-totp`"},
		{"second factor given", []guacsim.Option{guacsim.TOTP("123456")}, func(c *guacapi.Config) { c.LoginFields = map[string]string{"guac-totp": "123456"} }, "", ""},
		{"database behind ldap", []guacsim.Option{guacsim.DataSources("ldap", "mysql", "mysql-shared")}, func(*guacapi.Config) {}, "", ""},
		{"no database", []guacsim.Option{guacsim.DataSources("ldap")}, func(*guacapi.Config) {}, "only ldap", "`data_source`"},
		{"unknown data source", nil, func(c *guacapi.Config) { c.DataSource = "mysql" }, `no data source "mysql"`, "`data_source`"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := start(t, guacsim.New(tt.opts...), tt.change).Groups(t.Context())
			if tt.why == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			expectError(t, err, tt.why, tt.what)
		})
	}
}

func TestMissingParentIsNamed(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, opts ...guacsim.Option) {
		sim := guacsim.New(opts...)
		c := start(t, sim)
		lost := web()
		lost.ParentIdentifier = "99"
		_, err := c.CreateConnection(t.Context(), lost)
		expectError(t, err, `parent_identifier "99" does not exist`, "onprem_guacamole_connection_group")
		if n := sim.Count("POST " + connections); n != 1 {
			t.Errorf("sent %d times", n)
		}
		made, err := c.CreateConnection(t.Context(), web())
		if err != nil {
			t.Fatal(err)
		}
		err = c.UpdateConnection(t.Context(), made.Identifier, func(c *guacapi.Connection) error { c.ParentIdentifier = "99"; return nil })
		expectError(t, err, `parent_identifier "99" does not exist`, "onprem_guacamole_connection_group")
		if api.IsNotFound(err) {
			t.Error("a missing parent is taken for a missing connection")
		}
	})
}

func TestTakenNameIsNamed(t *testing.T) {
	t.Parallel()
	sim := guacsim.New()
	id := sim.AddConnection(guacsim.Connection{Name: "web", Protocol: "rdp"})
	_, err := start(t, sim).CreateConnection(t.Context(), web())
	expectError(t, err, "identifier "+id, "terraform import <address> "+id)
}

// An answer that was lost must lead to no duplicate, no orphan, and no takeover.
func TestCreateFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault faulty.Fault
		times int
		posts int
	}{
		{"reset before", faulty.Reset, 1, 2},
		{"reset after", faulty.Reset.After(), 1, 1},
		{"reset again and again", faulty.Reset, 2, 3},
		{"hang", faulty.Hang, 1, 2},
		{"hang after", faulty.Hang.After(), 1, 1},
		{"429", faulty.TooManyRequests(0), 1, 2},
		{"500 before", guacsim.InternalError, 1, 2},
		{"500 after", guacsim.InternalError.After(), 1, 1},
		{"502 page", faulty.BadGateway, 1, 2},
		{"502 page after", faulty.BadGateway.After(), 1, 1},
		{"503 after", faulty.Unavailable.After(), 1, 1},
		{"truncated", faulty.Truncated, 1, 1},
		{"wrong content type", faulty.WrongType, 1, 1},
		{"another object", faulty.Another, 1, 2},
		{"another object after", faulty.Another.After(), 1, 1},
		{"session ended", guacsim.SessionEnded, 1, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			versions(t, func(t *testing.T, opts ...guacsim.Option) {
				sim := guacsim.New(opts...)
				sim.AddConnection(guacsim.Connection{Name: "bystander", Protocol: "ssh"})
				c := start(t, sim, func(c *guacapi.Config) { c.HTTP.Timeout = 150 * time.Millisecond })
				sim.Fail("POST "+connections, tt.fault, tt.times)
				made, err := c.CreateConnection(t.Context(), web())
				if err != nil {
					t.Fatal(err)
				}
				if all := sim.Connections(); len(all) != 2 || all[1].Identifier != made.Identifier || all[1].Parameters["password"] != secret {
					t.Errorf("made %s, stored %v", made.Identifier, all)
				}
				if n := sim.Count("POST " + connections); n != tt.posts {
					t.Errorf("sent %d times, want %d", n, tt.posts)
				}
			})
		})
	}
}

func TestCreateGivesUp(t *testing.T) {
	t.Parallel()
	sim := guacsim.New()
	c := start(t, sim)
	sim.Fail("POST "+connections, faulty.BadGateway, -1)
	_, err := c.CreateConnection(t.Context(), web())
	expectError(t, err, "502", "web page")
	if n := sim.Count("POST " + connections); n != 3 || len(sim.Connections()) != 0 {
		t.Errorf("sent %d times, want 3", n)
	}
}

// What was there before the run, or is not what was sent, is somebody else's.
func TestCreateAdoptsNothingForeign(t *testing.T) {
	t.Parallel()
	t.Run("older", func(t *testing.T) {
		t.Parallel()
		sim := guacsim.New()
		sent := web()
		id := sim.AddConnection(guacsim.Connection{Name: "web", Protocol: "ssh", Parameters: sent.Parameters, Attributes: sent.Attributes})
		c := start(t, sim)
		sim.Fail("POST "+connections, faulty.Reset, 1)
		_, err := c.CreateConnection(t.Context(), sent)
		expectError(t, err, "identifier "+id, "terraform import <address> "+id)
	})
	t.Run("different", func(t *testing.T) {
		t.Parallel()
		sim := guacsim.New()
		c := start(t, sim)
		if _, _, err := c.PlanConnection(t.Context(), guacapi.Root, "web"); err != nil { // the run has seen the portal empty
			t.Fatal(err)
		}
		id := sim.AddConnection(guacsim.Connection{Name: "web", Protocol: "ssh", Parameters: map[string]string{"hostname": "192.168.9.9"}})
		sim.Fail("POST "+connections, faulty.Reset, 1)
		_, err := c.CreateConnection(t.Context(), web())
		expectError(t, err, "identifier "+id, "import")
	})
	t.Run("its own twin", func(t *testing.T) {
		t.Parallel()
		sim := guacsim.New()
		c := start(t, sim)
		made, err := c.CreateConnection(t.Context(), web())
		if err != nil {
			t.Fatal(err)
		}
		sim.Fail("POST "+connections, faulty.Reset, 1)
		_, err = c.CreateConnection(t.Context(), web())
		expectError(t, err, "identifier "+made.Identifier, "import")
	})
}

// A run that is interrupted while the answer is on its way still learns what
// it has made.
func TestInterruptedCreateIsNotForgotten(t *testing.T) {
	t.Parallel()
	sim := guacsim.New()
	c := start(t, sim)
	if _, _, err := c.PlanConnection(t.Context(), guacapi.Root, "web"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	sim.Fail("POST "+connections, faulty.Hang.After(), 1)
	go func() {
		for len(sim.Connections()) == 0 && t.Context().Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	made, err := c.CreateConnection(ctx, web())
	if err != nil || made.Identifier != sim.Connections()[0].Identifier {
		t.Errorf("made %q, %v", made.Identifier, err)
	}
}

// Reads, updates and deletes are idempotent: they are sent again, or fail with
// a reason and a next step.
func TestOtherFaults(t *testing.T) {
	t.Parallel()
	operations := []struct {
		name, match string
		run         func(ctx context.Context, c *guacapi.Client, id string) error
		done        func(sim *guacsim.Server) bool
	}{
		{"read", "GET " + connections + "/*/parameters", func(ctx context.Context, c *guacapi.Client, id string) error {
			got, err := c.Connection(ctx, id)
			if err == nil && got.Parameters["hostname"] == "" {
				return errors.New("read nothing")
			}
			return err
		}, func(*guacsim.Server) bool { return true }},
		{"update", "PUT " + connections + "/*", func(ctx context.Context, c *guacapi.Client, id string) error {
			return c.UpdateConnection(ctx, id, func(c *guacapi.Connection) error { c.Name = "renamed"; return nil })
		}, func(s *guacsim.Server) bool {
			return s.Connections()[0].Name == "renamed" && s.Connections()[0].Parameters["password"] == secret
		}},
		{"delete", "DELETE " + connections + "/*", func(ctx context.Context, c *guacapi.Client, id string) error {
			if err := c.DeleteConnection(ctx, id); !api.IsNotFound(err) { // a second try finds it gone
				return err
			}
			return nil
		}, func(s *guacsim.Server) bool { return len(s.Connections()) == 0 }},
	}
	faults := map[string]faulty.Fault{
		"reset before": faulty.Reset, "reset after": faulty.Reset.After(), "hang": faulty.Hang, "429": faulty.TooManyRequests(0),
		"500": guacsim.InternalError, "502": faulty.BadGateway.After(), "503": faulty.Unavailable, "truncated": faulty.Truncated,
		"wrong content type": faulty.WrongType, "session ended": guacsim.SessionEnded,
	}
	for _, op := range operations {
		for name, fault := range faults {
			t.Run(op.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				sim := guacsim.New()
				id := sim.AddConnection(guacsim.Connection{Name: "web", Protocol: "ssh", Parameters: map[string]string{"hostname": "192.168.1.11", "password": secret}})
				c := start(t, sim, func(c *guacapi.Config) { c.HTTP.Timeout = 150 * time.Millisecond })
				sim.Fail(op.match, fault, 1)
				err := op.run(t.Context(), c, id)
				if op.name == "read" && name == "wrong content type" {
					expectError(t, err, "guacamole answered 200 with text/html", "web page")
					return
				}
				if err != nil || !op.done(sim) {
					t.Errorf("%v, done %v", err, op.done(sim))
				}
			})
		}
	}
}

func TestNoSecretInLogsAndErrors(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var logged strings.Builder
	note := func(s string) {
		mu.Lock()
		defer mu.Unlock()
		logged.WriteString(s + "\n")
	}
	sim := guacsim.New(guacsim.Password("adm1n-secret"))
	c := start(t, sim, func(c *guacapi.Config) {
		c.Password = "adm1n-secret"
		c.HTTP.MaxRetries = -1
		c.HTTP.Log = func(_ context.Context, msg string, fields map[string]any) { note(fmt.Sprint(msg, fields)) }
	})
	// An answer of another type than promised, whose text holds the secret.
	sim.Fail("POST "+tokens, faulty.Status(200, `"adm1n-secret" and a token`), 1)
	_, err := c.Connections(t.Context())
	note(fmt.Sprint(err))
	id := sim.AddConnection(guacsim.Connection{Name: "db", Protocol: "ssh", Parameters: map[string]string{"password": secret}})
	sim.Fail("GET "+connections+"/*/parameters", faulty.Truncated, 1)
	_, err = c.Connection(t.Context(), id)
	note(fmt.Sprint(err))
	sim.Fail("GET "+connections+"/*/parameters", faulty.Status(200, `{"password":["`+secret+`"]}`), 1)
	_, err = c.Connection(t.Context(), id)
	note(fmt.Sprint(err))
	sim.Fail("POST "+connections, faulty.Truncated, 1)
	_, err = c.CreateConnection(t.Context(), web())
	note(fmt.Sprint(err))
	for _, s := range []string{secret, "adm1n-secret"} {
		if strings.Contains(logged.String(), s) {
			t.Errorf("a secret shows up in\n%s", logged.String())
		}
	}
	if !strings.Contains(logged.String(), "POST") {
		t.Error("nothing was logged")
	}
}

func TestPathsMayHoldSlashes(t *testing.T) {
	t.Parallel()
	sim := guacsim.New()
	group := sim.AddGroup(guacsim.Group{Name: "Seoul/IDC"})
	inner := sim.AddGroup(guacsim.Group{Name: "cp", Parent: group})
	id := sim.AddConnection(guacsim.Connection{Name: "CP-01 (Control Plane, GPU)", Parent: inner, Protocol: "ssh"})
	c := start(t, sim)
	found, err := c.FindConnection(t.Context(), "Seoul/IDC/cp/CP-01 (Control Plane, GPU)")
	if err != nil || found.Identifier != id {
		t.Errorf("found %q, %v", found.Identifier, err)
	}
	if _, err := c.FindConnection(t.Context(), "CP-01 (Control Plane, GPU)"); !api.IsNotFound(err) {
		t.Errorf("found without its groups: %v", err)
	}
	sim.AddConnection(guacsim.Connection{Name: "a/b", Protocol: "ssh"})
	a := sim.AddGroup(guacsim.Group{Name: "a"})
	sim.AddConnection(guacsim.Connection{Name: "b", Parent: a, Protocol: "ssh"})
	_, err = start(t, sim).FindConnection(t.Context(), "a/b")
	expectError(t, err, "more than one", "identifier")
}

// What servers take for a step up is nothing's identifier, and refused unsent.
func TestStepsUpAreNoIdentifiers(t *testing.T) {
	t.Parallel()
	sim := guacsim.New()
	c, ctx := start(t, sim), t.Context()
	for _, id := range []string{".", ".."} {
		_, connection := c.Connection(ctx, id)
		_, group := c.Group(ctx, id)
		_, contents := c.Contents(ctx, id)
		for _, err := range []error{
			connection, group, contents, c.DeleteConnection(ctx, id), c.DeleteGroup(ctx, id),
			c.UpdateConnection(ctx, id, func(*guacapi.Connection) error { return nil }), c.UpdateGroup(ctx, id, func(*guacapi.Group) {}),
		} {
			expectError(t, err, fmt.Sprintf("%q is no name", id), "Correct the name")
			if api.IsNotFound(err) || api.Ambiguous(err) {
				t.Errorf("%q: %v", id, err)
			}
		}
	}
	if n := sim.Count("* /**") - sim.Count("POST "+tokens); n != 0 {
		t.Errorf("sent: %v", sim.Requests("* /**"))
	}
}

// expectError checks the cause and the next step of an error.
func expectError(t *testing.T, err error, why, what string) {
	t.Helper()
	var hinting interface{ Hint() string }
	switch {
	case err == nil:
		t.Errorf("no error, want %q", why)
	case !strings.Contains(err.Error(), why):
		t.Errorf("error %q, want %q", err, why)
	case !errors.As(err, &hinting) || !strings.Contains(hinting.Hint(), what):
		t.Errorf("error %q without the hint %q", err, what)
	}
}
