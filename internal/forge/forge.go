// Package forge keeps what a run has to say where people read it: comments on
// a pull request, an issue, the summary of a job. It speaks with GitHub and
// with GitHub Enterprise Server.
package forge

import (
	"errors"
	"time"
)

// What GitHub takes at most.
const (
	MaxComment = 65536   // characters of a comment or an issue
	MaxSummary = 1 << 20 // bytes of the summary of one step
)

// patience bounds everything that one call does, waits for rate limits included.
const patience = 5 * time.Minute

var (
	// ErrReadOnly means that the token may read and not write: that of a pull
	// request from a fork or by Dependabot, or of a job without the permission.
	ErrReadOnly = errors.New("the token is read-only")
	// ErrNoPullRequest means that the run belongs to no pull request.
	ErrNoPullRequest = errors.New("no pull request to comment on: neither the event in GITHUB_EVENT_PATH nor GITHUB_REF names one; " +
		"run the workflow on `pull_request`, or set GITHUB_REF to refs/pull/<number>/merge")
)

// Result is what a call has changed. Comments and issues that were right
// already count nowhere.
type Result struct {
	URL        string // of the first part, or of the issue; empty when there is none
	Superseded bool   // a newer run was here first, and nothing was changed
	Created    int
	Updated    int
	Removed    int // deleted comments, closed issues
}
