package forge

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/forge/githubsim"
)

const (
	creating = "POST /repos/acme/platform/issues/7/comments"
	listing  = "GET /repos/acme/platform/issues/7/comments"
	editing  = "PATCH /repos/acme/platform/issues/comments/*"
)

// said is what somebody wrote on the pull request.
type said struct{ Author, Body string }

func TestPost(t *testing.T) {
	t.Parallel()
	planted := said{"mallory", marked(1, 99, "all is well")}
	quoted := said{robot, "As said:\n" + marked(1, 99, "all is well")}
	others := said{robot, Marker{Key: "prod", Part: 1, Run: Run{99, 1}}.String() + "\nprod"}
	once, twice := []string{marked(1, 42, "new")}, []string{marked(1, 42, "new"), marked(2, 42, "more")}
	created := []said{{robot, once[0]}}
	for _, tt := range []struct {
		name   string
		before []said // from id 1001
		with   func(*scene)
		parts  []string

		want  Result // without the URL
		after []said
		calls []string // after "user"
	}{
		{
			name: "first time", parts: twice,
			want: Result{Created: 2}, after: []said{{robot, twice[0]}, {robot, twice[1]}},
			calls: []string{"list 1", "create", "create"},
		},
		{
			name: "updated in place", before: []said{{"dev", "hi"}, {robot, marked(1, 41, "old")}}, parts: once,
			want: Result{Updated: 1}, after: []said{{"dev", "hi"}, {robot, once[0]}},
			calls: []string{"list 1", "edit 1002"},
		},
		{
			name: "nothing new", before: created, parts: once,
			after: created, calls: []string{"list 1"},
		},
		{
			name: "a part more", before: []said{{robot, marked(1, 41, "old")}}, parts: twice,
			want: Result{Created: 1, Updated: 1}, after: []said{{robot, twice[0]}, {robot, twice[1]}},
			calls: []string{"list 1", "edit 1001", "create"},
		},
		{
			name: "parts fewer", before: []said{{robot, marked(1, 41, "old")}, {robot, marked(2, 41, "old")}, {robot, marked(3, 41, "old")}}, parts: once,
			want: Result{Updated: 1, Removed: 2}, after: created,
			calls: []string{"list 1", "edit 1001", "delete 1002", "delete 1003"},
		},
		{
			name: "two with one marker: the oldest stays", before: []said{{robot, marked(1, 41, "a")}, {robot, marked(1, 41, "b")}}, parts: once,
			want: Result{Updated: 1, Removed: 1}, after: created,
			calls: []string{"list 1", "edit 1001", "delete 1002"},
		},
		{
			name: "markers that are not ours", before: []said{planted, quoted, others}, parts: once,
			want: Result{Created: 1}, after: []said{planted, quoted, others, created[0]},
			calls: []string{"list 1", "create"},
		},
		{
			name: "101 comments", before: append(chatter(100), said{robot, marked(1, 41, "old")}), parts: once,
			want: Result{Updated: 1}, after: append(chatter(100), created[0]),
			calls: []string{"list 1", "list 2", "edit 1101"},
		},
		{
			name: "a newer run was here", before: []said{{robot, marked(1, 43, "newer")}}, parts: once,
			want: Result{Superseded: true}, after: []said{{robot, marked(1, 43, "newer")}},
			calls: []string{"list 1"},
		},
		{
			name: "a newer run has only its second part left", before: []said{{robot, marked(1, 41, "old")}, {robot, marked(2, 43, "newer")}}, parts: once,
			want: Result{Superseded: true}, after: []said{{robot, marked(1, 41, "old")}, {robot, marked(2, 43, "newer")}},
			calls: []string{"list 1"},
		},
		{
			name:   "a newer attempt was here",
			before: []said{{robot, Marker{Key: "stage", Part: 1, Run: Run{42, 2}}.String() + "\nnewer"}}, parts: once,
			want: Result{Superseded: true}, after: []said{{robot, Marker{Key: "stage", Part: 1, Run: Run{42, 2}}.String() + "\nnewer"}},
			calls: []string{"list 1"},
		},
		{
			name: "removed since it was listed", before: []said{{robot, marked(1, 41, "old")}}, parts: once,
			with: func(s *scene) { s.DeleteCommentAfterListing(1001) },
			want: Result{Created: 1}, after: created,
			calls: []string{"list 1", "edit 1001", "create"},
		},
		{
			name: "a duplicate removed since it was listed", before: []said{{robot, marked(1, 41, "a")}, {robot, marked(1, 41, "b")}}, parts: once,
			with: func(s *scene) { s.DeleteCommentAfterListing(1002) },
			want: Result{Updated: 1, Removed: 1}, after: created,
			calls: []string{"list 1", "edit 1001", "delete 1002"},
		},
		{
			name: "429", parts: once,
			with: func(s *scene) { s.Fail(creating, faulty.TooManyRequests(1), 1) },
			want: Result{Created: 1}, after: created, calls: []string{"list 1", "create", "create"},
		},
		{
			name: "secondary limit", parts: once,
			with: func(s *scene) { s.Fail(creating, githubsim.SecondaryLimit(1), 2) },
			want: Result{Created: 1}, after: created, calls: []string{"list 1", "create", "create", "create"},
		},
		{
			name: "secondary limit that names no time", before: []said{{robot, marked(1, 41, "old")}}, parts: once,
			with: func(s *scene) { s.Fail(editing, githubsim.SecondaryLimit(-1), 1) },
			want: Result{Updated: 1}, after: created, calls: []string{"list 1", "edit 1001", "edit 1001"},
		},
		{
			name: "primary limit about to end", parts: once,
			with: func(s *scene) { s.Fail(listing, githubsim.PrimaryLimit(time.Now().Add(time.Second)), 1) },
			want: Result{Created: 1}, after: created, calls: []string{"list 1", "list 1", "create"},
		},
		{
			name: "5xx and resets", before: []said{{robot, marked(1, 41, "old")}}, parts: once,
			with: func(s *scene) {
				s.Fail(listing, faulty.BadGateway, 1)
				s.Fail(editing, faulty.Unavailable.After(), 1)
				s.Fail(editing, faulty.Reset, 1)
			},
			want: Result{Updated: 1}, after: created,
			calls: []string{"list 1", "list 1", "edit 1001", "edit 1001", "edit 1001"},
		},
		{
			name: "a create that never arrived", parts: once,
			with: func(s *scene) { s.Fail(creating, faulty.Reset, 1) },
			want: Result{Created: 1}, after: created, calls: []string{"list 1", "create", "list 1", "create"},
		},
		{
			name: "the answer to a create was lost", parts: once,
			with: func(s *scene) { s.Fail(creating, faulty.Reset.After(), 1) },
			want: Result{Created: 1}, after: created, calls: []string{"list 1", "create", "list 1"},
		},
		{
			name: "a proxy answered a create that was carried out", parts: once,
			with: func(s *scene) { s.Fail(creating, faulty.BadGateway.After(), 1) },
			want: Result{Created: 1}, after: created, calls: []string{"list 1", "create", "list 1"},
		},
		{
			name: "a web page in place of the created comment", parts: once,
			with: func(s *scene) { s.Fail(creating, faulty.WrongType, 1) },
			want: Result{Created: 1}, after: created, calls: []string{"list 1", "create", "list 1"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, githubsim.Holder{Login: robot})
			s.say(tt.before)
			if tt.with != nil {
				tt.with(s)
			}
			got, err := Post(t.Context(), s.target, "stage", tt.parts)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(got.URL, "https://github.com/acme/platform/pull/7#issuecomment-1") {
				t.Errorf("got the URL %q", got.URL)
			}
			got.URL = ""
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error("result:", diff)
			}
			s.check(t, tt.after, tt.calls)
			s.checkSecrecy(t, nil)
		})
	}
}

