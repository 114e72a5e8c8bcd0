package forge

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

// Target is a repository, the pull request in it, and the run that speaks.
type Target struct {
	APIURL     string // https://api.github.com, or https://<host>/api/v3 of an Enterprise Server
	GraphQLURL string // may be empty
	Owner      string
	Repository string // without its owner
	Number     int    // of the pull request or issue; 0 when the run belongs to none
	HeadSHA    string // the commit that was planned, not the merge commit GitHub makes of it
	Run        Run
	RunURL     string // where people read the whole log; empty outside of a run
	Summary    string // file to append the step's summary to; empty outside of a run
	Token      Token

	// Log receives one entry per request. May be nil.
	Log func(ctx context.Context, msg string, fields map[string]any)

	actions bool // workflow commands are understood
}

// Run is the place of a run among those of its workflow.
type Run struct{ Number, Attempt int }

// Newer reports whether r started after other.
func (r Run) Newer(other Run) bool {
	if r.Number != other.Number {
		return r.Number > other.Number
	}
	return r.Attempt > other.Attempt
}

// Token is a credential. It does not show when printed.
type Token string

// String implements fmt.Stringer.
func (Token) String() string { return "(hidden)" }

// GoString implements fmt.GoStringer.
func (Token) GoString() string { return "(hidden)" }

// MarshalText implements encoding.TextMarshaler.
func (Token) MarshalText() ([]byte, error) { return []byte("(hidden)"), nil }

// FromEnvironment reads the target from the variables that GitHub Actions sets,
// and GITHUB_TOKEN, which the workflow has to hand over. Other systems can set
// the same ones.
func FromEnvironment(getenv func(string) string, readFile func(string) ([]byte, error)) (Target, error) {
	e := environment{getenv: getenv, readFile: readFile}
	t := Target{
		APIURL:     e.url("GITHUB_API_URL", "https://api.github.com"),
		GraphQLURL: getenv("GITHUB_GRAPHQL_URL"),
		Run:        Run{Number: e.number("GITHUB_RUN_NUMBER", 0), Attempt: e.number("GITHUB_RUN_ATTEMPT", 1)},
		Summary:    getenv("GITHUB_STEP_SUMMARY"),
		Token:      Token(e.required("GITHUB_TOKEN", "give the step `env: GITHUB_TOKEN: ${{ github.token }}`")),
		actions:    getenv("GITHUB_ACTIONS") == "true",
	}
	t.Owner, t.Repository = e.repository()
	t.Number, t.HeadSHA = e.pullRequest()
	server := e.url("GITHUB_SERVER_URL", "https://github.com")
	if id := getenv("GITHUB_RUN_ID"); id != "" {
		t.RunURL = fmt.Sprintf("%s/%s/%s/actions/runs/%s", server, t.Owner, t.Repository, id)
	}
	return t, e.err
}

// Warn tells the reader of the log something: in GitHub Actions as an
// annotation, which is also shown above the log.
func (t Target) Warn(w io.Writer, text string) {
	if t.actions {
		fmt.Fprintf(w, "::warning::%s\n", strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text))
		return
	}
	fmt.Fprintf(w, "Warning: %s\n", text)
}

// environment reads variables and keeps the first error.
type environment struct {
	getenv   func(string) string
	readFile func(string) ([]byte, error)
	err      error
}

func (e *environment) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf(format, args...)
	}
}

func (e *environment) required(name, remedy string) string {
	value := e.getenv(name)
	if value == "" {
		e.fail("%s is not set: %s", name, remedy)
	}
	return value
}

func (e *environment) url(name, otherwise string) string {
	value := strings.TrimSuffix(e.getenv(name), "/")
	if value == "" {
		return otherwise
	}
	if _, err := api.ParseURL(value); err != nil {
		e.fail("%s: %w", name, err)
	}
	return value
}

func (e *environment) number(name string, otherwise int) int {
	value := e.getenv(name)
	if value == "" {
		return otherwise
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		e.fail("%s is %q, which is no number: leave it to GitHub Actions, or unset it", name, value)
	}
	return n
}

func (e *environment) repository() (owner, name string) {
	const remedy = "run in GitHub Actions, or set it to the repository as owner/name"
	value := e.required("GITHUB_REPOSITORY", remedy)
	owner, name, _ = strings.Cut(value, "/")
	if owner == "" || name == "" || strings.Contains(name, "/") {
		e.fail("GITHUB_REPOSITORY is %q: %s", value, remedy)
	}
	return owner, name
}

// event is what is used of the webhook that started the run.
type event struct {
	PullRequest struct {
		Number int
		Head   struct{ SHA string }
	} `json:"pull_request"`
	Issue struct{ Number int }
}

var pullRef = lazyregexp.New(`^refs/pull/(\d+)/`)

func (e *environment) pullRequest() (number int, sha string) {
	sent := e.event()
	if sent.PullRequest.Number != 0 {
		return sent.PullRequest.Number, sent.PullRequest.Head.SHA
	}
	if sent.Issue.Number != 0 {
		return sent.Issue.Number, e.getenv("GITHUB_SHA")
	}
	if m := pullRef.FindStringSubmatch(e.getenv("GITHUB_REF")); m != nil {
		number, _ = strconv.Atoi(m[1]) // 0 for what no pull request is numbered
	}
	return number, e.getenv("GITHUB_SHA")
}

func (e *environment) event() (sent event) {
	path := e.getenv("GITHUB_EVENT_PATH")
	if path == "" {
		return event{}
	}
	data, err := e.readFile(path)
	if err == nil {
		err = json.Unmarshal(data, &sent)
	}
	if err != nil {
		e.fail("the event in GITHUB_EVENT_PATH cannot be read: %w; leave the variable to GitHub Actions, or unset it", err)
	}
	return sent
}
