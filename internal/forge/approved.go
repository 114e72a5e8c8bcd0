package forge

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/go-github/v89/github"
)

// ErrNotApproved means that there is no comment whose digest could be compared.
var ErrNotApproved = errors.New("nothing was approved")

// Approved finds the digest in the comment that Post keeps under key. Without
// a pull request in target, it looks at the one whose merge made the commit,
// so that what is applied after a merge can be held against what was reviewed.
func Approved(ctx context.Context, target Target, key string) (digest string, err error) {
	if err := CheckKey(key); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	repo, err := connect(ctx, target)
	if err != nil {
		return "", err
	}
	number := target.Number
	if number == 0 {
		if number, err = repo.mergedBy(ctx, target.HeadSHA); err != nil {
			return "", err
		}
	}
	c := &conversation{repository: repo, number: number, key: key}
	return c.digest(ctx)
}

// mergedBy finds the pull request whose merge made a commit.
func (r *repository) mergedBy(ctx context.Context, sha string) (number int, err error) {
	if sha == "" {
		return 0, ErrNoPullRequest
	}
	for pull, err := range r.client.PullRequests.ListPullRequestsWithCommitIter(ctx, r.owner, r.name, sha, &github.ListOptions{PerPage: 100}) {
		if err != nil {
			return 0, explain(err)
		}
		if pull.MergedAt != nil && pull.GetMergeCommitSHA() == sha {
			return pull.GetNumber(), nil
		}
	}
	return 0, fmt.Errorf("%w: no merge of a pull request has made the commit %s", ErrNotApproved, sha)
}

// digest is that of the newest first part.
func (c *conversation) digest(ctx context.Context) (string, error) {
	ours, err := c.comments(ctx)
	if err != nil {
		return "", err
	}
	var newest Marker
	for _, o := range ours {
		if o.marker.Digest != "" && !newest.Run.Newer(o.marker.Run) {
			newest = o.marker
		}
	}
	if newest.Digest == "" {
		return "", fmt.Errorf("%w: pull request %d has no comment of %s with the key %q", ErrNotApproved, c.number, c.author, c.key)
	}
	return newest.Digest, nil
}