func TestPostFails(t *testing.T) {
	t.Parallel()
	old := []said{{robot, marked(1, 41, "old")}}
	for _, tt := range []struct {
		name   string
		holder githubsim.Holder
		with   func(*scene)
		parts  []string
		is     error
		err    string   // part of the message
		hint   string   // part of the advice
		calls  []string // after "user"
	}{
		{
			name: "a fork's token", holder: githubsim.Holder{Login: robot, App: true, ReadOnly: true},
			is: ErrReadOnly, err: "Resource not accessible by integration", hint: "pull-requests: write",
			calls: []string{"viewer", "list 1", "edit 1001"},
		},
		{
			name: "too long", parts: []string{marked(1, 42, strings.Repeat("é", MaxComment))},
			err: `part 1 of 1 (65594 characters): PATCH /repos/acme/platform/issues/comments/1001: ` +
				`GitHub answered 422: "Validation Failed: Body is too long (maximum is 65536 characters)"`,
			hint:  "takes 65536 characters",
			calls: []string{"list 1", "edit 1001"},
		},
		{
			name: "a wrong token", with: func(s *scene) { s.target.Token = "ghs_other" },
			err: "Bad credentials", hint: "has expired", calls: []string{},
		},
		{
			name: "no such pull request", with: func(s *scene) { s.target.Number = 99 },
			is: api.ErrNotFound, err: "GitHub answered 404", hint: "GITHUB_REPOSITORY",
			calls: []string{"GET /repos/acme/platform/issues/99/comments?per_page=100"},
		},
		{
			name: "a locked conversation", with: func(s *scene) {
				s.Fail(editing, faulty.Status(403, `{"message":"Unable to edit comment because issue is locked."}`), 1)
			},
			err: "issue is locked", hint: "must not be locked", calls: []string{"list 1", "edit 1001"},
		},
		{
			name: "a limit longer than our patience", with: func(s *scene) {
				s.Fail(editing, githubsim.PrimaryLimit(time.Now().Add(time.Hour)), -1)
			},
			err: "API rate limit exceeded", hint: "used up until", calls: []string{"list 1", "edit 1001"},
		},
		{
			name: "a secondary limit longer than our patience", with: func(s *scene) { s.Fail(editing, githubsim.SecondaryLimit(600), -1) },
			err: "secondary rate limit", hint: "fewer workflows", calls: []string{"list 1", "edit 1001"},
		},
		{
			name: "a secondary limit without end", with: func(s *scene) { s.Fail(editing, githubsim.SecondaryLimit(-1), -1) },
			err: "secondary rate limit", hint: "fewer workflows",
			calls: []string{"list 1", "edit 1001", "edit 1001", "edit 1001", "edit 1001", "edit 1001"},
		},
		{
			name: "GitHub is down", with: func(s *scene) { s.Fail(listing, faulty.BadGateway, -1) },
			err: "GitHub answered 502", hint: "status page",
			calls: []string{"list 1", "list 1", "list 1", "list 1", "list 1"},
		},
		{
			name: "another service answers", with: func(s *scene) { s.Fail(listing, faulty.WrongType, 1) },
			err: "not JSON", hint: "GITHUB_API_URL", calls: []string{"list 1"},
		},
		{
			name: "nobody listens", with: func(s *scene) {
				gone := httptest.NewServer(nil)
				gone.Close()
				s.target.APIURL = gone.URL
			},
			err: "connection refused", hint: "GITHUB_API_URL", calls: []string{},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.holder.Login == "" {
				tt.holder.Login = robot
			}
			if tt.parts == nil {
				tt.parts = []string{marked(1, 42, "new")}
			}
			s := newScene(t, tt.holder)
			s.say(old)
			if tt.with != nil {
				tt.with(s)
			}
			_, err := Post(t.Context(), s.target, "stage", tt.parts)
			if err == nil || !strings.Contains(err.Error(), tt.err) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Fatalf("got the error %v, want %q", err, tt.err)
			}
			var explained *api.Error
			if !errors.As(err, &explained) || !strings.Contains(explained.Hint(), tt.hint) {
				t.Errorf("the advice for %v lacks %q", err, tt.hint)
			}
			s.check(t, old, tt.calls)
			s.checkSecrecy(t, err)
		})
	}
}

