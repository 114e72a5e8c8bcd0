// Package guacsim is an Apache Guacamole in memory: a strict, stateful HTTP
// server that answers like the REST API of Guacamole 1.6.0 (or 1.5.5) over a
// database, its traps included. It is for tests and the demo, and can be told
// to fail, to be slow, and to change or lose objects behind a client's back.
//
// It has connections, connection groups, sharing profiles, sessions and the
// schema calls; users, groups and permissions only as far as logging in needs
// them.
package guacsim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

// Server is one simulated Guacamole. The zero value is not usable: call New.
type Server struct {
	*faulty.Handler // counts requests, and lets them fail and be slow on demand

	old       bool // answers like 1.5.5
	databases []string
	totp      string
	mux       *http.ServeMux

	mu          sync.Mutex
	accounts    map[string]account
	sessions    map[string]string // token to user name
	issued      int
	lastID      int
	connections map[int]*Connection
	groups      map[int]*Group
	profiles    map[int]*Profile
}

type account struct {
	password string
	admin    bool
}

// Option changes how New builds a Server.
type Option func(*Server)

// Version155 makes the server answer like Guacamole 1.5.5.
func Version155() Option { return func(s *Server) { s.old = true } }

// TOTP makes the server ask for a one-time password: the field guac-totp.
func TOTP(code string) Option { return func(s *Server) { s.totp = code } }

// DataSources replaces postgresql as the back ends that the token answer
// lists; those named like databases hold the objects.
func DataSources(names ...string) Option { return func(s *Server) { s.databases = names } }

// Password replaces guacadmin as the password of the account guacadmin.
func Password(password string) Option {
	return func(s *Server) { s.accounts["guacadmin"] = account{password, true} }
}

// Operator adds an account without any rights.
func Operator(name, password string) Option {
	return func(s *Server) { s.accounts[name] = account{password, false} }
}

// New returns a freshly installed Guacamole: the administrator guacadmin with
// the password guacadmin, and nothing to connect to.
func New(opts ...Option) *Server {
	s := &Server{
		databases:   []string{"postgresql", "postgresql-shared"},
		mux:         http.NewServeMux(),
		accounts:    map[string]account{"guacadmin": {"guacadmin", true}},
		sessions:    map[string]string{},
		connections: map[int]*Connection{},
		groups:      map[int]*Group{},
		profiles:    map[int]*Profile{},
	}
	for _, opt := range opts {
		opt(s)
	}
	s.routeSession()
	s.routeSet("connections", connectionSet{s})
	s.routeSet("connectionGroups", groupSet{s})
	s.routeSet("sharingProfiles", profileSet{s})
	s.routeReads()
	s.routeSchema()
	s.Handler = faulty.New(http.HandlerFunc(s.serve))
	return s
}

// nextID gives the next identifier of any kind.
func (s *Server) nextID() int {
	s.lastID++
	return s.lastID
}

// call is one request with the session it came in.
type call struct {
	*http.Request
	token string
	user  string
	admin bool
	body  []byte
}

// decode reads a JSON body. A missing one is a bad request; unknown properties
// are ignored.
func (c *call) decode(into any) *answer {
	if len(c.body) == 0 || string(c.body) == "null" {
		return refuse(400, badRequest, "Missing request body.")
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		return refuse(400, badRequest, "%s", err)
	}
	return nil
}

// answer is what a handler gives back.
type answer struct {
	status int
	body   any // nil for an empty body
}

// The types of errors.
const (
	badRequest       = "BAD_REQUEST"
	internalType     = "INTERNAL_ERROR"
	notFoundType     = "NOT_FOUND"
	permissionDenied = "PERMISSION_DENIED"
)

type errorBody struct {
	Message      string       `json:"message"`
	Translatable translatable `json:"translatableMessage"`
	StatusCode   *int         `json:"statusCode"`
	Expected     []field      `json:"expected"`
	Type         string       `json:"type"`
	Patches      any          `json:"patches"`
}

type translatable struct {
	Key       string            `json:"key"`
	Variables map[string]string `json:"variables"`
}

func refuse(status int, kind, format string, args ...any) *answer {
	message := fmt.Sprintf(format, args...)
	return &answer{status, &errorBody{
		Message: message, Type: kind,
		Translatable: translatable{"APP.TEXT_UNTRANSLATED", map[string]string{"MESSAGE": message}},
	}}
}

// unexpected is Guacamole's answer to all that it did not foresee: the cause is only in its log.
func unexpected() *answer { return refuse(500, internalType, "Unexpected internal error") }

func missing(id string) *answer { return refuse(404, notFoundType, "Not found: %q", id) }

// denied is the refusal for lack of rights; noSession, with another capital
// letter, is the one for a token that is not known (any more).
func denied() *answer    { return refuse(403, permissionDenied, "Permission denied.") }
func noSession() *answer { return refuse(403, permissionDenied, "Permission Denied.") }

func ok(body any) *answer { return &answer{200, body} }

func done() *answer { return &answer{204, nil} }

// handle registers a handler that runs without a session.
func (s *Server) handle(pattern string, run func(*call) *answer) {
	s.mux.Handle(pattern, handler(run))
}

// handleData registers a handler below a data source, for users that are logged in.
func (s *Server) handleData(method, path string, run func(*call) *answer) {
	s.handle(method+" /session/data/{source}"+path, func(c *call) *answer {
		if !s.login(c) {
			return noSession()
		}
		if !s.offers(c.PathValue("source")) {
			return missing(c.PathValue("source"))
		}
		if method != http.MethodGet && !c.admin {
			return denied()
		}
		return run(c)
	})
}

func (s *Server) offers(source string) bool { return slices.Contains(s.databases, source) }

type handler func(*call) *answer

// ServeHTTP of a handler is never used: Server looks handlers up and runs them.
func (handler) ServeHTTP(http.ResponseWriter, *http.Request) {}

// serve answers a request. The API is found below /api and /guacamole/api.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	escaped := strings.TrimPrefix(r.URL.EscapedPath(), "/guacamole")
	path, isAPI := strings.CutPrefix(escaped, "/api")
	if !isAPI {
		notServed(w)
		return
	}
	inner := r.Clone(r.Context())
	inner.URL.RawPath = path
	inner.URL.Path = strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/guacamole"), "/api")
	ans := s.answer(inner)
	if ans == nil {
		notServed(w)
		return
	}
	s.write(w, inner, ans)
}

// answer finds the route and runs its handler, one request at a time; nil is
// an unknown address.
func (s *Server) answer(r *http.Request) *answer {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return refuse(400, badRequest, "%s", err)
	}
	if len(body) > 2<<20 { // api-max-request-size
		return refuse(413, badRequest, "Request too large.")
	}
	found, pattern := s.mux.Handler(r)
	h, isOurs := found.(handler)
	if pattern == "" || !isOurs {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mux.ServeHTTP(discard{}, r) // fills in the path values
	return h(&call{Request: r, body: body})
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, a *answer) {
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	text, _ := json.Marshal(a.body)
	if e, isError := a.body.(*errorBody); isError && s.old {
		text, _ = json.Marshal(struct {
			*errorBody
			Patches any `json:"patches,omitempty"` // unknown to 1.5.5
		}{errorBody: e})
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(text)
	}
}

// notServed is the servlet container's own answer to an unknown address.
func notServed(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html;charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, "<!doctype html><html lang=\"en\"><head><title>HTTP Status 404 – Not Found</title></head><body><h1>HTTP Status 404 – Not Found</h1></body></html>")
}

// discard is a ResponseWriter for nobody.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
