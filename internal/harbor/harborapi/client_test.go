package harborapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goharbor/go-client/pkg/sdk/v2.0/models"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
)

func TestMain(m *testing.M) {
	createWait = 10 * time.Millisecond
	os.Exit(m.Run())
}

const adminPassword = "Harbor12345"

// start runs a simulated Harbor and returns it with a client of it.
func start(t *testing.T, opts ...harborsim.Option) (*harborsim.Server, *Client) {
	t.Helper()
	sim := harborsim.New(opts...)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return sim, connect(t, server.URL, api.Config{})
}

func connect(t *testing.T, url string, config api.Config) *Client {
	t.Helper()
	config.URL = url
	c, err := New(Config{HTTP: config, Username: "admin", Password: adminPassword})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func hint(err error) string {
	var e *api.Error
	if errors.As(err, &e) {
		return e.Hint()
	}
	return ""
}

// go-client's own client set accepts any certificate, even when told not to.
func TestUnknownCertificateIsRefused(t *testing.T) {
	t.Parallel()
	sim := harborsim.New()
	server := httptest.NewUnstartedServer(sim)
	server.Config.ErrorLog = log.New(&bytes.Buffer{}, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	_, err := connect(t, server.URL, api.Config{}).Project(t.Context(), "library")
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Fatalf("a self-signed server was trusted: %v", err)
	}
	if n := sim.Count("* /**"); n != 0 {
		t.Errorf("%d requests reached a server that is not trusted", n)
	}
	if _, err := connect(t, server.URL, api.Config{Insecure: true}).Project(t.Context(), "library"); err != nil {
		t.Errorf("insecure does not help: %v", err)
	}
}

// Harbor sets a session cookie with every answer, and refuses writes that carry it.
func TestNoCookieIsSent(t *testing.T) {
	t.Parallel()
	sim := harborsim.New()
	var carried []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" {
			carried = append(carried, r.Method+" "+r.URL.Path)
		}
		sim.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c := connect(t, server.URL, api.Config{})
	_, err := c.Project(t.Context(), "library")
	ok(t, err)
	ok(t, c.CreateProject(t.Context(), NewProject{Name: "a"}))
	ok(t, c.DeleteProject(t.Context(), "a"))
	if len(carried) > 0 {
		t.Errorf("requests with a cookie: %v", carried)
	}
}

// DEBUG makes go-openapi print requests, credentials included.
func TestDebugPrintsNothing(t *testing.T) { // not in parallel: it changes the environment
	t.Setenv("DEBUG", "1")
	t.Setenv("SWAGGER_DEBUG", "1")
	var printed bytes.Buffer
	log.SetOutput(&printed)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	old := os.Stderr
	read, write, err := os.Pipe()
	ok(t, err)
	os.Stderr = write
	t.Cleanup(func() { os.Stderr = old })
	_, c := start(t)
	_, err = c.Project(t.Context(), "library")
	ok(t, err)
	ok(t, write.Close())
	_, err = printed.ReadFrom(read)
	ok(t, err)
	if printed.Len() > 0 {
		t.Errorf("printed with DEBUG set: %s", printed.String())
	}
}

func TestLogHoldsNoSecret(t *testing.T) {
	t.Parallel()
	sim := harborsim.New()
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	var mu sync.Mutex
	var logged strings.Builder
	c := connect(t, server.URL, api.Config{Log: func(_ context.Context, msg string, fields map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(&logged, msg, fields)
	}})
	_, err := c.Registries.Create(t.Context(), new(hub()))
	ok(t, err)
	_, err = c.Registries.Create(t.Context(), new(hub())) // refused
	for _, text := range []string{logged.String(), err.Error(), hint(err)} {
		if strings.Contains(text, secret) || strings.Contains(text, adminPassword) {
			t.Errorf("a secret is in %q", text)
		}
	}
	if !strings.Contains(logged.String(), "POST") {
		t.Errorf("requests are not logged: %q", logged.String())
	}
}

const secret = "Fake-Secret-1"

func hub() Registry {
	return Registry{Registry: models.Registry{
		Name: "dockerhub", Type: "docker-hub", URL: "https://hub.docker.com",
		Credential: &models.RegistryCredential{AccessKey: "company-backup", AccessSecret: secret, Type: "basic"},
	}}
}

func TestReadsAreShared(t *testing.T) {
	t.Parallel()
	const many = 1000
	sim, c := start(t)
	for i := range many {
		sim.AddProject(fmt.Sprintf("p%04d", i), "admin")
	}
	faulty.AsTerraform(many, func(i int) {
		name := fmt.Sprintf("p%04d", i)
		p, err := c.Project(t.Context(), name)
		if err != nil || p.Name != name {
			t.Errorf("asked for %s, got %v, %v", name, p, err)
		}
		if _, err := c.StorageLimit(t.Context(), name); err != nil {
			t.Error(err)
		}
	})
	if n := sim.Count("* /**"); n > 320 {
		t.Errorf("%d requests for %d projects with their quotas, want at most 320", n, many)
	}
}

