// Package harborsim is a Harbor in memory: a strict, stateful HTTP server that
// answers like Harbor 2.13.5 (or 2.15.2), held to exchanges recorded from the
// real servers by a replay test. It is for tests and the demo, and can be told
// to fail, to be slow, and to change or lose objects behind a client's back.
package harborsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

const base = "/api/v2.0"

// Server is one simulated Harbor. The zero value is not usable: call New.
type Server struct {
	*faulty.Handler // counts requests, and lets them fail and be slow on demand

	version     string // as /systeminfo shows it
	externalURL string
	mux         *http.ServeMux
	methods     map[string][]string // by pattern without method, for 405

	mu              sync.Mutex
	seq             map[string]int64 // last id given, by kind
	users           map[int64]*user
	projects        map[int64]*project
	quotas          map[int64]*quota
	registry        map[int64]*registry
	policies        map[int64]*policy
	labels          map[int64]*label
	members         map[int64]*member
	retention       map[int64]*retention
	rules           map[int64]*immutableRule
	groups          map[int64]*group
	config          map[string]any
	systemAllowlist allowlist
	endpoints       endpoints
	later           []func() // what the real server does in the background: done after the next request

	inFlight map[string]int
}

// Option changes how New builds a Server.
type Option func(*Server)

// Version215 makes the server answer like Harbor 2.15.2.
func Version215() Option {
	return func(s *Server) { s.version = "v2.15.2-7a1b7b8d" }
}

// ExternalURL is the address that Harbor names as its own.
func ExternalURL(u string) Option {
	return func(s *Server) { s.externalURL = u }
}

// AdminPassword replaces Harbor12345 as the password of the user admin.
func AdminPassword(password string) Option {
	return func(s *Server) { s.users[1].password = password }
}

// New returns a freshly installed Harbor: the user admin with the password
// Harbor12345, and the public project library.
func New(opts ...Option) *Server {
	s := &Server{
		version:         "v2.13.5-ffae54219c",
		externalURL:     "http://127.0.0.1:18080",
		mux:             http.NewServeMux(),
		methods:         map[string][]string{},
		seq:             map[string]int64{"user": 2},
		users:           map[int64]*user{},
		projects:        map[int64]*project{},
		quotas:          map[int64]*quota{},
		registry:        map[int64]*registry{},
		policies:        map[int64]*policy{},
		labels:          map[int64]*label{},
		members:         map[int64]*member{},
		retention:       map[int64]*retention{},
		rules:           map[int64]*immutableRule{},
		groups:          map[int64]*group{},
		config:          defaultConfiguration(),
		systemAllowlist: allowlist{Items: []cve{}},
		inFlight:        map[string]int{},
	}
	s.users[1] = &user{
		ID: 1, Name: "admin", Realname: "system admin", Comment: "admin user", password: "Harbor12345", Admin: true,
		Created: now(), Updated: now(),
	}
	s.addProject(s.users[1], "library", map[string]string{"public": "true"}, unlimited, 0)
	for _, opt := range opts {
		opt(s)
	}
	s.Handler = faulty.New(http.HandlerFunc(s.serve))
	s.routeSystem()
	s.routeProjects()
	s.routeQuotas()
	s.routeRegistries()
	s.routeReplication()
	s.routeUsers()
	s.routeLabels()
	s.routeMembers()
	s.routeRetention()
	s.routeImmutable()
	s.routeGroups()
	return s
}

// v215 tells whether the server is to answer like 2.15.
func (s *Server) v215() bool { return strings.HasPrefix(s.version, "v2.15") }

// next gives the next id of a kind. A refused insert uses one up as well, as
// in the database sequences of the real server.
func (s *Server) next(kind string) int64 {
	s.seq[kind]++
	return s.seq[kind]
}

// call is one request with the user it came from; user is nil for an
// anonymous caller, and so is one with wrong credentials.
type call struct {
	*http.Request
	user *user
	body []byte
}

func (c *call) admin() bool { return c.user != nil && c.user.Admin }

// id reads a numeric path parameter.
func (c *call) id(name string) (int64, *answer) {
	n, err := strconv.ParseInt(c.PathValue(name), 10, 64)
	if err != nil {
		return 0, unprocessable(fmt.Sprintf("%s in path must be of type int64: %q", name, c.PathValue(name)))
	}
	return n, nil
}

// decode reads the body; param and model are the names Harbor's generated
// server gives to the parameter and its type in its messages.
func (c *call) decode(param, model string, into any) *answer {
	err := json.Unmarshal(c.body, into)
	if err == nil {
		return nil
	}
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		wrongType.Struct = model
	}
	text := err.Error()
	if strings.Contains(text, "unexpected end of JSON input") {
		text = io.ErrUnexpectedEOF.Error() // Harbor reads a stream
	}
	return unprocessable(fmt.Sprintf("parsing %s body from \"\" failed, because %s", param, text))
}

// answer is what a handler gives back.
type answer struct {
	status int
	header http.Header
	body   any // nil for an empty body
}

type (
	errorBody struct {
		Errors []errorItem `json:"errors"`
	}
	errorItem struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
)

var codes = map[int]string{
	400: "BAD_REQUEST", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED",
	409: "CONFLICT", 412: "PRECONDITION", 422: "UNPROCESSABLE_ENTITY", 500: "UNKNOWN",
}

