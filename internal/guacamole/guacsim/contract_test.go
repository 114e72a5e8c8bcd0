package guacsim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
)

// row is one statement about Guacamole's API: a request and what comes back.
// Objects of the answer are compared by the keys that are given here.
type row struct {
	name   string
	call   string // "METHOD path", below the data source unless it starts with /api
	body   string
	status int
	want   string // JSON; "-" for an empty body, "" for any
	only   string // a version
}

// The statements build on each other: identifiers count up from 1.
var rows = []row{
	{name: "nothing at first", call: "GET connections", status: 200, want: `{}`},
	{name: "the root group", call: "GET connectionGroups/ROOT", status: 200, want: `{"name":"ROOT","identifier":"ROOT","type":"ORGANIZATIONAL"}`},
	{name: "the root is not in the list", call: "GET connectionGroups", status: 200, want: `{}`},
	{name: "the root cannot be changed", call: "PUT connectionGroups/ROOT", body: `{"name":"x","type":"BALANCING","attributes":{}}`, status: 500},
	{name: "the root cannot be deleted", call: "DELETE connectionGroups/ROOT", status: 500},

	{name: "a group", call: "POST connectionGroups", body: `{"name":"IDC servers","type":"ORGANIZATIONAL","parentIdentifier":"ROOT","attributes":{}}`, status: 200, want: `{"identifier":"1","name":"IDC servers"}`},
	{name: "a group of that name", call: "POST connectionGroups", body: `{"name":"IDC servers","type":"BALANCING","attributes":{}}`, status: 400, want: `{"message":"The connection group \"IDC servers\" already exists.","type":"BAD_REQUEST"}`},
	{name: "a group inside", call: "POST connectionGroups", body: `{"name":"inner","type":"BALANCING","parentIdentifier":"1","attributes":{"max-connections":"5","enable-session-affinity":"true"}}`, status: 200, want: `{"identifier":"2"}`},
	{name: "attributes of a group", call: "GET connectionGroups/2", status: 200, want: `{"parentIdentifier":"1","attributes":{"max-connections":"5","max-connections-per-user":null,"enable-session-affinity":"true"}}`},
	{name: "affinity reads back empty when off", call: "GET connectionGroups/1", status: 200, want: `{"attributes":{"max-connections":null,"max-connections-per-user":null,"enable-session-affinity":""}}`},
	{name: "a group inside itself", call: "PUT connectionGroups/1", body: `{"name":"IDC servers","type":"ORGANIZATIONAL","parentIdentifier":"2","attributes":{}}`, status: 501, want: `{"type":"INTERNAL_ERROR"}`},
	{name: "a group without attributes", call: "POST connectionGroups", body: `{"name":"bare","type":"ORGANIZATIONAL"}`, status: 500, want: `{"message":"Unexpected internal error","type":"INTERNAL_ERROR"}`},
	{name: "a group under nothing", call: "POST connectionGroups", body: `{"name":"lost","type":"ORGANIZATIONAL","parentIdentifier":"99","attributes":{}}`, status: 500},
	{name: "PUT of a group", call: "PUT connectionGroups/2", body: `{"name":"inner","type":"ORGANIZATIONAL","parentIdentifier":"1","attributes":{}}`, status: 204, want: "-"},
	{name: "PUT resets attributes and changes the type", call: "GET connectionGroups/2", status: 200, want: `{"type":"ORGANIZATIONAL","attributes":{"max-connections":null,"max-connections-per-user":null,"enable-session-affinity":""}}`},

	{name: "POST answers with what was sent", call: "POST connections", body: `{"name":"web","parentIdentifier":"1","protocol":"ssh","parameters":{"hostname":"10.0.0.1","password":"hush","username":"","port":null},"attributes":{"max-connections":"5","color":"red"}}`,
		status: 200, want: `{"identifier":"3","name":"web","parentIdentifier":"1","protocol":"ssh","parameters":{"hostname":"10.0.0.1","password":"hush","username":"","port":null},"attributes":{"max-connections":"5"}}`},
	{name: "GET has no parameters and all attributes", call: "GET connections/3", status: 200,
		want: `{"parameters":"absent","lastActive":"absent","activeConnections":0,"attributes":{"max-connections":"5","max-connections-per-user":null,"weight":null,"failover-only":null,"guacd-hostname":null,"guacd-port":null,"guacd-encryption":null}}`},
	{name: "secrets in clear, null and empty vanish", call: "GET connections/3/parameters", status: 200, want: `{"hostname":"10.0.0.1","password":"hush","username":"absent","port":"absent"}`},
	{name: "the same name under the same parent", call: "POST connections", body: `{"name":"web","parentIdentifier":"1","protocol":"rdp","attributes":{}}`, status: 400, want: `{"message":"The connection \"web\" already exists.","type":"BAD_REQUEST","statusCode":null,"expected":null}`},
	{name: "the same name elsewhere", call: "POST connections", body: `{"name":"web","protocol":"anything","parameters":{"made-up":"1"},"attributes":{}}`, status: 200, want: `{"identifier":"4"}`},
	{name: "null is the root", call: "GET connections/4", status: 200, want: `{"parentIdentifier":"ROOT","protocol":"anything"}`},
	{name: "a blank name", call: "POST connections", body: `{"name":" ","protocol":"ssh","attributes":{}}`, status: 400, want: `{"type":"BAD_REQUEST"}`},
	{name: "a name of 129 characters", call: "POST connections", body: `{"name":"` + strings.Repeat("n", 129) + `","protocol":"ssh","attributes":{}}`, status: 500},
	{name: "no protocol", call: "POST connections", body: `{"name":"p","attributes":{}}`, status: 500},
	{name: "a protocol of 33 characters", call: "POST connections", body: `{"name":"p","protocol":"` + strings.Repeat("p", 33) + `","attributes":{}}`, status: 500},
	{name: "no attributes", call: "POST connections", body: `{"name":"p","protocol":"ssh"}`, status: 500, want: `{"message":"Unexpected internal error"}`},
	{name: "no body", call: "POST connections", status: 400, want: `{"type":"BAD_REQUEST"}`},
	{name: "a missing parent", call: "POST connections", body: `{"name":"p","parentIdentifier":"99","protocol":"ssh","attributes":{}}`, status: 500, want: `{"message":"Unexpected internal error"}`},
	{name: "a value too long", only: "1.6.0", call: "POST connections", body: `{"name":"p","protocol":"ssh","parameters":{"host-key":"` + strings.Repeat("k", 4097) + `"},"attributes":{}}`, status: 413, want: `{"type":"BAD_REQUEST"}`},
	{name: "a value too long", only: "1.5.5", call: "POST connections", body: `{"name":"p","protocol":"ssh","parameters":{"host-key":"` + strings.Repeat("k", 4097) + `"},"attributes":{}}`, status: 500},

	{name: "PUT without parameters", call: "PUT connections/3", body: `{"name":"web","parentIdentifier":"1","protocol":"ssh","attributes":{}}`, status: 500},
	{name: "PUT without attributes", call: "PUT connections/3", body: `{"name":"web","parentIdentifier":"1","protocol":"ssh","parameters":{}}`, status: 500},
	{name: "PUT replaces, bad numbers are ignored", call: "PUT connections/3", body: `{"name":"web2","parentIdentifier":"ROOT","protocol":"rdp","parameters":{"hostname":"10.0.0.2"},"attributes":{"max-connections":"abc","weight":"2","guacd-encryption":"rot13","failover-only":"false"}}`, status: 204, want: "-"},
	{name: "after PUT", call: "GET connections/3", status: 200, want: `{"name":"web2","parentIdentifier":"ROOT","protocol":"rdp","attributes":{"max-connections":"5","weight":"2","guacd-encryption":null,"failover-only":null,"max-connections-per-user":null,"guacd-hostname":null,"guacd-port":null}}`},
	{name: "parameters after PUT", call: "GET connections/3/parameters", status: 200, want: `{"hostname":"10.0.0.2","password":"absent"}`},
	{name: "PUT of another's name", call: "PUT connections/3", body: `{"name":"web","protocol":"rdp","parameters":{},"attributes":{}}`, status: 400},
	{name: "PUT of nothing", call: "PUT connections/99", body: `{"name":"x","protocol":"rdp","parameters":{},"attributes":{}}`, status: 404, want: `{"message":"Not found: \"99\"","type":"NOT_FOUND"}`},
	{name: "GET of nothing", call: "GET connections/99", status: 404, want: `{"message":"Not found: \"99\"","type":"NOT_FOUND"}`},
	{name: "a word for a number", call: "GET connections/web", status: 404, want: `{"type":"NOT_FOUND"}`},
	{name: "errors know patches", only: "1.6.0", call: "GET connections/99", status: 404, want: `{"patches":null}`},
	{name: "errors do not know patches", only: "1.5.5", call: "GET connections/99", status: 404, want: `{"patches":"absent"}`},

	{name: "a sharing profile", call: "POST sharingProfiles", body: `{"name":"watch","primaryConnectionIdentifier":"3","parameters":{"read-only":"true"},"attributes":{}}`, status: 200, want: `{"identifier":"5"}`},
	{name: "a profile of nothing", call: "POST sharingProfiles", body: `{"name":"watch","primaryConnectionIdentifier":"99","parameters":{},"attributes":{}}`, status: 500},
	{name: "parameters of a profile", call: "GET sharingProfiles/5/parameters", status: 200, want: `{"read-only":"true"}`},
	{name: "profiles of a connection", call: "GET connections/3/sharingProfiles", status: 200, want: `{"5":{"name":"watch"}}`},
	{name: "the tree", call: "GET connectionGroups/ROOT/tree", status: 200, want: `{"childConnectionGroups":[{"identifier":"1","childConnections":"absent","childConnectionGroups":[{"identifier":"2"}]}],"childConnections":[{"identifier":"3","parameters":"absent","sharingProfiles":[{"identifier":"5"}]},{"identifier":"4","sharingProfiles":"absent"}]}`},
	{name: "DELETE takes the profiles along", call: "DELETE connections/3", status: 204, want: "-"},
	{name: "gone", call: "GET sharingProfiles/5", status: 404},
	{name: "DELETE of nothing", call: "DELETE connections/3", status: 404},

	{name: "one into the inner group", call: "POST connections", body: `{"name":"deep","parentIdentifier":"2","protocol":"vnc","attributes":{}}`, status: 200, want: `{"identifier":"6"}`},
	{name: "DELETE of a group cascades", call: "DELETE connectionGroups/1", status: 204, want: "-"},
	{name: "the inner group is gone", call: "GET connectionGroups/2", status: 404},
	{name: "so is what it held", call: "GET connections/6", status: 404},

	{name: "PATCH adds and replaces", only: "1.6.0", call: "PATCH connections", body: `[{"op":"add","path":"/","value":{"name":"a","protocol":"ssh","attributes":{}}},{"op":"replace","path":"/4","value":{"name":"web4","protocol":"ssh","parameters":{},"attributes":{}}}]`, status: 200, want: `{"patches":[{"op":"add","identifier":"7","path":"/"},{"op":"replace","identifier":"4","path":"/4"}]}`},
	{name: "PATCH is all or nothing", only: "1.6.0", call: "PATCH connections", body: `[{"op":"remove","path":"/7"},{"op":"remove","path":"/99"}]`, status: 400, want: `{"patches":[{"op":"remove"},{"op":"remove","error":{"type":"NOT_FOUND"}}]}`},
	{name: "nothing was applied", only: "1.6.0", call: "GET connections/7", status: 200},
	{name: "PATCH only removes", only: "1.5.5", call: "PATCH connections", body: `[{"op":"add","path":"/","value":{"name":"a","protocol":"ssh","attributes":{}}}]`, status: 501, want: `{"type":"INTERNAL_ERROR"}`},
	{name: "PATCH is not atomic", only: "1.5.5", call: "PATCH connections", body: `[{"op":"remove","path":"/4"},{"op":"remove","path":"/99"}]`, status: 404},
	{name: "the first was applied", only: "1.5.5", call: "GET connections/4", status: 404},

	{name: "protocols of 1.6.0", only: "1.6.0", call: "GET schema/protocols", status: 200, want: `{"ssh":{"connectionForms":[{"name":"network","fields":[{"name":"hostname","type":"TEXT"},{"name":"port","type":"NUMERIC"},{"name":"host-key"},{"name":"timeout"}]}]}}`},
	{name: "protocols of 1.5.5", only: "1.5.5", call: "GET schema/protocols", status: 200, want: `{"ssh":{"connectionForms":[{"name":"network","fields":[{"name":"hostname"},{"name":"port"},{"name":"host-key"},"absent"]}]}}`},
	{name: "attributes", call: "GET schema/connectionGroupAttributes", status: 200, want: `[{"name":"concurrency","fields":[{"name":"max-connections","type":"NUMERIC"},{"name":"max-connections-per-user"},{"name":"enable-session-affinity","type":"BOOLEAN","options":["true"]}]}]`},

	{name: "the session is alive", only: "1.6.0", call: "HEAD /api/session", status: 204, want: "-"},
	{name: "HEAD is new", only: "1.5.5", call: "HEAD /api/session", status: 404},
	{name: "a token nobody has", call: "DELETE /api/tokens/nope", status: 404},
	{name: "logging out", call: "DELETE /api/session", status: 204, want: "-"},
	{name: "afterwards", call: "GET connections", status: 403, want: `{"message":"Permission Denied.","type":"PERMISSION_DENIED"}`},
}

