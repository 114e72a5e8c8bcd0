// Package kongsim is a Kong Gateway OSS 3.9 in memory: the Admin API, strict and stateful, for tests and the demo.
//
// It refuses what the gateway refuses with the same status and body; recorded exchanges with a real gateway in testdata
// keep it honest. Requests are counted, faults come on demand, and entities can change behind the client's back.
package kongsim

import (
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	googleuuid "github.com/google/uuid"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

// The router flavours of a gateway.
const (
	TraditionalCompatible = "traditional_compatible"
	Traditional           = "traditional"
	Expressions           = "expressions"
)

// Sim is a simulated gateway: an http.Handler that serves the Admin API, counts requests and fails on demand.
type Sim struct {
	*faulty.Handler

	mu       sync.Mutex
	flavor   string
	dbless   bool
	admit    func(*http.Request) bool
	entities []*entity
	data     map[string]map[string]object
	nodeID   string

	// What is never the same twice; the replay test puts what was recorded in place of it.
	newID     func() string
	newSecret func() string
	newSalt   func() []byte
	now       func() time.Time
}

// Option changes what is simulated.
type Option func(*Sim)

// Flavor sets router_flavor; without it a gateway is TraditionalCompatible.
func Flavor(flavor string) Option { return func(s *Sim) { s.flavor = flavor } }

// DBLess makes the gateway one without a database, which refuses writes.
func DBLess() Option { return func(s *Sim) { s.dbless = true } }

// Header makes every request need a header with this value, as behind a loop-back route with key-auth.
func Header(name, value string) Option {
	return func(s *Sim) {
		s.admit = func(r *http.Request) bool { return same(r.Header.Get(name), value) }
	}
}

// BasicAuth makes every request need this user and password.
func BasicAuth(user, password string) Option {
	return func(s *Sim) {
		s.admit = func(r *http.Request) bool {
			u, p, _ := r.BasicAuth()
			return same(u, user) && same(p, password)
		}
	}
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// New answers a gateway with nothing configured.
func New(opts ...Option) *Sim {
	s := &Sim{
		flavor:    TraditionalCompatible,
		data:      map[string]map[string]object{},
		nodeID:    googleuuid.NewString(),
		newID:     googleuuid.NewString,
		newSecret: func() string { return strings.ReplaceAll(googleuuid.NewString(), "-", "") },
		newSalt:   func() []byte { id := googleuuid.New(); return id[:] },
		now:       time.Now,
	}
	for _, o := range opts {
		o(s)
	}
	s.entities = entities(s.flavor)
	s.Handler = faulty.New(http.HandlerFunc(s.serve))
	return s
}

// Start serves the gateway on a free port of the loopback until the test ends, and answers its URL.
func (s *Sim) Start(t interface {
	Cleanup(func())
	Fatalf(format string, args ...any)
}) string {
	var listen net.ListenConfig
	l, err := listen.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("kongsim: %v", err)
	}
	srv := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return "http://" + l.Addr().String()
}

func (s *Sim) serve(w http.ResponseWriter, r *http.Request) {
	if s.admit != nil && !s.admit(r) {
		write(w, r, message(http.StatusUnauthorized, "Unauthorized"))
		return
	}
	write(w, r, s.oneByOne(r))
}

// oneByOne answers one request at a time. A panic lets the next one in.
func (s *Sim) oneByOne(r *http.Request) *reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answer(r)
}

func write(w http.ResponseWriter, r *http.Request, rep *reply) {
	h := w.Header()
	h.Set("Server", "kong/3.9.3")
	if r.Method != http.MethodTrace {
		h.Set("Access-Control-Allow-Origin", "*")
	}
	if rep.status != http.StatusNoContent {
		h.Set("Content-Type", "application/json; charset=utf-8")
	}
	for k, v := range rep.header {
		h.Set(k, v)
	}
	var body []byte
	if page, isPage := rep.body.(string); isPage {
		body = []byte(page)
	} else if rep.body != nil {
		body = encode(rep.body)
	}
	if rep.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(rep.status)
	_, _ = w.Write(body)
}

func (s *Sim) entity(name string) *entity {
	i := slices.IndexFunc(s.entities, func(e *entity) bool { return e.name == name })
	if i < 0 {
		panic("kongsim: no entity " + name)
	}
	return s.entities[i]
}

func (s *Sim) byPath(path string) *entity {
	if i := slices.IndexFunc(s.entities, func(e *entity) bool { return e.path == path }); i >= 0 {
		return s.entities[i]
	}
	return nil
}

// Entities answers everything stored of an entity ("services"), in order of id.
func (s *Sim) Entities(entity string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entity(entity)
	out := s.rows(e)
	for i := range out {
		out[i] = s.shown(e, out[i])
	}
	return out
}

// View answers one entity by id or name, nil when there is none.
func (s *Sim) View(entity, idOrName string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entity(entity)
	row, _ := s.lookup(e, nil, idOrName)
	if row == nil {
		return nil
	}
	return s.shown(e, row)
}

// Left lists what there is of all entities, for checks that nothing is left over.
func (s *Sim) Left() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, e := range s.entities {
		for _, row := range s.rows(e) {
			out = append(out, e.name+" "+cmp.Or(asString(row[e.key]), asString(row["id"])))
		}
	}
	return out
}

// Forget deletes an entity by id or name behind the client's back, and what goes with it. It answers whether there was
// one that could be deleted.
func (s *Sim) Forget(entity, idOrName string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entity(entity)
	row, _ := s.lookup(e, nil, idOrName)
	return row != nil && s.remove(e, row) == nil
}

// Edit changes fields of an entity behind the client's back. They are not checked.
func (s *Sim) Edit(entity, idOrName string, fields map[string]any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entity(entity)
	row, _ := s.lookup(e, nil, idOrName)
	if row == nil {
		return fmt.Errorf("kong has none of %s named %q", entity, idOrName)
	}
	s.data[e.name][asString(row["id"])] = merge(e.fields, row, plain(fields))
	return nil
}

// Add stores an entity as a POST of these fields would and answers its id; it panics when the gateway would refuse it.
func (s *Sim) Add(entity string, fields map[string]any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entity(entity)
	rep := s.collection(e, nil, query{method: http.MethodPost, body: plain(fields)})
	if rep.status != http.StatusCreated {
		panic("kongsim: " + string(encode(rep.body)))
	}
	return asString(asObject(rep.body)["id"])
}

// plain turns Go values into the ones JSON has.
func plain(v object) object {
	out := object{}
	if err := json.Unmarshal(encode(v), &out); err != nil {
		panic(err)
	}
	return out
}
