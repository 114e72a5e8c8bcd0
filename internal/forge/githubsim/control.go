package githubsim

import (
	"strconv"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

// Grant makes token valid.
func (s *Server) Grant(token string, h Holder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[token] = h
}

// AddIssue adds an open issue or pull request and returns its number.
func (s *Server) AddIssue(i Issue) (number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addIssue(i)
}

// SetMerge makes sha the commit of merging a pull request, which was carried out,
// or has only been tried.
func (s *Server) SetMerge(number int, sha string, carriedOut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issues[number].Merge, s.issues[number].Merged = sha, carriedOut
}

// AddComment adds a comment, by whomever, and returns its id.
func (s *Server) AddComment(c Comment) (id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addComment(c)
}

// DeleteCommentAfterListing deletes a comment once something has been listed.
func (s *Server) DeleteCommentAfterListing(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vanishing = append(s.vanishing, func() { delete(s.comments, id) })
}

// DeleteIssueAfterListing deletes an issue once something has been listed.
func (s *Server) DeleteIssueAfterListing(number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vanishing = append(s.vanishing, func() { delete(s.issues, number) })
}

// Comments are all comments, the oldest first.
func (s *Server) Comments() []Comment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sorted(s.comments)
}

// Issues are all issues and pull requests, the oldest first.
func (s *Server) Issues() []Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sorted(s.issues)
}

const secondary = `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",` +
	`"documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`

// SecondaryLimit is the 403 for writing much in a short time; below zero it
// does not say when to come back.
func SecondaryLimit(seconds int) faulty.Fault {
	if seconds < 0 {
		return faulty.Status(403, secondary)
	}
	return faulty.Status(403, secondary, "Retry-After", strconv.Itoa(seconds))
}

// PrimaryLimit is the 403 for a token whose requests are used up until reset.
func PrimaryLimit(reset time.Time) faulty.Fault {
	return faulty.Status(403, `{"message":"API rate limit exceeded for installation ID 1."}`,
		"X-RateLimit-Limit", "1000", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
}