func TestContract(t *testing.T) {
	t.Parallel()
	for version, opts := range map[string][]guacsim.Option{"1.5.5": {guacsim.Version155()}, "1.6.0": nil} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			p := start(t, guacsim.New(opts...))
			p.login(url.Values{"username": {"guacadmin"}, "password": {"guacadmin"}})
			for _, r := range rows {
				if r.only != "" && r.only != version {
					continue
				}
				method, path, _ := strings.Cut(r.call, " ")
				if !strings.HasPrefix(path, "/api") {
					path = "/api/session/data/postgresql/" + path
				}
				status, body := p.send(method, path, "application/json", r.body)
				if status != r.status {
					t.Errorf("%s: %s answered %d %s, want %d", r.name, r.call, status, body, r.status)
				}
				compare(t, r.name, body, r.want)
			}
		})
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		opts   []guacsim.Option
		form   string
		status int
		want   string
	}{
		{"good", nil, "username=guacadmin&password=guacadmin", 200, `{"username":"guacadmin","dataSource":"postgresql","availableDataSources":["postgresql","postgresql-shared"]}`},
		{"bad", nil, "username=guacadmin&password=x", 403, `{"message":"Invalid login","type":"INVALID_CREDENTIALS","expected":[{"name":"username"},{"name":"password"}]}`},
		{"second factor", []guacsim.Option{guacsim.TOTP("123456")}, "username=guacadmin&password=guacadmin", 403, `{"type":"INSUFFICIENT_CREDENTIALS","expected":[{"name":"guac-totp"}]}`},
		{"with it", []guacsim.Option{guacsim.TOTP("123456")}, "username=guacadmin&password=guacadmin&guac-totp=123456", 200, `{"username":"guacadmin"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, guacsim.New(tt.opts...))
			status, body := p.send("POST", "/guacamole/api/tokens", "application/x-www-form-urlencoded", tt.form)
			if status != tt.status {
				t.Errorf("answered %d %s, want %d", status, body, tt.status)
			}
			compare(t, tt.name, body, tt.want)
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	sim := guacsim.New(guacsim.Operator("ann", "ann"))
	sim.AddConnection(guacsim.Connection{Name: "web", Protocol: "ssh"})
	p := start(t, sim)
	p.login(url.Values{"username": {"ann"}, "password": {"ann"}})
	for _, r := range []row{
		{name: "sees nothing", call: "GET connections", status: 200, want: `{}`},
		{name: "not even by id", call: "GET connections/1", status: 404},
		{name: "no parameters", call: "GET connections/1/parameters", status: 403, want: `{"message":"Permission denied.","type":"PERMISSION_DENIED"}`},
		{name: "no writes", call: "POST connections", body: `{"name":"x","protocol":"ssh","attributes":{}}`, status: 403, want: `{"message":"Permission denied."}`},
	} {
		method, path, _ := strings.Cut(r.call, " ")
		status, body := p.send(method, "/api/session/data/postgresql/"+path, "application/json", r.body)
		if status != r.status {
			t.Errorf("%s: answered %d %s, want %d", r.name, status, body, r.status)
		}
		compare(t, r.name, body, r.want)
	}
	sim.EndSessions()
	if status, body := p.send("GET", "/api/session/data/postgresql/connections", "", ""); status != 403 || !strings.Contains(body, "Permission Denied.") {
		t.Errorf("an ended session was answered %d %s", status, body)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	sim := guacsim.New()
	p := start(t, sim)
	p.login(url.Values{"username": {"guacadmin"}, "password": {"guacadmin"}})
	const connections, create = "/api/session/data/postgresql/connections", `{"name":"web","protocol":"ssh","attributes":{}}`
	for _, tt := range []struct {
		name  string
		fault faulty.Fault
		made  int
		check func(status int, body string) bool
	}{
		{"reset before", faulty.Reset, 0, func(status int, _ string) bool { return status == 0 }},
		{"reset after", faulty.Reset.After(), 1, func(status int, _ string) bool { return status == 0 }},
		{"hang", faulty.Hang, 0, func(status int, _ string) bool { return status == 0 }},
		{"429", faulty.TooManyRequests(7), 0, func(status int, _ string) bool { return status == 429 }},
		{"500", guacsim.InternalError, 0, func(status int, _ string) bool { return status == 500 }},
		{"502", faulty.BadGateway, 0, func(status int, body string) bool { return status == 502 && strings.Contains(body, "<html>") }},
		{"503", faulty.Unavailable.After(), 1, func(status int, _ string) bool { return status == 503 }},
		{"truncated", faulty.Truncated, 1, func(status int, body string) bool { return status == 200 && !json.Valid([]byte(body)) }},
		{"wrong content type", faulty.WrongType, 1, func(status int, body string) bool { return status == 200 && strings.Contains(body, "<html>") }},
	} {
		sim.Fail("POST "+connections, tt.fault, 1)
		sim.Reset()
		status, body := p.send("POST", connections, "application/json", create)
		if !tt.check(status, body) {
			t.Errorf("%s: answered %d %s", tt.name, status, body)
		}
		if got := len(sim.Connections()); got != tt.made {
			t.Errorf("%s: %d connections, want %d", tt.name, got, tt.made)
		}
		if n := sim.Count("POST " + connections); n != 1 {
			t.Errorf("%s: counted %d requests, want 1", tt.name, n)
		}
		sim.Forget("connection", "web")
	}
	sim.Fail("GET "+connections, guacsim.SessionEnded, 1)
	status, body := p.send("GET", connections, "", "")
	if status != 403 {
		t.Errorf("an ended session was answered %d", status)
	}
	sim.EndSessions()
	if _, want := p.send("GET", connections, "", ""); body != want {
		t.Errorf("an ended session was answered %s, want %s", body, want)
	}
}

type portal struct {
	t     *testing.T
	url   string
	token string
}

func start(t *testing.T, sim *guacsim.Server) *portal {
	t.Helper()
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return &portal{t: t, url: server.URL}
}

func (p *portal) login(form url.Values) {
	p.t.Helper()
	status, body := p.send("POST", "/api/tokens", "application/x-www-form-urlencoded", form.Encode())
	var answer struct {
		Token string `json:"authToken"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 200 {
		p.t.Fatalf("login answered %d %s", status, body)
	}
	p.token = answer.Token
}

// send returns status 0 when no answer came.
func (p *portal) send(method, path, contentType, body string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Guacamole-Token", p.token)
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text)
}

// compare checks that have holds all that want names; the word absent stands
// for a key or an element that must not be there.
func compare(t *testing.T, name, have, want string) {
	t.Helper()
	if want == "" {
		return
	}
	if want == "-" {
		want, have = `""`, `"`+have+`"`
	}
	var h, w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := json.Unmarshal([]byte(have), &h); err != nil {
		t.Errorf("%s: answered %q: %v", name, have, err)
		return
	}
	if diff := cmp.Diff(w, narrow(h, w)); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", name, diff)
	}
}

// narrow cuts have to what want names.
func narrow(have, want any) any {
	switch want := want.(type) {
	case map[string]any:
		h, isObject := have.(map[string]any)
		if !isObject || len(want) == 0 {
			return have
		}
		out := map[string]any{}
		for k, w := range want {
			v, there := h[k]
			if !there {
				v = "absent"
			}
			out[k] = narrow(v, w)
		}
		return out
	case []any:
		h, isList := have.([]any)
		if !isList {
			return have
		}
		out := slices.Clone(h)
		for i := range want {
			if i >= len(out) {
				out = append(out, "absent")
			}
			out[i] = narrow(out[i], want[i])
		}
		return out[:len(want)]
	}
	return have
}