func refuse(status int, format string, args ...any) *answer {
	message := fmt.Sprintf(format, args...)
	return &answer{status: status, body: errorBody{[]errorItem{{codes[status], message}}}}
}

func unprocessable(message string) *answer {
	return refuse(422, "%s", "validation failure list:\n"+message)
}

// internalError is Harbor's answer to what it did not foresee: the cause is only in its log.
func internalError() *answer { return refuse(500, "internal server error") }

func ok(body any) *answer { return &answer{status: 200, body: body} }

func done() *answer { return &answer{status: 200} }

func created(format string, args ...any) *answer {
	return &answer{status: 201, header: http.Header{"Location": {base + fmt.Sprintf(format, args...)}}}
}

// access is what a route asks of its caller before its handler runs.
type access int

const (
	anyone   access = iota // the handler decides
	loggedIn               // any user
	sysadmin               // 403 with the caller's name for others, as Harbor words it
)

// handle registers a handler under a pattern such as "GET /projects/{project}".
func (s *Server) handle(pattern string, need access, h func(*call) *answer) {
	method, path, _ := strings.Cut(pattern, " ")
	s.methods[base+path] = append(s.methods[base+path], method)
	s.mux.Handle(method+" "+base+path, handler{need, h})
}

type handler struct {
	need access
	run  func(*call) *answer
}

// ServeHTTP of a handler is never used: Server looks handlers up and runs them.
func (handler) ServeHTTP(http.ResponseWriter, *http.Request) {}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer s.enter(r)()
	s.Handler.ServeHTTP(w, r)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	ans := s.answer(r)
	if r.Header.Get("Authorization") != "" {
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "0123456789abcdef", Path: "/", HttpOnly: true})
	}
	ans.write(w, r)
}

func (a *answer) write(w http.ResponseWriter, r *http.Request) {
	for k, v := range a.header {
		w.Header()[k] = v
	}
	text, isText := a.body.(string)
	switch {
	case isText:
		w.Header().Set("Content-Type", "text/plain")
	case w.Header().Get("Content-Type") != "":
	case a.body != nil && a.status >= 400:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	case a.body != nil:
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(a.status)
	if a.body == nil || r.Method == http.MethodHead {
		return
	}
	if isText {
		_, _ = io.WriteString(w, text)
		return
	}
	_ = json.NewEncoder(w).Encode(a.body) // our own types; the client may be gone
}

// answer finds the route, checks the caller and runs the handler, one request at a time.
func (s *Server) answer(r *http.Request) *answer {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return refuse(400, "%s", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	pending := s.later
	s.later = nil
	defer func() {
		for _, f := range pending {
			f()
		}
	}()

	// Harbor protects the browser session against forged requests: a write with
	// its session cookie and without a token is refused, basic auth or not.
	if _, err := r.Cookie("sid"); err == nil && isWrite(r) {
		return refuse(403, "CSRF token not found in request")
	}
	if s.config["read_only"] == true && isWrite(r) && r.URL.Path != base+"/configurations" {
		return &answer{status: 403, body: errorBody{[]errorItem{{"DENIED", readOnlyText}}}}
	}
	found, pattern := s.mux.Handler(r)
	h, isOurs := found.(handler)
	if pattern == "" || !isOurs {
		return s.noRoute(r)
	}
	s.mux.ServeHTTP(discard{}, r) // fills in the path values
	c := &call{Request: r, user: s.authenticate(r), body: body}
	if h.need != anyone && c.user == nil {
		return refuse(401, "unauthorized")
	}
	if h.need == sysadmin && !c.user.Admin {
		return refuse(403, "%s", c.user.Name)
	}
	return h.run(c)
}

const readOnlyText = "The system is in read only mode. Any modification is prohibited."

func isWrite(r *http.Request) bool { return r.Method != http.MethodGet && r.Method != http.MethodHead }

// noRoute is the answer to an unknown path, or to a known one with another method.
func (s *Server) noRoute(r *http.Request) *answer {
	for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH"} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := s.mux.Handler(probe); pattern != "" {
			_, path, _ := strings.Cut(pattern, " ")
			allowed := s.methods[path]
			return refuse(405, "method %s is not allowed, but [%s] are", r.Method, strings.Join(allowed, ","))
		}
	}
	return refuse(404, "path %s was not found", r.URL.Path)
}

// discard is a ResponseWriter for nobody.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

func (s *Server) authenticate(r *http.Request) *user {
	name, password, given := r.BasicAuth()
	if !given {
		return nil
	}
	if u := s.userNamed(name); u != nil && u.password == password {
		return u
	}
	return nil
}

// enter notes that a request is under way; the result is to be called when it
// has been answered.
func (s *Server) enter(r *http.Request) func() {
	key := r.Method + " " + r.URL.Path
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight[key]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.inFlight[key]--
	}
}

// contended tells whether the same write to the same object is under way a
// second time: Harbor then refuses all but one.
func (s *Server) contended(r *http.Request) bool {
	return s.inFlight[r.Method+" "+r.URL.Path] > 1
}

// stamp is a time as Harbor writes it: UTC with milliseconds.
type stamp time.Time

func now() stamp { return stamp(time.Now()) }

// MarshalJSON implements json.Marshaler.
func (t stamp) MarshalJSON() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}

// query reads a query parameter that may be given once.
func query(values url.Values, name string) (string, bool) {
	v, given := values[name]
	if !given || len(v) == 0 {
		return "", false
	}
	return v[0], true
}
