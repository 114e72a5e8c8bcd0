// Package githubsim is as much of GitHub in memory as comments and issues need:
// a strict, stateful HTTP server that answers like GitHub's REST API, pages its
// listings, and knows tokens that may not do everything. It is for tests, and
// can be told to fail and to change things behind a client's back.
package githubsim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

// Actions is who posts with the token of a workflow.
const Actions = "github-actions[bot]"

// longest is the most characters of a body.
const longest = 65536

// Server is one simulated GitHub with one repository. The zero value is not
// usable: call New.
type Server struct {
	*faulty.Handler // counts requests, and lets them fail and be slow on demand

	base string // of every path: "" or "/api/v3"
	repo string // owner/name
	mux  *http.ServeMux

	mu         sync.Mutex
	tokens     map[string]Holder
	lastID     int64
	lastNumber int
	issues     map[int]*Issue
	comments   map[int64]*Comment
	vanishing  []func()
}

// Holder is who a token belongs to and what it may do.
type Holder struct {
	Login    string
	App      bool // a workflow's or an app's: may not ask for its user
	ReadOnly bool
}

// Issue is an issue or, with Pull, a pull request.
type Issue struct {
	Number int
	Author string
	Title  string
	Body   string
	State  string
	Reason string // why it was closed
	Pull   bool
	Merge  string // the commit that merging makes; GitHub tries it out before
	Merged bool
}

// Comment is a comment on an issue or a pull request.
type Comment struct {
	ID     int64
	Number int // of the issue
	Author string
	Body   string
}

// Option changes how New builds a Server.
type Option func(*Server)

// Enterprise makes the server answer below /api/v3, as an Enterprise Server does.
func Enterprise() Option { return func(s *Server) { s.base = "/api/v3" } }

// New returns a GitHub with one empty repository ("acme/platform").
func New(repository string, opts ...Option) *Server {
	s := &Server{
		repo: repository, mux: http.NewServeMux(),
		tokens: map[string]Holder{}, issues: map[int]*Issue{}, comments: map[int64]*Comment{}, lastID: 1000,
	}
	for _, opt := range opts {
		opt(s)
	}
	s.Handler = faulty.New(http.HandlerFunc(s.serve))
	s.mux.HandleFunc("GET "+s.base+"/user", s.user)
	s.mux.HandleFunc("POST "+strings.TrimSuffix(s.base, "/v3")+"/graphql", s.graphQL)
	repo := s.base + "/repos/" + repository
	s.mux.HandleFunc("GET "+repo+"/issues", s.listIssues)
	s.mux.HandleFunc("POST "+repo+"/issues", s.write(s.createIssue))
	s.mux.HandleFunc("PATCH "+repo+"/issues/{number}", s.write(s.editIssue))
	s.mux.HandleFunc("GET "+repo+"/commits/{sha}/pulls", s.listPulls)
	s.mux.HandleFunc("GET "+repo+"/issues/{number}/comments", s.listComments)
	s.mux.HandleFunc("POST "+repo+"/issues/{number}/comments", s.write(s.createComment))
	s.mux.HandleFunc("PATCH "+repo+"/issues/comments/{id}", s.write(s.editComment))
	s.mux.HandleFunc("DELETE "+repo+"/issues/comments/{id}", s.write(s.deleteComment))
	return s
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.holder(r); !ok {
		refuse(w, http.StatusUnauthorized, "Bad credentials")
		return
	}
	if _, pattern := s.mux.Handler(r); pattern == "" {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	s.mux.ServeHTTP(w, r)
}

func (s *Server) holder(r *http.Request) (Holder, bool) {
	h, ok := s.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	return h, ok
}

// write guards what a read-only token may not do.
func (s *Server) write(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if h, _ := s.holder(r); h.ReadOnly {
			refuse(w, http.StatusForbidden, "Resource not accessible by integration")
			return
		}
		next(w, r)
	}
}

func (s *Server) user(w http.ResponseWriter, r *http.Request) {
	h, _ := s.holder(r)
	if h.App {
		refuse(w, http.StatusForbidden, "Resource not accessible by integration")
		return
	}
	reply(w, http.StatusOK, account{h.Login})
}

func (s *Server) graphQL(w http.ResponseWriter, r *http.Request) {
	var in struct{ Query string }
	if !decode(w, r, &in) {
		return
	}
	if strings.Join(strings.Fields(in.Query), "") != "{viewer{login}}" {
		refuse(w, http.StatusBadRequest, "only the viewer's login is simulated")
		return
	}
	h, _ := s.holder(r)
	reply(w, http.StatusOK, map[string]any{"data": map[string]any{"viewer": account{h.Login}}})
}

type account struct {
	Login string `json:"login"`
}

// page replies with the page of all that a listing asks for, and links to the others.
func page[T any](w http.ResponseWriter, r *http.Request, all []T) {
	size, number := 30, 1
	if n, err := strconv.Atoi(r.URL.Query().Get("per_page")); err == nil && n > 0 {
		size = min(n, 100)
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("page")); err == nil && n > 0 {
		number = n
	}
	last := max((len(all)+size-1)/size, 1)
	link := func(to int, rel string) string {
		query := r.URL.Query()
		query.Set("page", strconv.Itoa(to))
		return fmt.Sprintf(`<http://%s%s?%s>; rel="%s"`, r.Host, r.URL.Path, query.Encode(), rel)
	}
	var links []string
	if number > 1 {
		links = append(links, link(number-1, "prev"), link(1, "first"))
	}
	if number < last {
		links = append(links, link(number+1, "next"), link(last, "last"))
	}
	if len(links) > 0 {
		w.Header().Set("Link", strings.Join(links, ", "))
	}
	from := min((number-1)*size, len(all))
	reply(w, http.StatusOK, all[from:min(from+size, len(all))])
}

func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "Problems parsing JSON")
	}
	return err == nil
}

// acceptable checks a body as GitHub does.
func acceptable(w http.ResponseWriter, resource, body string) bool {
	var problem string
	switch {
	case body == "":
		problem = "Body can't be blank"
	case utf8.RuneCountInString(body) > longest:
		problem = fmt.Sprintf("Body is too long (maximum is %d characters)", longest)
	default:
		return true
	}
	reply(w, http.StatusUnprocessableEntity, map[string]any{
		"message": "Validation Failed", "status": "422",
		"errors": []map[string]string{{"resource": resource, "code": "unprocessable", "field": "data", "message": problem}},
	})
	return false
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // our own types; the client may be gone
}

func refuse(w http.ResponseWriter, status int, message string) {
	reply(w, status, map[string]string{"message": message, "status": strconv.Itoa(status)})
}

// sorted are the values of m in the order of their keys.
func sorted[K cmp.Ordered, V any](m map[K]*V) []V {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	values := make([]V, len(keys))
	for i, k := range keys {
		values[i] = *m[k]
	}
	return values
}