func TestPostRefusesBeforeItConnects(t *testing.T) {
	t.Parallel()
	good := marked(1, 42, "new")
	for _, tt := range []struct {
		name   string
		key    string
		number int
		parts  []string
		err    string
	}{
		{"no pull request", "stage", 0, []string{good}, "GITHUB_EVENT_PATH"},
		{"nothing to say", "stage", pull, nil, "nothing to post"},
		{"a key that ends the marker", "a-->b", pull, []string{good}, "not usable"},
		{"a key of two words", "a b", pull, []string{good}, "not usable"},
		{"no marker", "stage", pull, []string{"new"}, `part 1 of 1 starts with "new"`},
		{"the marker of another key", "prod", pull, []string{good}, "not with the marker"},
		{"parts out of order", "stage", pull, []string{marked(2, 42, "b"), good}, "part 1 of 2"},
		{"parts of two runs", "stage", pull, []string{good, marked(2, 43, "b")}, "part 2 of 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, githubsim.Holder{Login: robot})
			s.target.Number = tt.number
			_, err := Post(t.Context(), s.target, tt.key, tt.parts)
			if err == nil || !strings.Contains(err.Error(), tt.err) || len(s.calls()) != 0 {
				t.Errorf("got %v after %v, want %q after no request", err, s.calls(), tt.err)
			}
		})
	}
}

