package forge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/google/go-github/v89/github"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// Post makes parts the comments of the target's pull request under key: those
// there are updated in place, missing ones created, duplicates and surplus
// ones deleted. Parts are finished Markdown with a Marker as the first line.
//
// Only comments of the token's own user count, so that nobody can plant one.
// When a newer run has posted before, nothing changes.
func Post(ctx context.Context, target Target, key string, parts []string) (Result, error) {
	markers, err := markersOf(key, parts)
	if err != nil {
		return Result{}, err
	}
	if target.Number == 0 {
		return Result{}, ErrNoPullRequest
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	repo, err := connect(ctx, target)
	if err != nil {
		return Result{}, err
	}
	c := &conversation{repository: repo, number: target.Number, key: key}
	return c.post(ctx, markers, parts)
}

// conversation is the pull request or issue whose comments under one key are kept.
type conversation struct {
	*repository
	number int
	key    string
	result Result
}

// comment is a comment of ours.
type comment struct {
	*github.IssueComment
	marker Marker
}

func (c *conversation) post(ctx context.Context, markers []Marker, parts []string) (Result, error) {
	ours, err := c.comments(ctx)
	if err != nil {
		return Result{}, err
	}
	newer := func(o comment) bool { return o.marker.Run.Newer(markers[0].Run) }
	if i := slices.IndexFunc(ours, newer); i >= 0 {
		return Result{URL: ours[i].GetHTMLURL(), Superseded: true}, nil
	}
	for i, body := range parts {
		at := slices.IndexFunc(ours, func(o comment) bool { return o.marker.same(markers[i]) })
		var kept *github.IssueComment
		if at >= 0 {
			kept = ours[at].IssueComment
			ours = slices.Delete(ours, at, at+1)
		}
		url, err := c.put(ctx, kept, markers[i], body)
		if err != nil {
			return c.result, fmt.Errorf("part %d of %d (%d characters): %w", i+1, len(parts), utf8.RuneCountInString(body), err)
		}
		if i == 0 {
			c.result.URL = url
		}
	}
	return c.result, c.remove(ctx, ours)
}

// comments lists ours under the key, the oldest first: GitHub's own order.
func (c *conversation) comments(ctx context.Context) ([]comment, error) {
	var ours []comment
	options := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: 100}}
	for listed, err := range c.client.Issues.ListCommentsIter(ctx, c.owner, c.name, c.number, options) {
		if err != nil {
			return nil, explain(err)
		}
		m, ok := ParseMarker(listed.GetBody())
		if ok && m.Key == c.key && listed.GetUser().GetLogin() == c.author {
			ours = append(ours, comment{listed, m})
		}
	}
	return ours, nil
}

// put makes body one comment, in place of kept when there is one.
func (c *conversation) put(ctx context.Context, kept *github.IssueComment, m Marker, body string) (url string, err error) {
	if kept == nil {
		return c.create(ctx, m, body)
	}
	if kept.GetBody() == body {
		return kept.GetHTMLURL(), nil
	}
	edited, _, err := c.client.Issues.EditComment(api.Idempotent(ctx), c.owner, c.name, kept.GetID(), &github.IssueComment{Body: &body})
	err = explain(err)
	if errors.Is(err, api.ErrNotFound) { // removed since it was listed
		return c.create(ctx, m, body)
	}
	if err != nil {
		return "", err
	}
	c.result.Updated++
	return edited.GetHTMLURL(), nil
}

func (c *conversation) create(ctx context.Context, m Marker, body string) (url string, err error) {
	created, err := api.Once[*github.IssueComment]{
		What: "the comment",
		Send: func(ctx context.Context) (*github.IssueComment, error) {
			created, _, err := c.client.Issues.CreateComment(ctx, c.owner, c.name, c.number, &github.IssueComment{Body: &body})
			return created, explain(err)
		},
		Look: func(ctx context.Context) (*github.IssueComment, error) {
			ours, err := c.comments(ctx)
			if err != nil {
				return nil, err
			}
			i := slices.IndexFunc(ours, func(o comment) bool { return o.marker == m })
			if i < 0 {
				return nil, api.ErrNotFound
			}
			return ours[i].IssueComment, nil
		},
	}.Do(ctx)
	if err != nil {
		return "", err
	}
	c.result.Created++
	return created.GetHTMLURL(), nil
}

// remove deletes duplicates and parts of longer runs before.
func (c *conversation) remove(ctx context.Context, surplus []comment) error {
	for _, s := range surplus {
		_, err := c.client.Issues.DeleteComment(ctx, c.owner, c.name, s.GetID())
		err = explain(err)
		if err != nil && !errors.Is(err, api.ErrNotFound) {
			return fmt.Errorf("a comment that is no longer needed (%s): %w", s.GetHTMLURL(), err)
		}
		c.result.Removed++
	}
	return nil
}
