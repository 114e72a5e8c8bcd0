package forge

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/forge/githubsim"
)

func TestKeepIssue(t *testing.T) {
	t.Parallel()
	const posting, changing = "POST /repos/acme/platform/issues", "PATCH /repos/acme/platform/issues/*"
	wanted := githubsim.Issue{Number: 8, Author: robot, Title: "Drift", Body: marked(1, 42, "3 units"), State: "open"}
	second := wanted
	second.Number = 9
	old := githubsim.Issue{Author: robot, Title: "Drift on Monday", Body: marked(1, 41, "1 unit")}
	older := githubsim.Issue{Author: robot, Title: "Drift on Sunday", Body: marked(1, 40, "1 unit")}
	newer := githubsim.Issue{Author: robot, Title: "Drift", Body: marked(1, 43, "2 units")}
	planted := githubsim.Issue{Author: "mallory", Title: "Drift", Body: marked(1, 99, "none")}
	keep := func(i githubsim.Issue, number int) githubsim.Issue {
		i.Number, i.State = number, "open"
		return i
	}
	many := slices.Repeat([]githubsim.Issue{{Author: robot, Title: "Something else", Body: "text"}}, 100)
	kept := slices.Clone(many)
	for i := range kept {
		kept[i] = keep(kept[i], pull+1+i)
	}
	closed := func(i githubsim.Issue, reason string) githubsim.Issue {
		i.State, i.Reason = "closed", reason
		return i
	}
	for _, tt := range []struct {
		name   string
		before []githubsim.Issue // from number 8
		with   func(*scene)
		clean  bool
		want   Result // without the URL
		after  []githubsim.Issue
		calls  []string // after "user"
	}{
		{
			name: "drift for the first time",
			want: Result{Created: 1}, after: []githubsim.Issue{wanted}, calls: []string{"list 1", "create"},
		},
		{
			name: "more drift", before: []githubsim.Issue{old},
			want: Result{Updated: 1}, after: []githubsim.Issue{wanted}, calls: []string{"list 1", "edit 8"},
		},
		{name: "the same drift", before: []githubsim.Issue{wanted}, after: []githubsim.Issue{wanted}, calls: []string{"list 1"}},
		{
			name: "clean again", before: []githubsim.Issue{old}, clean: true,
			want: Result{Removed: 1}, after: []githubsim.Issue{closed(wanted, "completed")}, calls: []string{"list 1", "edit 8"},
		},
		{name: "still clean", clean: true, calls: []string{"list 1"}},
		{
			name: "two of them", before: []githubsim.Issue{old, older},
			want: Result{Updated: 1, Removed: 1}, after: []githubsim.Issue{wanted, closed(keep(older, 9), "not_planned")},
			calls: []string{"list 1", "edit 8", "edit 9"},
		},
		{
			name: "101 issues", before: append(many, old),
			want: Result{Updated: 1}, after: append(kept, keep(wanted, 108)),
			calls: []string{"list 1", "list 2", "edit 108"},
		},
		{
			name: "a newer run was here", before: []githubsim.Issue{newer}, clean: true,
			want: Result{Superseded: true}, after: []githubsim.Issue{keep(newer, 8)}, calls: []string{"list 1"},
		},
		{
			name: "planted by somebody else", before: []githubsim.Issue{planted},
			want: Result{Created: 1}, after: []githubsim.Issue{keep(planted, 8), second}, calls: []string{"list 1", "create"},
		},
		{
			name: "planted where the filter by author is ignored",
			with: func(s *scene) {
				line, _ := json.Marshal(marked(1, 41, "none"))
				s.Fail("GET /repos/acme/platform/issues", faulty.Status(200, `[{"number":3,"user":{"login":"mallory"},"body":`+string(line)+`}]`), 1)
			},
			want: Result{Created: 1}, after: []githubsim.Issue{wanted}, calls: []string{"list 1", "create"},
		},
		{
			name: "deleted since it was listed", before: []githubsim.Issue{old},
			with: func(s *scene) { s.DeleteIssueAfterListing(8) },
			want: Result{Created: 1}, after: []githubsim.Issue{second}, calls: []string{"list 1", "edit 8", "create"},
		},
		{
			name: "the answer to a create was lost",
			with: func(s *scene) { s.Fail(posting, faulty.Reset.After(), 1) },
			want: Result{Created: 1}, after: []githubsim.Issue{wanted}, calls: []string{"list 1", "create", "list 1"},
		},
		{
			name: "a secondary limit and a 502", before: []githubsim.Issue{old},
			with: func(s *scene) {
				s.Fail(changing, githubsim.SecondaryLimit(-1), 1)
				s.Fail(changing, faulty.BadGateway, 1)
			},
			want: Result{Updated: 1}, after: []githubsim.Issue{wanted}, calls: []string{"list 1", "edit 8", "edit 8", "edit 8"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, githubsim.Holder{Login: robot})
			for _, i := range tt.before {
				s.AddIssue(i)
			}
			if tt.with != nil {
				tt.with(s)
			}
			got, err := KeepIssue(t.Context(), s.target, "stage", "Drift", "3 units", !tt.clean)
			if err != nil {
				t.Fatal(err)
			}
			if want := len(tt.after) > 0; (got.URL != "") != want {
				t.Errorf("got the URL %q", got.URL)
			}
			got.URL = ""
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error("result:", diff)
			}
			if diff := cmp.Diff(tt.after, s.Issues()[pull:], cmpopts.EquateEmpty()); diff != "" {
				t.Error("issues:", diff)
			}
			if diff := cmp.Diff(tt.calls, s.calls()[1:]); diff != "" {
				t.Error("requests:", diff)
			}
			s.checkSecrecy(t, nil)
		})
	}
}

func TestKeepIssueFails(t *testing.T) {
	t.Parallel()
	s := newScene(t, githubsim.Holder{Login: robot, App: true, ReadOnly: true})
	_, err := KeepIssue(t.Context(), s.target, "stage", "Drift", "3 units", true)
	if !errors.Is(err, ErrReadOnly) || !strings.Contains(err.Error(), `the issue "Drift"`) {
		t.Errorf("got %v, want ErrReadOnly and the issue's title", err)
	}
	s.checkSecrecy(t, err)
	if _, err := KeepIssue(t.Context(), s.target, "a b", "Drift", "3 units", true); err == nil {
		t.Error("no error for a key of two words")
	}
}