// Whose comments are ours depends on what the token may ask.
func TestPostKnowsItsAuthor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		holder githubsim.Holder
		with   func(*scene)
		calls  []string
	}{
		{"a user", githubsim.Holder{Login: robot}, nil, []string{"user", "list 1", "edit 1001"}},
		{"an app of one's own", githubsim.Holder{Login: "acme-plans[bot]", App: true}, nil, []string{"user", "viewer", "list 1", "edit 1001"}},
		{"the token of a workflow", githubsim.Holder{Login: githubsim.Actions, App: true}, nil, []string{"user", "viewer", "list 1", "edit 1001"}},
		{
			"a workflow without GraphQL", githubsim.Holder{Login: githubsim.Actions, App: true},
			func(s *scene) { s.target.GraphQLURL = "" },
			[]string{"user", "list 1", "edit 1001"},
		},
		{
			"a workflow where GraphQL is forbidden", githubsim.Holder{Login: githubsim.Actions, App: true},
			func(s *scene) { s.Fail("POST /api/graphql", faulty.Status(404, `{"message":"Not Found"}`), 1) },
			[]string{"user", "viewer", "list 1", "edit 1001"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, tt.holder, githubsim.Enterprise())
			s.say([]said{{tt.holder.Login, marked(1, 41, "old")}})
			if tt.with != nil {
				tt.with(s)
			}
			if _, err := Post(t.Context(), s.target, "stage", []string{marked(1, 42, "new")}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.calls, s.calls()); diff != "" {
				t.Error("requests:", diff)
			}
			if got := s.Comments(); len(got) != 1 || got[0].Body != marked(1, 42, "new") {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestTokenStaysWithItsHost(t *testing.T) {
	t.Parallel()
	reached := make(chan string, 10)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reached <- r.Header.Get("Authorization") }))
	t.Cleanup(elsewhere.Close)
	here := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusMovedPermanently))
	t.Cleanup(here.Close)
	_, err := Post(t.Context(), target(t, map[string]string{"GITHUB_API_URL": here.URL, "GITHUB_REF": "refs/pull/7/merge"}),
		"stage", []string{marked(1, 42, "new")})
	if err == nil || len(reached) != 0 {
		t.Errorf("got %v, and another host got %d requests", err, len(reached))
	}
}

func (s *scene) say(all []said) {
	for _, c := range all {
		s.AddComment(githubsim.Comment{Number: pull, Author: c.Author, Body: c.Body})
	}
}

// check compares what is there in the end, and how it came to be after the
// question who the token's user is.
func (s *scene) check(t *testing.T, after []said, calls []string) {
	t.Helper()
	var got []said
	for _, c := range s.Comments() {
		got = append(got, said{c.Author, c.Body})
	}
	if diff := cmp.Diff(after, got); diff != "" {
		t.Error("comments:", diff)
	}
	made := s.calls()
	if len(made) > 0 && made[0] == "user" {
		made = made[1:]
	}
	if diff := cmp.Diff(calls, made); diff != "" {
		t.Error("requests:", diff)
	}
}

func chatter(n int) []said {
	all := make([]said, n)
	for i := range all {
		all[i] = said{"dev", "looks good"}
	}
	return all
}
