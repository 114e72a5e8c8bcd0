package forge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestFromEnvironment(t *testing.T) {
	t.Parallel()
	const pullEvent = `{"action":"synchronize","pull_request":{"number":7,"head":{"sha":"0abc"}}}`
	for _, tt := range []struct {
		name      string
		variables map[string]string
		event     string
		want      Target
		err       string
	}{
		{
			name: "a pull request on github.com",
			variables: map[string]string{
				"GITHUB_EVENT_PATH": "event.json", "GITHUB_REF": "refs/pull/8/merge", "GITHUB_SHA": "merge",
				"GITHUB_RUN_ID": "123", "GITHUB_RUN_NUMBER": "42", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_STEP_SUMMARY": "/tmp/summary",
			},
			event: pullEvent,
			want: Target{
				APIURL: "https://api.github.com", Owner: "acme", Repository: "platform", Number: 7, HeadSHA: "0abc",
				Run: Run{42, 2}, RunURL: "https://github.com/acme/platform/actions/runs/123", Summary: "/tmp/summary",
			},
		},
		{
			name: "an Enterprise Server, and a comment as the event",
			variables: map[string]string{
				"GITHUB_API_URL": "https://github.example.internal/api/v3/", "GITHUB_GRAPHQL_URL": "https://github.example.internal/api/graphql",
				"GITHUB_SERVER_URL": "https://github.example.internal", "GITHUB_RUN_ID": "123",
				"GITHUB_EVENT_PATH": "event.json", "GITHUB_SHA": "0abc",
			},
			event: `{"issue":{"number":7}}`,
			want: Target{
				APIURL: "https://github.example.internal/api/v3", GraphQLURL: "https://github.example.internal/api/graphql",
				Owner: "acme", Repository: "platform", Number: 7, HeadSHA: "0abc",
				Run: Run{0, 1}, RunURL: "https://github.example.internal/acme/platform/actions/runs/123",
			},
		},
		{
			name:      "another system with the ref alone",
			variables: map[string]string{"GITHUB_REF": "refs/pull/7/merge", "GITHUB_SHA": "0abc"},
			want: Target{
				APIURL: "https://api.github.com", Owner: "acme", Repository: "platform", Number: 7, HeadSHA: "0abc", Run: Run{0, 1},
			},
		},
		{
			name:      "a push belongs to no pull request",
			variables: map[string]string{"GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_PATH": "event.json"},
			event:     `{"ref":"refs/heads/main"}`,
			want:      Target{APIURL: "https://api.github.com", Owner: "acme", Repository: "platform", Run: Run{0, 1}},
		},
		{name: "no token", variables: map[string]string{"GITHUB_TOKEN": ""}, err: "GITHUB_TOKEN is not set: give the step `env:"},
		{name: "no repository", variables: map[string]string{"GITHUB_REPOSITORY": ""}, err: "GITHUB_REPOSITORY is not set"},
		{name: "no owner", variables: map[string]string{"GITHUB_REPOSITORY": "platform"}, err: `GITHUB_REPOSITORY is "platform"`},
		{name: "no URL", variables: map[string]string{"GITHUB_API_URL": "github.example.internal"}, err: "GITHUB_API_URL: "},
		{name: "no number", variables: map[string]string{"GITHUB_RUN_NUMBER": "new"}, err: `GITHUB_RUN_NUMBER is "new"`},
		{name: "no event", variables: map[string]string{"GITHUB_EVENT_PATH": "missing.json"}, err: "GITHUB_EVENT_PATH cannot be read"},
		{name: "a broken event", variables: map[string]string{"GITHUB_EVENT_PATH": "event.json"}, event: "{", err: "GITHUB_EVENT_PATH cannot be read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := FromEnvironment(environmentOf(tt.variables), func(path string) ([]byte, error) {
				if path != "event.json" {
					return nil, os.ErrNotExist
				}
				return []byte(tt.event), nil
			})
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got the error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Token = token
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreUnexported(Target{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTokenDoesNotShow(t *testing.T) {
	t.Parallel()
	made := target(t, nil)
	made.Log = nil
	asJSON, err := json.Marshal(made.Token)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v", made, &made, made), string(asJSON)} {
		if strings.Contains(text, token) || !strings.Contains(text, "(hidden)") {
			t.Errorf("printed as %s", text)
		}
	}
}

func TestWarn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, actions, want string }{
		{"in GitHub Actions", "true", "::warning::100%25 read-only%0Asee the summary\n"},
		{"elsewhere", "", "Warning: 100% read-only\nsee the summary\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			target(t, map[string]string{"GITHUB_ACTIONS": tt.actions}).Warn(&out, "100% read-only\nsee the summary")
			if out.String() != tt.want {
				t.Errorf("got %q, want %q", out.String(), tt.want)
			}
		})
	}
}
