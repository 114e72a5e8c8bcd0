package harborapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
)

// Labels of a project and those of all projects are kept apart, names and listings alike.
func TestLabelsOfProjects(t *testing.T) {
	t.Parallel()
	sim, c := start(t)
	ctx := t.Context()
	const library = 1
	sim.AddProject("team1", "admin")
	team1, err := c.Project(ctx, "team1")
	ok(t, err)
	ids := map[int64]int64{}
	for _, project := range []int64{0, library, int64(team1.ProjectID)} {
		ids[project], err = c.Labels.In(project).Create(ctx, &Label{Name: "released", Color: "#48960C"})
		ok(t, err)
	}
	if names := sim.Names(harborsim.Label); !slices.Equal(names, []string{"released", "library/released", "team1/released"}) {
		t.Fatalf("there are %v", names)
	}
	for project, id := range ids {
		found, err := c.Labels.In(project).Named(ctx, "released")
		if err != nil || found.ID != id || found.ProjectID != project {
			t.Errorf("in %d: got %v, %v; want %d", project, found, err, id)
		}
		for range 20 { // by itself, and from the listing
			read, err := c.Labels.In(project).Get(ctx, id)
			if err != nil || read.ProjectID != project || read.Color != "#48960C" {
				t.Errorf("in %d: got %v, %v", project, read, err)
			}
		}
	}
	if all, err := c.Labels.In(library).All(ctx); err != nil || len(all) != 1 || all[0].ID != ids[library] {
		t.Errorf("all of a project are %v, %v", all, err)
	}
	// A write is seen whichever way the label is read.
	ok(t, c.Labels.Update(ctx, ids[library], &Label{Name: "tested"}))
	if read, err := c.Labels.In(library).Get(ctx, ids[library]); err != nil || read.Name != "tested" {
		t.Errorf("got %v, %v after a write", read, err)
	}
	if _, err := c.Labels.Named(ctx, "rel"); !api.IsNotFound(err) || !strings.Contains(err.Error(), `no label is named "rel"`) {
		t.Errorf("part of a name: %v", err)
	}
}

func TestLabelsCannotBeTakenTwice(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for project, imported := range map[int64]string{0: "'released'", 1: "'library/released'"} {
		_, err := c.Labels.In(project).Create(t.Context(), &Label{Name: "released"})
		ok(t, err)
		_, err = c.Labels.In(project).Create(t.Context(), &Label{Name: "released"})
		if err == nil || !strings.Contains(err.Error(), "label released already exists") || !strings.Contains(hint(err), "onprem_harbor_label.<label> "+imported) {
			t.Errorf("got %v, hint %q", err, hint(err))
		}
	}
}

// Harbor makes labels in projects that do not exist: we do not.
func TestProjectOfALabelIsNamed(t *testing.T) {
	t.Parallel()
	sim, c := start(t)
	_, err := c.Labels.In(99).Create(t.Context(), &Label{Name: "released"})
	var missing *ProjectError
	if !errors.As(err, &missing) || missing.ID != 99 || !strings.Contains(missing.Hint(), "`project_id`") || len(sim.Names(harborsim.Label)) != 0 {
		t.Errorf("got %v", err)
	}
	sim.Fail("GET /api/v2.0/projects/**", faulty.Status(403, `{"errors":[{"code":"FORBIDDEN","message":"forbidden"}]}`), 1)
	_, err = c.Labels.In(1).Create(t.Context(), &Label{Name: "released"})
	if !errors.As(err, &missing) || !strings.Contains(missing.Hint(), "may not do this") {
		t.Errorf("got %v, hint %q", err, missing.Hint())
	}
}

// All are there once, whatever pages and keys they are found under.
func TestAll(t *testing.T) {
	t.Parallel()
	sim, c := start(t)
	for i := range 150 {
		sim.AddProject(fmt.Sprintf("p%03d", i), "admin")
		sim.AddLabel("", fmt.Sprintf("l%03d", i), "")
	}
	projects, err := c.Projects(t.Context())
	if err != nil || len(projects) != 151 || projects[0].Name != "library" || projects[150].Name != "p149" {
		t.Errorf("%d projects, %v", len(projects), err)
	}
	labels, err := c.Labels.All(t.Context())
	if err != nil || len(labels) != 150 || labels[0].ID != 1 || labels[149].ID != 150 {
		t.Errorf("%d labels, %v", len(labels), err)
	}
	sim.Fail("GET /api/v2.0/labels", internalError, -1)
	if labels, err := c.Labels.All(t.Context()); err == nil || len(labels) != 0 {
		t.Errorf("%d labels, %v", len(labels), err)
	}
}

// Three hundred labels of one project cost some pages, and their project nothing more.
func TestLabelReadsAreShared(t *testing.T) {
	t.Parallel()
	sim, c := start(t)
	for i := range 300 {
		sim.AddLabel("library", fmt.Sprintf("l%03d", i), "")
	}
	sim.AddLabel("", "other", "")
	faulty.AsTerraform(300, func(i int) {
		l, err := c.Labels.In(1).Get(t.Context(), int64(i+1))
		if err != nil || l.ID != int64(i+1) {
			t.Errorf("%d is %v, %v", i+1, l, err)
		}
		if _, err := c.ProjectByID(t.Context(), l.ProjectID); err != nil {
			t.Error(err)
		}
	})
	if n := sim.Count("* /**"); n > 80 {
		t.Errorf("%d requests", n)
	}
}

