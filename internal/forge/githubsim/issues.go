package githubsim

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

type issueBody struct {
	ID          int64     `json:"id"`
	Number      int       `json:"number"`
	Title       string    `json:"title"`
	Body        string    `json:"body"`
	State       string    `json:"state"`
	User        account   `json:"user"`
	HTMLURL     string    `json:"html_url"`
	PullRequest *struct{} `json:"pull_request,omitempty"`
}

type commentBody struct {
	ID      int64   `json:"id"`
	Body    string  `json:"body"`
	User    account `json:"user"`
	HTMLURL string  `json:"html_url"`
}

func (s *Server) issueBody(i Issue) issueBody {
	b := issueBody{
		ID: int64(i.Number), Number: i.Number, Title: i.Title, Body: i.Body, State: i.State, User: account{i.Author},
		HTMLURL: fmt.Sprintf("https://github.com/%s/issues/%d", s.repo, i.Number),
	}
	if i.Pull {
		b.PullRequest = &struct{}{}
	}
	return b
}

func (s *Server) commentBody(c Comment) commentBody {
	return commentBody{
		ID: c.ID, Body: c.Body, User: account{c.Author},
		HTMLURL: fmt.Sprintf("https://github.com/%s/pull/%d#issuecomment-%d", s.repo, c.Number, c.ID),
	}
}

// listIssues knows the filters state and creator. The newest comes first
// unless asked otherwise, pull requests among them.
func (s *Server) listIssues(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	state := query.Get("state")
	if state == "" {
		state = "open"
	}
	listed := []issueBody{}
	for _, i := range sorted(s.issues) {
		if (state == "all" || state == i.State) && (query.Get("creator") == "" || query.Get("creator") == i.Author) {
			listed = append(listed, s.issueBody(i))
		}
	}
	if query.Get("direction") != "asc" {
		slices.Reverse(listed)
	}
	page(w, r, listed)
	s.vanish()
}

type pullBody struct {
	Number      int     `json:"number"`
	MergedAt    *string `json:"merged_at"`
	MergeCommit string  `json:"merge_commit_sha"`
}

// listPulls lists the pull requests that have made a commit, or would.
func (s *Server) listPulls(w http.ResponseWriter, r *http.Request) {
	listed := []pullBody{}
	for _, i := range sorted(s.issues) {
		if !i.Pull || i.Merge != r.PathValue("sha") {
			continue
		}
		p := pullBody{Number: i.Number, MergeCommit: i.Merge}
		if i.Merged {
			at := "2026-01-31T12:00:00Z"
			p.MergedAt = &at
		}
		listed = append(listed, p)
	}
	page(w, r, listed)
}

func (s *Server) createIssue(w http.ResponseWriter, r *http.Request) {
	var in struct{ Title, Body string }
	if !decode(w, r, &in) || !acceptable(w, "Issue", in.Body) {
		return
	}
	h, _ := s.holder(r)
	number := s.addIssue(Issue{Author: h.Login, Title: in.Title, Body: in.Body})
	reply(w, http.StatusCreated, s.issueBody(*s.issues[number]))
}

func (s *Server) editIssue(w http.ResponseWriter, r *http.Request) {
	number, _ := strconv.Atoi(r.PathValue("number"))
	issue := s.issues[number]
	if issue == nil {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	var in struct {
		Title  *string `json:"title"`
		Body   *string `json:"body"`
		State  *string `json:"state"`
		Reason *string `json:"state_reason"`
	}
	if !decode(w, r, &in) {
		return
	}
	if in.Body != nil && !acceptable(w, "Issue", *in.Body) {
		return
	}
	for field, value := range map[*string]*string{&issue.Title: in.Title, &issue.Body: in.Body, &issue.State: in.State, &issue.Reason: in.Reason} {
		if value != nil {
			*field = *value
		}
	}
	reply(w, http.StatusOK, s.issueBody(*issue))
}

func (s *Server) listComments(w http.ResponseWriter, r *http.Request) {
	number, _ := strconv.Atoi(r.PathValue("number"))
	if s.issues[number] == nil {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	listed := []commentBody{}
	for _, c := range sorted(s.comments) {
		if c.Number == number {
			listed = append(listed, s.commentBody(c))
		}
	}
	page(w, r, listed)
	s.vanish()
}

func (s *Server) createComment(w http.ResponseWriter, r *http.Request) {
	number, _ := strconv.Atoi(r.PathValue("number"))
	if s.issues[number] == nil {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	var in struct{ Body string }
	if !decode(w, r, &in) || !acceptable(w, "IssueComment", in.Body) {
		return
	}
	h, _ := s.holder(r)
	id := s.addComment(Comment{Number: number, Author: h.Login, Body: in.Body})
	reply(w, http.StatusCreated, s.commentBody(*s.comments[id]))
}

func (s *Server) editComment(w http.ResponseWriter, r *http.Request) {
	c := s.comment(w, r)
	var in struct{ Body string }
	if c == nil || !decode(w, r, &in) || !acceptable(w, "IssueComment", in.Body) {
		return
	}
	c.Body = in.Body
	reply(w, http.StatusOK, s.commentBody(*c))
}

func (s *Server) deleteComment(w http.ResponseWriter, r *http.Request) {
	if c := s.comment(w, r); c != nil {
		delete(s.comments, c.ID)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *Server) comment(w http.ResponseWriter, r *http.Request) *Comment {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	c := s.comments[id]
	if c == nil {
		refuse(w, http.StatusNotFound, "Not Found")
	}
	return c
}

// vanish carries out what is to happen after a listing.
func (s *Server) vanish() {
	for _, remove := range s.vanishing {
		remove()
	}
	s.vanishing = nil
}

func (s *Server) addIssue(i Issue) (number int) {
	s.lastNumber++
	i.Number, i.State = s.lastNumber, "open"
	s.issues[i.Number] = &i
	return i.Number
}

func (s *Server) addComment(c Comment) (id int64) {
	s.lastID++
	c.ID = s.lastID
	s.comments[c.ID] = &c
	return c.ID
}
