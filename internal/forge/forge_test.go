package forge

import (
	"context"
	"fmt"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/forge/githubsim"
)

const (
	token = "ghs_s3cr3tT0k3n"
	robot = "acme-robot" // a user of its own, unlike githubsim.Actions
	pull  = 7
)

func TestMain(m *testing.M) {
	unnamedWait = 10 * time.Millisecond
	m.Run()
}

// scene is a GitHub with pull request 7, and a run that comments on it.
type scene struct {
	*githubsim.Server
	target Target
	mu     sync.Mutex
	logged strings.Builder
}

func newScene(t *testing.T, holder githubsim.Holder, opts ...githubsim.Option) *scene {
	t.Helper()
	s := &scene{Server: githubsim.New("acme/platform", opts...)}
	s.Grant(token, holder)
	for s.AddIssue(githubsim.Issue{Author: "dev", Title: "More address pools", Pull: true}) < pull {
	}
	server := httptest.NewServer(s.Server)
	t.Cleanup(server.Close)
	base := ""
	if len(opts) > 0 {
		base = "/api/v3"
	}
	s.target = target(t, map[string]string{
		"GITHUB_API_URL":     server.URL + base,
		"GITHUB_GRAPHQL_URL": server.URL + strings.TrimSuffix(base, "/v3") + "/graphql",
		"GITHUB_REF":         fmt.Sprintf("refs/pull/%d/merge", pull),
		"GITHUB_RUN_NUMBER":  "42",
	})
	s.target.Log = func(_ context.Context, msg string, fields map[string]any) {
		s.mu.Lock()
		defer s.mu.Unlock()
		fmt.Fprintln(&s.logged, msg, fields)
	}
	return s
}

// target is read from variables on top of those that are always there.
func target(t *testing.T, variables map[string]string) Target {
	t.Helper()
	made, err := FromEnvironment(environmentOf(variables), nil)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func environmentOf(variables map[string]string) func(string) string {
	return func(name string) string {
		if value, ok := variables[name]; ok {
			return value
		}
		return map[string]string{"GITHUB_REPOSITORY": "acme/platform", "GITHUB_TOKEN": token}[name]
	}
}

// checkSecrecy looks for the token in whatever a reader may get to see.
func (s *scene) checkSecrecy(t *testing.T, err error) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.logged.Len() == 0 {
		t.Error("nothing was logged")
	}
	for what, text := range map[string]string{
		"the log": s.logged.String(), "the error": fmt.Sprintf("%v %+v", err, err), "the target": fmt.Sprintf("%v %+v %#v", s.target, s.target, s.target),
	} {
		if strings.Contains(text, token) {
			t.Errorf("%s shows the token: %s", what, text)
		}
	}
}

var paths = []struct{ pattern, word string }{
	{`^GET (/api/v3)?/user$`, "user"},
	{`^POST (/api)?/graphql$`, "viewer"},
	{`^GET .*/issues(/7/comments)?\?(.*&)?page=(\d+).*$`, "list $3"},
	{`^GET .*/issues(/7/comments)?\?.*$`, "list 1"},
	{`^POST .*/issues(/7/comments)?$`, "create"},
	{`^PATCH .*/(\d+)$`, "edit $1"},
	{`^DELETE .*/(\d+)$`, "delete $1"},
}

// calls are the requests so far, in a word or two each.
func (s *scene) calls() []string {
	calls := []string{}
	for _, r := range s.Requests("* /**") {
		line := r.String()
		for _, p := range paths {
			if re := regexp.MustCompile(p.pattern); re.MatchString(line) {
				line = re.ReplaceAllString(line, p.word)
				break
			}
		}
		calls = append(calls, line)
	}
	return calls
}

// marked is a text of a part, of a run, under the key stage.
func marked(part, run int, text string) string {
	return Marker{Key: "stage", Part: part, Run: Run{Number: run, Attempt: 1}}.String() + "\n" + text
}