func TestWritesAreSeen(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	ctx := t.Context()
	for i := range 6 {
		ok(t, c.CreateProject(ctx, NewProject{Name: fmt.Sprintf("p%d", i), Metadata: map[string]string{"public": "false"}}))
	}
	for i := range 6 {
		_, err := c.Project(ctx, fmt.Sprintf("p%d", i)) // past the threshold
		ok(t, err)
	}
	ok(t, c.UpdateProject(ctx, "p5", ProjectUpdate{Metadata: map[string]string{"public": "true"}}))
	p, err := c.Project(ctx, "p5")
	ok(t, err)
	if p.Metadata["public"] != "true" {
		t.Error("the read after a write has the value from before")
	}
	ok(t, c.DeleteProject(ctx, "p5"))
	if _, err := c.Project(ctx, "p5"); !api.IsNotFound(err) {
		t.Errorf("a deleted project is read: %v", err)
	}
}

// A project may be called 12345, and another one have that id.
func TestNameOfDigits(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	ctx := t.Context()
	ok(t, c.CreateProject(ctx, NewProject{Name: "1", Metadata: map[string]string{"public": "false"}}))
	p, err := c.Project(ctx, "1")
	ok(t, err)
	if p.ProjectID == 1 {
		t.Fatal("the project with the id 1 was read instead of the one called 1")
	}
	ok(t, c.UpdateProject(ctx, "1", ProjectUpdate{Metadata: map[string]string{"severity": "low"}, Remove: []string{"public"}}))
	ok(t, c.SetStorageLimit(ctx, "1", new(int64(5))))
	limit, err := c.StorageLimit(ctx, "1")
	ok(t, err)
	if limit == nil || *limit != 5 {
		t.Errorf("the storage limit is %v, want 5", limit)
	}
	ok(t, c.DeleteProject(ctx, "1"))
	_, err = c.Project(ctx, "library")
	ok(t, err)
}

func TestNamesWithSpecialCharacters(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	ctx := t.Context()
	for _, name := range []string{"a+b", "a b", "a%2Bb", "a&b=c", "50%", "a,b", "~a", "[x]", "ä/ö?"} {
		r := hub()
		r.Name = name
		id, err := c.Registries.Create(ctx, &r)
		ok(t, err)
		found, err := c.Registries.Named(ctx, name)
		if err != nil || found.ID != id {
			t.Errorf("%q: found %v, %v; want the registry %d", name, found, err, id)
		}
	}
	if _, err := c.Registries.Named(ctx, "a"); !api.IsNotFound(err) {
		t.Errorf("part of a name found something: %v", err)
	}
}

func TestUpdateKeepsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	have := map[string]any{
		"id": 7.0, "name": "a", "a_field_of_2.17": "kept", "replicate_deletion": true, "deletion": true, "description": "goes",
		"trigger": map[string]any{"type": "manual"}, "single_active_replication": true, "update_time": "2026-01-01T00:00:00Z",
		"dest_registry": map[string]any{"id": 3.0, "credential": map[string]any{"access_secret": "*****"}},
	}
	body, err := ReplicationPolicy{ReplicationPolicy: models.ReplicationPolicy{Name: "b", DestRegistry: &models.Registry{ID: 3}}}.over(have)
	ok(t, err)
	for key, want := range map[string]any{
		"a_field_of_2.17": "kept", "name": "b", "deletion": false, "replicate_deletion": false, "description": nil, "trigger": nil,
		"single_active_replication": false, "id": nil, "update_time": nil,
	} {
		if body[key] != want {
			t.Errorf("%s is %v, want %v", key, body[key], want)
		}
	}
	if text := fmt.Sprint(body); strings.Contains(text, "*****") {
		t.Errorf("the mask of a secret is sent: %s", text)
	}
}

