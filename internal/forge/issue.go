package forge

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/go-github/v89/github"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// KeepIssue keeps one issue under key as long as there is a reason for it:
// while open is true it is opened or updated, otherwise updated and closed. A
// closed issue stays history; the next reason opens another one.
//
// The body is finished Markdown; its Marker is put in front of it. As with
// Post, only issues of the token's own user count, and a newer run's stay.
func KeepIssue(ctx context.Context, target Target, key, title, body string, open bool) (Result, error) {
	if err := CheckKey(key); err != nil {
		return Result{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	repo, err := connect(ctx, target)
	if err != nil {
		return Result{}, err
	}
	m := Marker{Key: key, Part: 1, Run: target.Run}
	k := &keeper{repository: repo, marker: m, wanted: github.IssueRequest{
		Title: &title, Body: github.Ptr(m.String() + "\n" + body), State: github.Ptr("open"),
	}}
	if !open {
		k.wanted.State, k.wanted.StateReason = github.Ptr("closed"), github.Ptr("completed")
	}
	return k.keep(ctx, open)
}

// keeper keeps the issue of one key.
type keeper struct {
	*repository
	marker Marker
	wanted github.IssueRequest
	result Result
}

func (k *keeper) keep(ctx context.Context, open bool) (Result, error) {
	ours, err := k.issues(ctx)
	if err != nil {
		return Result{}, err
	}
	for _, o := range ours {
		if m, _ := ParseMarker(o.GetBody()); m.Run.Newer(k.marker.Run) {
			return Result{URL: o.GetHTMLURL(), Superseded: true}, nil
		}
	}
	if len(ours) == 0 {
		return k.result, k.create(ctx, open)
	}
	if err := k.edit(ctx, ours[0], open); err != nil {
		return k.result, err
	}
	return k.result, k.closeDuplicates(ctx, ours[1:])
}

// issues lists ours that are open, the oldest first.
func (k *keeper) issues(ctx context.Context) ([]*github.Issue, error) {
	var ours []*github.Issue
	options := &github.IssueListByRepoOptions{
		Creator: k.author, State: "open", Sort: "created", Direction: "asc",
		ListOptions: github.ListOptions{PerPage: 100},
	}
	for listed, err := range k.client.Issues.ListByRepoIter(ctx, k.owner, k.name, options) {
		if err != nil {
			return nil, explain(err)
		}
		m, ok := ParseMarker(listed.GetBody())
		if ok && m.same(k.marker) && listed.GetUser().GetLogin() == k.author && !listed.IsPullRequest() {
			ours = append(ours, listed)
		}
	}
	return ours, nil
}

func (k *keeper) create(ctx context.Context, open bool) error {
	if !open {
		return nil
	}
	created, err := api.Once[*github.Issue]{
		What: "the issue",
		Send: func(ctx context.Context) (*github.Issue, error) {
			request := github.IssueRequest{Title: k.wanted.Title, Body: k.wanted.Body}
			created, _, err := k.client.Issues.Create(ctx, k.owner, k.name, &request)
			return created, explain(err)
		},
		Look: func(ctx context.Context) (*github.Issue, error) {
			ours, err := k.issues(ctx)
			if err != nil {
				return nil, err
			}
			i := slices.IndexFunc(ours, func(o *github.Issue) bool { return o.GetBody() == *k.wanted.Body })
			if i < 0 {
				return nil, api.ErrNotFound
			}
			return ours[i], nil
		},
	}.Do(ctx)
	if err != nil {
		return fmt.Errorf("the issue %q: %w", *k.wanted.Title, err)
	}
	k.result.URL = created.GetHTMLURL()
	k.result.Created++
	return nil
}

func (k *keeper) edit(ctx context.Context, kept *github.Issue, open bool) error {
	k.result.URL = kept.GetHTMLURL()
	if open && kept.GetTitle() == *k.wanted.Title && kept.GetBody() == *k.wanted.Body {
		return nil
	}
	err := k.send(ctx, kept, &k.wanted)
	switch {
	case errors.Is(err, api.ErrNotFound): // deleted since it was listed
		k.result.URL = ""
		return k.create(ctx, open)
	case err != nil:
		return err
	case open:
		k.result.Updated++
	default:
		k.result.Removed++
	}
	return nil
}

func (k *keeper) closeDuplicates(ctx context.Context, duplicates []*github.Issue) error {
	for _, d := range duplicates {
		request := &github.IssueRequest{State: github.Ptr("closed"), StateReason: github.Ptr("not_planned")}
		if err := k.send(ctx, d, request); err != nil && !errors.Is(err, api.ErrNotFound) {
			return err
		}
		k.result.Removed++
	}
	return nil
}

func (k *keeper) send(ctx context.Context, issue *github.Issue, request *github.IssueRequest) error {
	_, _, err := k.client.Issues.Edit(api.Idempotent(ctx), k.owner, k.name, issue.GetNumber(), request)
	if err := explain(err); err != nil {
		return fmt.Errorf("the issue %s: %w", issue.GetHTMLURL(), err)
	}
	return nil
}
