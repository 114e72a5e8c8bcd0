package guacsim

import (
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// Fault is something that goes wrong on demand; see Server.Fail. Those below
// strike once and before the server acts; Times and AfterActing change that.
type Fault struct {
	times  int
	acts   bool // the request is carried out before the fault strikes
	strike func(s *Server, w http.ResponseWriter, r *http.Request, a *answer) bool
}

// The faults.
var (
	Reset            = Fault{strike: reset}                        // the connection is reset
	Hang             = Fault{strike: hang}                         // no answer until the client gives up
	Truncated        = Fault{strike: truncated, acts: true}        // half of the JSON that was promised
	WrongContentType = Fault{strike: wrongContentType, acts: true} // a page of a proxy with status 200
	SessionEnded     = Fault{strike: sessionEnded}                 // all sessions are forgotten before the request
	InternalError    = Status(500, `{"message":"Unexpected internal error","type":"INTERNAL_ERROR"}`)
	BadGateway       = Status(502, "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>")
	Unavailable      = Status(503, "upstream connect error or disconnect/reset before headers")
)

// TooManyRequests answers 429 and asks to come back after the given seconds.
func TooManyRequests(seconds int) Fault {
	f := Status(429, `{"message":"Too many requests.","type":"BAD_REQUEST"}`)
	strike := f.strike
	f.strike = func(s *Server, w http.ResponseWriter, r *http.Request, a *answer) bool {
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		return strike(s, w, r, a)
	}
	return f
}

// Status answers with a status and a body of its own.
func Status(status int, body string) Fault {
	contentType := "text/plain; charset=utf-8"
	switch {
	case strings.HasPrefix(body, "{"):
		contentType = "application/json"
	case strings.HasPrefix(body, "<"):
		contentType = "text/html"
	}
	return Fault{strike: func(_ *Server, w http.ResponseWriter, _ *http.Request, _ *answer) bool {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}}
}

// Times makes the fault strike n times; below zero it never ends.
func (f Fault) Times(n int) Fault {
	f.times = n
	return f
}

// AfterActing makes the fault strike after the server did what it was asked to.
func (f Fault) AfterActing() Fault {
	f.acts = true
	return f
}

type armed struct {
	method, path string
	Fault
}

// Fail arms a fault for requests that match "METHOD /path". The path is what
// follows /api, or the data source where there is one: "POST /tokens",
// "PUT /connections/*" with the wildcards of path.Match. METHOD may be *.
func (s *Server) Fail(match string, f Fault) {
	method, p, _ := strings.Cut(match, " ")
	if f.times == 0 {
		f.times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &armed{method, p, f})
}

// Heal disarms every fault.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Server) fault(r *http.Request) *armed {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		matches, _ := path.Match(f.path, short(r.URL.Path))
		if f.times == 0 || !matches || f.method != "*" && f.method != r.Method {
			continue
		}
		if f.times > 0 {
			f.times--
		}
		return f
	}
	return nil
}

// Latency delays every request from now on.
func (s *Server) Latency(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency = d
}

// short takes the data source out of a path.
func short(p string) string {
	rest, found := strings.CutPrefix(p, "/session/data/")
	if !found {
		return p
	}
	_, rest, _ = strings.Cut(rest, "/")
	return "/" + rest
}

func reset(_ *Server, w http.ResponseWriter, _ *http.Request, _ *answer) bool {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, isTCP := conn.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0) // send RST, not FIN
	}
	_ = conn.Close()
	return true
}

func hang(_ *Server, _ http.ResponseWriter, r *http.Request, _ *answer) bool {
	// The server notices that the client left only once the body has been read.
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
	return true
}

func truncated(_ *Server, w http.ResponseWriter, _ *http.Request, a *answer) bool {
	if a == nil || a.body == nil {
		return false
	}
	text, _ := json.Marshal(a.body)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(text[:len(text)/2])
	return true
}

func wrongContentType(_ *Server, w http.ResponseWriter, _ *http.Request, a *answer) bool {
	if a == nil || a.body == nil {
		return false
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, "<html><body>Please log in</body></html>")
	return true
}

func sessionEnded(s *Server, _ http.ResponseWriter, _ *http.Request, _ *answer) bool {
	s.EndSessions()
	return false // the request goes on and meets the closed door
}

// Requests counts requests by "METHOD /path", the path as in Server.Fail.
type Requests map[string]int

// Total is the number of all requests.
func (r Requests) Total() int {
	n := 0
	for _, count := range r {
		n += count
	}
	return n
}

// Count is the number of requests that match "METHOD /path", as in Server.Fail.
func (r Requests) Count(match string) int {
	method, p, _ := strings.Cut(match, " ")
	n := 0
	for key, count := range r {
		m, have, _ := strings.Cut(key, " ")
		if matches, _ := path.Match(p, have); matches && (method == "*" || method == m) {
			n += count
		}
	}
	return n
}

// Requests gives the requests since the last call of ResetRequests.
func (s *Server) Requests() Requests {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.requests)
}

// ResetRequests starts counting anew.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = Requests{}
}
