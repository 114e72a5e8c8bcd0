package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/onprem-tools/terraform-provider-onprem/internal/forge/githubsim"
)

// TestMain lets scripts call this test as if it were the program.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"terraform-provider-onprem": func() {
			os.Exit(Run(context.Background(), "1.2.3", os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
		},
	})
}

// TestScripts runs testdata/script/*.txtar. Each is a session in a shell, and
// the files it starts with. Besides the usual commands there are
//
//	exits CODE COMMAND…  the command ends with this exit code
//	github [readonly]    start a GitHub, for a run on its pull request 1
//	posted               print the comments and the issues that are there
//	merge SHA            merge the pull request as this commit, and push it
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Values[hubKey] = githubsim.New("acme/platform")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits, "github": startGitHub, "posted": printPosted, "merge": merge,
		},
		RequireUniqueNames: true,
	})
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	failed := (*exec.ExitError)(nil)
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// hubKey is where a script's GitHub is kept.
const hubKey = "github"

func hub(ts *testscript.TestScript) *githubsim.Server {
	return ts.Value(hubKey).(*githubsim.Server)
}

func startGitHub(ts *testscript.TestScript, _ bool, args []string) {
	hub(ts).Grant("ghs_token", githubsim.Holder{Login: githubsim.Actions, App: true, ReadOnly: len(args) > 0})
	hub(ts).AddIssue(githubsim.Issue{Author: "dev", Title: "More address pools", Pull: true})
	server := httptest.NewServer(hub(ts))
	ts.Defer(server.Close)
	for name, value := range map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_API_URL": server.URL, "GITHUB_REPOSITORY": "acme/platform", "GITHUB_TOKEN": "ghs_token",
		"GITHUB_REF": "refs/pull/1/merge", "GITHUB_SHA": "5f1d7e0", "GITHUB_RUN_ID": "7000", "GITHUB_RUN_NUMBER": "42",
		"GITHUB_STEP_SUMMARY": ts.MkAbs("summary.md"), "GITHUB_OUTPUT": ts.MkAbs("output"),
	} {
		ts.Setenv(name, value)
	}
}

func printPosted(ts *testscript.TestScript, _ bool, _ []string) {
	for _, c := range hub(ts).Comments() {
		fmt.Fprintf(ts.Stdout(), "comment %d by %s\n%s\n", c.ID, c.Author, c.Body)
	}
	for _, i := range hub(ts).Issues() {
		if !i.Pull {
			fmt.Fprintf(ts.Stdout(), "%s issue %d: %s\n%s\n", i.State, i.Number, i.Title, i.Body)
		}
	}
}

func merge(ts *testscript.TestScript, _ bool, args []string) {
	hub(ts).SetMerge(1, args[0], true)
	ts.Setenv("GITHUB_REF", "refs/heads/main")
	ts.Setenv("GITHUB_SHA", args[0])
}
