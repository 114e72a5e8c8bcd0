package harborsim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// exchange is one request to a real Harbor and its answer.
type exchange struct {
	Method        string            `json:"method"`
	Path          string            `json:"path"`
	Auth          string            `json:"auth"`
	Headers       map[string]string `json:"request_headers"`
	Body          json.RawMessage   `json:"request_body"`
	Status        int               `json:"status"`
	AnswerHeaders map[string]string `json:"response_headers"`
	AnswerBody    any               `json:"response_body"`
	Note          string            `json:"note"`
}

// notSimulated are recordings of objects that no resource needs yet. The list
// only shrinks: take a file out when its object is simulated.
var notSimulated = map[string]string{
	"robots.json":                "robot accounts are not simulated yet",
	"scanners_and_scan_all.json": "scanners are not simulated yet",
	"schedules.json":             "schedules are not simulated yet",
	"webhook_policies.json":      "webhooks are not simulated yet",
}

// unmet are single exchanges the simulator does not meet. The list only
// shrinks: an exchange that is met fails the test until it is taken out.
var unmet = map[string]string{
	"system.json#8": "the list of robot permissions waits for robot accounts",

	"retention_policies.json#0": "the catalogue of rule templates is not simulated",

	"replication_policies.json#66": "the job scheduler is not simulated",
	"replication_policies.json#68": "replications do not run: executions are not simulated",
	"replication_policies.json#69": "replications do not run: executions are not simulated",
	"replication_policies.json#70": "replications do not run: executions are not simulated",
	"replication_policies.json#71": "replications do not run: executions are not simulated",
	"replication_policies.json#72": "replications do not run: executions are not simulated",
	"replication_policies.json#73": "replications do not run: executions are not simulated",
	"replication_policies.json#74": "replications do not run: executions are not simulated",
	"replication_policies.json#75": "replications do not run: executions are not simulated",
	"replication_policies.json#76": "replications do not run: executions are not simulated",
	"replication_policies.json#77": "replications do not run: executions are not simulated",
	"replication_policies.json#78": "replications do not run: executions are not simulated",
	"replication_policies.json#83": "replications do not run: executions are not simulated",

	"project_delete_cascade.json#7": "webhooks are not simulated yet",
	"project_delete_cascade.json#8": "webhooks are not simulated yet",
	"project_delete_cascade.json#4": "robot accounts are not simulated yet",
}

// TestReplay sends every recorded request to a simulator in the state the real
// server was in, and expects the same status and the same body but for times.
func TestReplay(t *testing.T) {
	t.Parallel()
	contract := loadContract(t)
	t.Cleanup(func() {
		if n := contract.checked.Load(); n < 300 {
			t.Errorf("only %d answers were held to the API description", n)
		}
	})
	for _, version := range []string{"v2.13.5", "v2.15.2"} {
		files, err := filepath.Glob(filepath.Join("testdata", version, "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no recordings of %s: %v", version, err)
		}
		for _, file := range files {
			name := filepath.Base(file)
			t.Run(version+"/"+name, func(t *testing.T) {
				t.Parallel()
				differences := replay(t, version, name, load(t, file), contract)
				reason := notSimulated[name]
				switch {
				case reason == "" && len(differences) > 0:
					t.Error(strings.Join(differences, "\n"))
				case reason != "" && len(differences) == 0:
					t.Errorf("every exchange is met: take the file out of the list (%s)", reason)
				case reason != "":
					t.Skip(reason)
				}
			})
		}
	}
}