// member is a kind below the path of its project.
type member struct {
	ID   int64  `json:"id"`
	Name string `json:"entity_name"`
	Role int    `json:"role_id"`
}

// What lies below the path of a project is as every other kind.
func TestKindBelowAProject(t *testing.T) {
	t.Parallel()
	sim, c := start(t)
	ctx := t.Context()
	members := collection(c, kind[member]{
		name: "member", path: "/projects/{project}/members", of: func(m *member) object { return object{id: m.ID, name: m.Name} },
		toCreate: func(m *member, _ int64) any {
			return map[string]any{"role_id": m.Role, "member_user": map[string]any{"username": m.Name}}
		},
	})
	sim.AddProject("team1", "admin")
	for range 2 {
		_, err := members.In(2).Create(ctx, &member{Name: "admin", Role: 1}) // who made it is a member already
		if statusOf(err) != http.StatusConflict || !strings.Contains(hint(err), "onprem_harbor_member.<label> 'team1/admin'") {
			t.Errorf("got %v, hint %q", err, hint(err))
		}
	}
	found, err := members.In(2).Named(ctx, "admin")
	ok(t, err)
	for range 12 {
		read, err := members.In(2).Get(ctx, found.ID)
		if err != nil || read.Name != "admin" {
			t.Errorf("got %v, %v", read, err)
		}
	}
	ok(t, members.In(2).Update(ctx, found.ID, map[string]any{"role_id": 2}))
	ok(t, members.In(2).Delete(ctx, found.ID))
	if _, err := members.In(2).Get(ctx, found.ID); !api.IsNotFound(err) {
		t.Errorf("got %v", err)
	}
	if kind := c.kinds.of(basePath + "/projects/2/members/7"); kind != "member" {
		t.Errorf("messages call it %q", kind)
	}
}

// Every collection is known to messages by what it was made with.
func TestKindsOfPaths(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for path, want := range map[string]string{
		"/projects": "project", "/projects/a": "project", "/projects/a/metadatas/public": "project", "/quotas/1": "quota",
		"/registries/1": "registry", "/replication/policies": "replication policy", "/replication/policies/1": "replication policy",
		"/labels/1": "label", "/configurations": "object", "/": "object", "": "object",
	} {
		if got := c.kinds.of(basePath + path); got != want {
			t.Errorf("%q is of a %s, want %s", path, got, want)
		}
		if got := c.kinds.of("/behind/a/proxy" + basePath + path); got != want {
			t.Errorf("%q behind a path is of a %s, want %s", path, got, want)
		}
	}
}

// The next step after a refusal, which the same status of another object or method does not have.
func TestAdvice(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]struct {
		status int
		code   string
		says   string
	}{
		"POST /projects":             {500, "UNKNOWN", "`registry_id` that does not exist"},
		"POST /projects?proxy":       {400, "BAD_REQUEST", ""},
		"PUT /projects/a":            {500, "UNKNOWN", "Harbor failed"},
		"POST /registries":           {500, "UNKNOWN", "`credential_type` it does not know"},
		"GET /registries/1":          {404, "NOT_FOUND", ""},
		"PUT /registries/1":          {500, "UNKNOWN", "`credential_type` it does not know"},
		"POST /labels":               {500, "UNKNOWN", "Harbor failed"},
		"GET /projects":              {500, "UNKNOWN", "Harbor failed"},
		"PUT /registries/2":          {400, "BAD_REQUEST", "Harbor connects to it"},
		"PUT /projects/b":            {400, "BAD_REQUEST", ""},
		"PUT /registries/3":          {409, "CONFLICT", "Another registry has the name"},
		"DELETE /projects/a":         {412, "PRECONDITION", "holds no repositories"},
		"DELETE /registries/1":       {412, "PRECONDITION", "Delete the replication policies"},
		"DELETE /labels/1":           {412, "PRECONDITION", ""},
		"PUT /labels/1":              {409, "CONFLICT", "Another label has the name"},
		"POST /replication/policies": {403, "DENIED", "read-only mode"},
		"GET /replication/policies":  {403, "FORBIDDEN", "the replication policy does not exist"},
		"GET /quotas":                {502, "UNKNOWN", "Harbor failed"},
	} {
		t.Run(request, func(t *testing.T) {
			t.Parallel()
			method, path, _ := strings.Cut(request, " ")
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(want.status)
				fmt.Fprintf(w, `{"errors":[{"code":%q,"message":"no"}]}`, want.code)
			}))
			t.Cleanup(server.Close)
			c := connect(t, server.URL, api.Config{MaxRetries: -1})
			base, err := api.NewTransport(api.Config{System: "harbor", URL: server.URL, MaxRetries: -1})
			ok(t, err)
			through := &transport{base: base, clock: &clock{}, kinds: c.kinds, loggedIn: func(context.Context, api.Need) error { return nil }}
			req, err := http.NewRequestWithContext(t.Context(), method, server.URL+basePath+path, nil)
			ok(t, err)
			_, err = through.RoundTrip(req)
			var e *api.Error
			if !errors.As(err, &e) || !strings.Contains(e.Advice, want.says) || want.says == "" && e.Advice != "" {
				t.Errorf("got %v, advice %q, want %q", err, e.Advice, want.says)
			}
		})
	}
}