// Twenty writes to one object at once: Harbor refuses all but one of those that meet.
func TestContention(t *testing.T) {
	t.Parallel()
	sim, c := start(t)
	ctx := t.Context()
	id, err := c.Registries.Create(ctx, new(hub()))
	ok(t, err)
	p := ReplicationPolicy{ReplicationPolicy: models.ReplicationPolicy{Name: "a", SrcRegistry: &models.Registry{ID: id}}}
	policy, err := c.ReplicationPolicies.Create(ctx, &p)
	ok(t, err)
	ok(t, c.CreateProject(ctx, NewProject{Name: "a"}))
	sim.Latency(5 * time.Millisecond)
	errs := make(chan error)
	for range 20 {
		go func() { errs <- c.ReplicationPolicies.Update(ctx, policy, p) }()
		go func() {
			errs <- c.UpdateProject(ctx, "a", ProjectUpdate{Metadata: map[string]string{"auto_scan": "true"}})
		}()
	}
	for range 40 {
		ok(t, <-errs)
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	_, older := start(t)
	_, newer := start(t, harborsim.Version215())
	ok(t, newer.Require(t.Context(), 2, 15, "ca_certificate"))
	ok(t, older.Require(t.Context(), 2, 13, "x"))
	if err := older.Require(t.Context(), 2, 15, "ca_certificate"); err == nil || !strings.Contains(err.Error(), "needs Harbor 2.15") {
		t.Errorf("got %v", err)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	sim, c := start(t)
	ctx := t.Context()
	ok(t, c.CreateProject(ctx, NewProject{Name: "held"}))
	sim.Push("held", "app")
	id, err := c.Registries.Create(ctx, new(hub()))
	ok(t, err)
	_, err = c.ReplicationPolicies.Create(ctx, &ReplicationPolicy{ReplicationPolicy: models.ReplicationPolicy{Name: "p", SrcRegistry: &models.Registry{ID: id}}})
	ok(t, err)
	sim.Unreachable("https://down.example.internal")
	for name, test := range map[string]struct {
		do         func() error
		says, hint string
	}{
		"exists": {
			func() error { return c.CreateProject(ctx, NewProject{Name: "held"}) },
			`POST /api/v2.0/projects: harbor answered 409: "The project named held already exists"`, "import it",
		},
		"holds repositories": {func() error { return c.DeleteProject(ctx, "held") }, "contains repositories", "Delete them first"},
		"in use":             {func() error { return c.Registries.Delete(ctx, id) }, "referenced by replication policies", "Delete the replication policies"},
		"unreachable": {
			func() error {
				return c.Registries.Update(ctx, id, RegistryUpdate{RegistryUpdate: models.RegistryUpdate{URL: new("https://down.example.internal")}})
			},
			"the registry is unhealthy", "Harbor connects to it",
		},
		"unknown registry of a proxy": {
			func() error { return c.CreateProject(ctx, NewProject{Name: "proxy", RegistryID: new(int64(999))}) },
			"internal server error", "`registry_id` that does not exist",
		},
		"too long": {
			func() error { return c.CreateProject(ctx, NewProject{Name: strings.Repeat("a", 256)}) },
			"should be at most 255 chars long", "its message names the field",
		},
		"not there": {func() error { _, err := c.ReplicationPolicies.Get(ctx, 999); return err }, "replication policy 999 not found", ""},
	} {
		err := test.do()
		if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(hint(err), test.hint) {
			t.Errorf("%s: got %v, hint %q", name, err, hint(err))
		}
	}
}

// A 404 means gone only when Harbor says so of the object.
func TestWhatIsNotGone(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct {
		status int
		body   string
	}{
		"a proxy's 404":  {404, "<html><body>404 Not Found</body></html>"},
		"another API":    {404, `{"message":"no Route matched"}`},
		"a wrong path":   {404, `{"errors":[{"code":"NOT_FOUND","message":"path /api/v2.0/projects/a was not found"}]}`},
		"forbidden":      {403, `{"errors":[{"code":"FORBIDDEN","message":"forbidden"}]}`},
		"not logged in":  {401, `{"errors":[{"code":"UNAUTHORIZED","message":"unauthorized"}]}`},
		"a login page":   {200, "<html><body>Sign in</body></html>"},
		"a redirect":     {302, ""},
		"nothing at all": {404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := harborsim.New()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == infoPath {
					sim.ServeHTTP(w, r)
					return
				}
				if strings.HasPrefix(answer.body, "{") {
					w.Header().Set("Content-Type", "application/json")
				}
				w.WriteHeader(answer.status)
				_, _ = w.Write([]byte(answer.body))
			}))
			t.Cleanup(server.Close)
			_, err := connect(t, server.URL, api.Config{}).Project(t.Context(), "a")
			if err == nil || api.IsNotFound(err) {
				t.Fatalf("got %v, want an error that is not: gone", err)
			}
			if hint(err) == "" {
				t.Errorf("no hint for %v", err)
			}
		})
	}
}

func TestWrongURL(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "harbor.example.internal", "ftp://harbor.example.internal", "https://"} {
		_, err := New(Config{HTTP: api.Config{URL: url}})
		if err == nil || !strings.Contains(hint(err), "`url`") {
			t.Errorf("%q: got %v, hint %q", url, err, hint(err))
		}
	}
}

// With wrong credentials Harbor shows what is public: nothing must come of it.
func TestWrongPasswordIsNoticed(t *testing.T) {
	t.Parallel()
	sim := harborsim.New()
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	c, err := New(Config{HTTP: api.Config{URL: server.URL}, Username: "admin", Password: "Wrong-12345"})
	ok(t, err)
	for range 3 {
		_, err = c.Project(t.Context(), "library")
		if err == nil || !strings.Contains(hint(err), "credentials") {
			t.Errorf("got %v, hint %q", err, hint(err))
		}
	}
	if n := sim.Count("* /**"); n != 1 {
		t.Errorf("%d requests, want one", n)
	}
	anonymous, err := New(Config{HTTP: api.Config{URL: server.URL}})
	ok(t, err)
	_, err = anonymous.Project(t.Context(), "library")
	ok(t, err)
}
