package forge

import (
	"cmp"
	"errors"
	"strings"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/forge/githubsim"
)

func TestApproved(t *testing.T) {
	t.Parallel()
	const merge = "5f1d7e0c0ffee000000000000000000000000000"
	shown := func(run int, digest string) string {
		return Marker{Key: "stage", Part: 1, Run: Run{run, 1}, Digest: digest}.String() + "\nchanges"
	}
	for _, tt := range []struct {
		name   string
		posted []said
		merge  string // what merging the pull request has made
		trial  string // what it would make
		sha    string // of a run that belongs to no pull request

		want string
		err  error
		says string
	}{
		{name: "of the run's pull request", posted: []said{{robot, shown(42, "v1.abc")}}, want: "v1.abc"},
		{name: "of the newest run", posted: []said{{robot, shown(43, "v1.new")}, {robot, shown(42, "v1.old")}}, want: "v1.new"},
		{name: "beside a part without one", posted: []said{{robot, shown(42, "v1.abc")}, {robot, marked(2, 42, "more")}}, want: "v1.abc"},
		{
			name: "planted by somebody", posted: []said{{"mallory", shown(99, "v1.bad")}},
			err: ErrNotApproved, says: `pull request 7 has no comment of acme-robot with the key "stage"`,
		},
		{
			name: "of the pull request that was merged", posted: []said{{robot, shown(42, "v1.abc")}},
			merge: merge, sha: merge, want: "v1.abc",
		},
		{name: "pushed without a pull request", sha: "0000", err: ErrNotApproved, says: "has made the commit 0000"},
		{
			name: "only tried to merge", posted: []said{{robot, shown(42, "v1.abc")}}, trial: merge, sha: merge,
			err: ErrNotApproved, says: "has made the commit " + merge,
		},
		{name: "no pull request and no commit", sha: "none", err: ErrNoPullRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, githubsim.Holder{Login: robot})
			for _, p := range tt.posted {
				s.AddComment(githubsim.Comment{Number: pull, Author: p.Author, Body: p.Body})
			}
			s.SetMerge(pull, cmp.Or(tt.merge, tt.trial), tt.merge != "")
			if tt.sha != "" {
				s.target.Number, s.target.HeadSHA = 0, strings.TrimPrefix(tt.sha, "none")
			}
			got, err := Approved(t.Context(), s.target, "stage")
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Fatalf("got %q, %v, want %q, %v", got, err, tt.want, tt.err)
			}
			if err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%q does not say %q", err, tt.says)
			}
			s.checkSecrecy(t, err)
		})
	}
}
