// Package faulty wraps an HTTP server for tests: it counts requests, delays
// them, and lets them fail on demand, before the server has acted or after.
package faulty

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Handler is the wrapped server.
type Handler struct {
	next http.Handler

	mu       sync.Mutex
	latency  time.Duration
	armed    []*armed
	requests []Request
}

// Request is a request that came in.
type Request struct{ Method, Path, Query string }

// String is the request line: "GET /services?size=1000".
func (r Request) String() string {
	if r.Query == "" {
		return r.Method + " " + r.Path
	}
	return r.Method + " " + r.Path + "?" + r.Query
}

type armed struct {
	pattern string
	fault   Fault
	times   int
}

// New wraps next.
func New(next http.Handler) *Handler { return &Handler{next: next} }

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	latency, fault := h.admit(Request{r.Method, r.URL.Path, r.URL.RawQuery})
	time.Sleep(latency)
	if fault == nil {
		h.next.ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body) // also what makes the server notice that a client hangs up
	r.Body = io.NopCloser(bytes.NewReader(body))
	fault.serve(w, r, h.next)
}

// admit notes a request and finds what is to happen to it.
func (h *Handler) admit(r Request) (time.Duration, *Fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, r)
	for i, a := range h.armed {
		if !r.matches(a.pattern) {
			continue
		}
		if a.times--; a.times == 0 {
			h.armed = slices.Delete(h.armed, i, i+1)
		}
		return h.latency, &a.fault
	}
	return h.latency, nil
}

// matches understands "METHOD /path": METHOD may be * and the path have the
// wildcards of path.Match; a path that ends in /** matches all below it.
func (r Request) matches(pattern string) bool {
	method, glob, _ := strings.Cut(pattern, " ")
	if method != "*" && method != r.Method {
		return false
	}
	if below, ok := strings.CutSuffix(glob, "**"); ok {
		return strings.HasPrefix(r.Path, below)
	}
	ok, _ := path.Match(glob, r.Path)
	return ok
}

// Fail makes the next requests that match a pattern ("PUT /services/*", "* /**")
// meet a fault, so many times; below zero until Heal.
func (h *Handler) Fail(pattern string, f Fault, times int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.armed = append(h.armed, &armed{pattern, f, times})
}

// Heal ends all faults.
func (h *Handler) Heal() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.armed = nil
}

// Latency delays every request from now on.
func (h *Handler) Latency(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.latency = d
}

// Requests returns the requests so far that match a pattern.
func (h *Handler) Requests(pattern string) []Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	var matching []Request
	for _, r := range h.requests {
		if r.matches(pattern) {
			matching = append(matching, r)
		}
	}
	return matching
}

// Count is the number of requests so far that match a pattern.
func (h *Handler) Count(pattern string) int { return len(h.Requests(pattern)) }

// Reset forgets the requests so far.
func (h *Handler) Reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = nil
}

// Fault is something that goes wrong with a request.
type Fault struct {
	name  string
	acts  bool
	serve func(w http.ResponseWriter, r *http.Request, next http.Handler)
}

// String names the fault, for the names of tests.
func (f Fault) String() string { return f.name }

// Acts tells whether the server carries the request out all the same.
func (f Fault) Acts() bool { return f.acts }

// The faults. Truncated and WrongType spoil an answer that the server has
// given; the others come before it has acted, unless After says otherwise.
var (
	// Reset drops the connection.
	Reset = Fault{name: "reset", serve: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { drop(w) }}
	// Hang gives no answer until the client gives up.
	Hang = Fault{name: "hang", serve: func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() }}
	// BadGateway is a proxy's 502 with a page of HTML.
	BadGateway = Status(http.StatusBadGateway, "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>")
	// Unavailable is a proxy's 503.
	Unavailable = Status(http.StatusServiceUnavailable, "upstream connect error or disconnect/reset before headers")
	// Another is a success with an object that nobody has asked for.
	Another = Fault{name: "another object", serve: Status(http.StatusOK, "{}").serve}
	// Truncated is half of the JSON that was promised.
	Truncated = spoiled("truncated JSON", func(h http.Header, body []byte) []byte { return body[:len(body)/2] })
	// WrongType is a web page with the status of the right answer.
	WrongType = spoiled("wrong content type", func(h http.Header, _ []byte) []byte {
		h.Set("Content-Type", "text/html; charset=utf-8")
		return []byte("<html><body>Please sign in</body></html>")
	})
)

// Status answers with a status and a body; the body tells the content type.
func Status(status int, body string, header ...string) Fault {
	contentType := "text/plain; charset=utf-8"
	switch {
	case strings.HasPrefix(body, "{"):
		contentType = "application/json; charset=utf-8"
	case strings.HasPrefix(body, "<"):
		contentType = "text/html; charset=utf-8"
	}
	return Fault{name: strconv.Itoa(status), serve: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}}
}

// TooManyRequests is a 429 that asks to come back after so many seconds.
func TooManyRequests(seconds int) Fault {
	return Status(http.StatusTooManyRequests, `{"message":"too many requests"}`, "Retry-After", strconv.Itoa(seconds))
}

// After is the fault once the server has carried the request out: the answer
// is lost, not the act.
func (f Fault) After() Fault {
	return Fault{name: f.name + " after acting", acts: true, serve: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(httptest.NewRecorder(), r)
		f.serve(w, r, next)
	}}
}

func spoiled(name string, spoil func(http.Header, []byte) []byte) Fault {
	return Fault{name: name, acts: true, serve: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		h := w.Header()
		for name, values := range answer.Header() {
			h[name] = values
		}
		body := spoil(h, answer.Body.Bytes())
		h.Del("Content-Length")
		w.WriteHeader(answer.Code)
		_, _ = w.Write(body)
	}}
}

// drop closes the connection so that the client sees a reset.
func drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // RST, not FIN
	}
	_ = conn.Close()
}