func load(t *testing.T, file string) []exchange {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []exchange
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// replay returns what is not as it should be.
func replay(t *testing.T, version, name string, exchanges []exchange, contract *contract) []string {
	t.Helper()
	var differences []string
	var opts []Option
	if version == "v2.15.2" {
		opts = append(opts, Version215())
	}
	sim := New(opts...)
	steps := presupposed(version)[name]
	server := httptest.NewServer(sim)
	defer server.Close()
	for i, x := range exchanges {
		if step := steps[i]; step != nil {
			step(sim)
		}
		resp, body := send(t, server.URL, x)
		difference := compareAnswer(x, resp, body)
		reason, listed := unmet[fmt.Sprintf("%s#%d", name, i)]
		switch {
		case listed && difference == "":
			differences = append(differences, fmt.Sprintf("%d: %s %s is met: take it out of the list (%s)", i, x.Method, x.Path, reason))
		case !listed && difference != "":
			differences = append(differences, fmt.Sprintf("%d: %s %s (%s): %s", i, x.Method, x.Path, x.Note, difference))
		case !listed:
			contract.check(t, i, resp, body)
		}
	}
	return differences
}

func send(t *testing.T, root string, x exchange) (*http.Response, []byte) {
	t.Helper()
	body := string(x.Body)
	if body == "null" {
		body = ""
	}
	var text string
	if json.Unmarshal(x.Body, &text) == nil && body != "" {
		body = text // recorded as text because it is not JSON
	}
	req, err := http.NewRequestWithContext(t.Context(), x.Method, root+x.Path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range x.Headers {
		req.Header.Set(k, v)
	}
	switch x.Auth {
	case "anonymous":
	case "admin":
		req.SetBasicAuth("admin", "Harbor12345")
	case "wrong":
		req.SetBasicAuth("plain", "Not-the-password-1")
	default:
		req.SetBasicAuth(x.Auth, passwordOf(x.Auth))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, answer
}

func passwordOf(name string) string {
	if name == "dev1" {
		return "Passw0rd-dev1b" // what the recording changes it to
	}
	return "Passw0rd-" + name
}

var (
	aTime   = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
	release = regexp.MustCompile(`^v2\.\d+\.\d+-[0-9a-f]+$`)
)

const noTime = "0001-01-01T00:00:00.000Z"

// settled replaces what differs from run to run.
func settled(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = settled(v[key])
		}
	case []any:
		for i := range v {
			v[i] = settled(v[i])
		}
	case string:
		if aTime.MatchString(v) && v != noTime {
			return "a time"
		}
		if release.MatchString(v) {
			return v[:5]
		}
	}
	return v
}

func compareAnswer(x exchange, resp *http.Response, body []byte) string {
	if resp.StatusCode != x.Status {
		return fmt.Sprintf("status %d, want %d; body %s", resp.StatusCode, x.Status, body)
	}
	for _, header := range []string{"Content-Type", "Location", "Link", "X-Total-Count"} {
		if got, want := resp.Header.Get(header), x.AnswerHeaders[header]; got != want && (header != "Content-Type" || want != "") {
			return fmt.Sprintf("%s is %q, want %q", header, got, want)
		}
	}
	var got any
	if len(body) > 0 && json.Unmarshal(body, &got) != nil {
		got = string(body)
	}
	// Groups come in the order of the database table, which updates change.
	if groups, isList := x.AnswerBody.([]any); isList && strings.HasPrefix(x.Path, base+"/usergroups") {
		slices.SortFunc(groups, func(a, b any) int {
			return cmp.Compare(a.(map[string]any)["id"].(float64), b.(map[string]any)["id"].(float64))
		})
	}
	return gocmp.Diff(settled(x.AnswerBody), settled(got))
}

// steps are what happened to the real server without being recorded, before
// the exchange of that number.
type steps map[int]func(*Server)

// presupposed brings the simulator into the state each file begins with; ids
// continue where those of the real server were.
func presupposed(version string) map[string]steps {
	v215 := version == "v2.15.2"
	return map[string]steps{
		"projects.json": {
			0:  ids("project", 2, "allowlist", 2),
			83: func(s *Server) { s.projectNamed("gamma").repos["app"] = true },
		},
		"registries.json": {0: func(s *Server) {
			ids("project", 11)(s)
			endpointsOfRecording(s)
		}},
		"proxy_cache_project.json": {0: ids("registry", 5, "project", 12, "allowlist", 13, "retention", 1)},
		"replication_policies.json": {
			0: func(s *Server) {
				ids("registry", 6, "policy", 1)(s)
				endpointsOfRecording(s)
			},
			84: func(s *Server) { clear(s.policies) },
		},
		"quotas.json": {
			0: func(s *Server) {
				s.addUser("someone", "Passw0rd-someone") // auth_mode is not editable any more
				configureOIDC(s)
				s.quotas[1].Used["storage"] = 1448
				ids("project", 22, "quota", 21)(s)
				s.addProject(s.users[1], "quop", map[string]string{}, 1<<20, 0)
			},
			21: func(s *Server) {
				s.addProject(s.users[1], "quop2", map[string]string{}, s.config["storage_per_project"].(int64), 0)
			},
			23: func(s *Server) { s.addProject(s.users[1], "quop3", map[string]string{}, unlimited, 0) },
		},
		"project_delete_cascade.json": {0: func(s *Server) {
			ids("project", 25, "quota", 23, "label", 8, "retention", 4, "member", 29)(s)
			if v215 {
				ids("label", 9, "retention", 5)(s)
			}
			s.addProject(s.users[1], "casc", map[string]string{}, unlimited, 0)
			id := s.next("label")
			s.labels[id] = &label{ID: id, Name: "l", ProjectID: 26, Scope: "p", Created: now(), Updated: now()}
		}},
		"auth_errors.json": {0: func(s *Server) {
			s.projects[1].repos["app"] = true
			ids("user", 12, "project", 26, "allowlist", 27, "label", 6)(s)
			s.addUser("plain", "Passw0rd-plain")
			s.addProject(s.users[1], "secret1", map[string]string{"public": "false"}, unlimited, 0)
			s.addProject(s.users[1], "open1", map[string]string{"public": "true"}, unlimited, 0)
			id := s.next("label")
			s.labels[id] = &label{ID: id, Scope: "g", Created: now(), Updated: now()}
		}},
		"configurations.json": {0: func(s *Server) {
			s.addUser("someone", "Passw0rd-someone")
			configureOIDC(s)
			s.endpoints.dead = map[string]bool{"tcp://127.0.0.1:19": true}
			ids("allowlist", 30)(s)
		}},
		"groups.json": {0: func(s *Server) {
			s.addProject(s.users[1], "gproj", map[string]string{}, unlimited, 0)
		}},
		"users.json": {},
		"labels.json": {0: func(s *Server) {
			ids("project", 20)(s)
			s.addProject(s.users[1], "lproj", map[string]string{}, unlimited, 0)
		}},
		"project_members.json": {0: func(s *Server) {
			ids("project", 16, "member", 17, "user", 8)(s)
			s.addProject(s.users[1], "mproj", map[string]string{}, unlimited, 0)
			for _, name := range []string{"mem1", "mem2", "mem3"} {
				s.addUser(name, "Passw0rd-"+name)
			}
			ids("group", 1)(s)
			s.addGroup(group{Name: "http", Type: 2})
			s.addGroup(group{Name: "fresh", Type: 3})
		}},
		"retention_policies.json": {0: func(s *Server) {
			ids("project", 17, "allowlist", 18, "retention", 2)(s)
			s.addProject(s.users[1], "retp", map[string]string{"public": "false"}, unlimited, 0)
			s.addProject(s.users[1], "retp2", map[string]string{"public": "false"}, unlimited, 0)
		}},
		"immutable_tag_rules.json": {0: func(s *Server) {
			ids("project", 19)(s)
			s.addProject(s.users[1], "immp", map[string]string{}, unlimited, 0)
		}},
	}
}

// ids sets the last ids given out.
func ids(kindsAndIDs ...any) func(*Server) {
	return func(s *Server) {
		for i := 0; i < len(kindsAndIDs); i += 2 {
			s.seq[kindsAndIDs[i].(string)] = int64(kindsAndIDs[i+1].(int))
		}
	}
}

// endpointsOfRecording are the registries that stood beside the real Harbor.
func endpointsOfRecording(s *Server) {
	s.endpoints.dead = map[string]bool{"http://127.0.0.1:19": true}
	s.endpoints.logins = map[string][2]string{"http://localhost:18080": {"admin", "Harbor12345"}}
}

func configureOIDC(s *Server) {
	for key, value := range map[string]string{
		"oidc_client_id": "cid", "oidc_endpoint": "http://127.0.0.1:15001", "oidc_groups_claim": "groups",
		"oidc_name": "fake", "oidc_scope": "openid,email",
	} {
		s.config[key] = value
	}
}
