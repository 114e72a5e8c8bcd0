package api

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	firstBackoff = time.Millisecond
	m.Run()
}

// client returns a client for a server that runs handler.
func client(t *testing.T, c Config, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c.System, c.URL = "harbor", server.URL
	cl, err := NewClient(c)
	if err != nil {
		t.Fatal(err)
	}
	return cl
}

func TestTransportRetries(t *testing.T) {
	t.Parallel()
	reset := func(w http.ResponseWriter) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
	status := func(code int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { w.WriteHeader(code) }
	}
	truncated := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"name":`)
	}
	cut := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"name":`)
	}
	for _, tt := range []struct {
		name   string
		method string
		fault  func(http.ResponseWriter)
		tries  int64
		ok     bool
	}{
		{"get after a reset", "GET", reset, 2, true},
		{"put after a reset", "PUT", reset, 2, true},
		{"post after a reset is not repeated", "POST", reset, 1, false},
		{"patch after a reset is not repeated", "PATCH", reset, 1, false},
		{"delete after 502", "DELETE", status(502), 2, true},
		{"get after 503", "GET", status(503), 2, true},
		{"post after 503 is not repeated", "POST", status(503), 1, false},
		{"post after 429", "POST", status(429), 2, true},
		{"get after 500", "GET", status(500), 2, true},
		{"get after 404 is not repeated", "GET", status(404), 1, false},
		{"get after invalid JSON", "GET", truncated, 2, true},
		{"get after half a body", "GET", cut, 2, true},
		{"post after half a body is not repeated", "POST", cut, 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int64
			c := client(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if r.Method != "GET" && r.Method != "DELETE" && string(body) != `{"a":1}` {
					t.Errorf("try %d came with body %q", tries.Load()+1, body)
				}
				if tries.Add(1) == 1 {
					tt.fault(w)
				}
			})
			var in any
			if tt.method != "GET" && tt.method != "DELETE" {
				in = map[string]int{"a": 1}
			}
			err := c.Do(t.Context(), tt.method, "/x", nil, in, nil)
			if (err == nil) != tt.ok || tries.Load() != tt.tries {
				t.Errorf("got %v after %d tries, want success %v after %d", err, tries.Load(), tt.ok, tt.tries)
			}
		})
	}
}

func TestTransportGivesUp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		tries  int64
	}{{502, 5}, {429, 5}, {500, 3}} {
		var tries atomic.Int64
		c := client(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
			tries.Add(1)
			w.WriteHeader(tt.status)
		})
		err := c.Do(t.Context(), "GET", "/x", nil, nil, nil)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprint("answered ", tt.status)) || tries.Load() != tt.tries {
			t.Errorf("%d: got %v after %d tries, want its status after %d", tt.status, err, tries.Load(), tt.tries)
		}
	}
}

func TestTransportHonoursRetryAfter(t *testing.T) {
	t.Parallel()
	var first atomic.Int64
	c := client(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
		if first.CompareAndSwap(0, time.Now().UnixNano()) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(429)
			return
		}
		if waited := time.Now().UnixNano() - first.Load(); waited < int64(time.Second) {
			t.Errorf("came back after %s, asked to wait 1 s", time.Duration(waited))
		}
	})
	if err := c.Do(t.Context(), "POST", "/x", nil, nil, nil); err != nil {
		t.Error(err)
	}
}

func TestTransportStopsWhenInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := client(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(503)
	})
	start := time.Now()
	if err := c.Do(ctx, "GET", "/x", nil, nil, nil); err == nil {
		t.Error("no error from an interrupted request")
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("stopped only after %s", took)
	}
}

func TestTransportCapsConcurrency(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int64
	c := client(t, Config{MaxConcurrent: 3}, func(http.ResponseWriter, *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(5 * time.Millisecond) // holds the slot, so that others would overlap
	})
	done := make(chan error)
	for range 20 {
		go func() { done <- c.Do(t.Context(), "GET", "/x", nil, nil, nil) }()
	}
	for range 20 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if most.Load() > 3 {
		t.Errorf("%d requests at once, the cap is 3", most.Load())
	}
}

func TestTransportReusesConnections(t *testing.T) {
	t.Parallel()
	var opened atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c, err := NewClient(Config{System: "kong", URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if err := c.Do(t.Context(), "GET", "/x", nil, nil, new(any)); err != nil {
			t.Fatal(err)
		}
	}
	if opened.Load() != 1 {
		t.Errorf("%d connections for 50 requests", opened.Load())
	}
}

func TestTransportVerifiesTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	server.Config.ErrorLog = nil
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	for _, tt := range []struct {
		name   string
		config Config
		hint   string
	}{
		{"unknown authority", Config{}, "`ca_cert_file`"},
		{"known authority", Config{CACertPEM: authority}, ""},
		{"insecure", Config{Insecure: true}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.config.System, tt.config.URL = "harbor", server.URL
			c, err := NewClient(tt.config)
			if err != nil {
				t.Fatal(err)
			}
			err = c.Do(t.Context(), "GET", "/", nil, nil, nil)
			if tt.hint == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(e.Hint(), tt.hint) {
				t.Errorf("got %v, want a hint with %s", err, tt.hint)
			}
		})
	}
}

func TestErrorHints(t *testing.T) {
	t.Parallel()
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = refused.Close()
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(plain.Close)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(404)
		_, _ = fmt.Fprint(w, "<html><body>nginx</body></html>")
	}))
	t.Cleanup(page.Close)
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(slow.Close)
	for _, tt := range []struct{ name, url, hint string }{
		{"refused", "http://" + refused.Addr().String(), "Nothing listens there"},
		{"unknown host", "http://harbor.invalid", "cannot be resolved"},
		{"TLS to a plain port", strings.Replace(plain.URL, "http:", "https:", 1), "does not speak TLS"},
		{"a web page", page.URL, "a web page, not the API"},
		{"no answer", slow.URL, "`request_timeout`"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := NewClient(Config{System: "harbor", URL: tt.url, MaxRetries: -1, Timeout: 100 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			err = c.Do(t.Context(), "GET", "/x", nil, nil, nil)
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(e.Hint(), tt.hint) || errors.Is(err, ErrNotFound) {
				t.Errorf("got %v with hint %q, want %q", err, e.Hint(), tt.hint)
			}
		})
	}
}

func TestAmbiguous(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		want   bool
	}{
		{"500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, true},
		{"504", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(504) }, true},
		{"409", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(409) }, false},
		{"403", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, false},
		{"200 with a page", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, true},
		{"200 with nothing", func(http.ResponseWriter, *http.Request) {}, true},
		{"no answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := client(t, Config{Timeout: 100 * time.Millisecond}, tt.answer)
			err := c.Do(t.Context(), "POST", "/x", nil, nil, &struct{}{})
			if err == nil || Ambiguous(err) != tt.want {
				t.Errorf("Ambiguous(%v) = %v, want %v", err, Ambiguous(err), tt.want)
			}
		})
	}
	c, err := NewClient(Config{System: "kong", URL: "http://127.0.0.1:1", MaxRetries: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Do(t.Context(), "POST", "/x", nil, nil, nil); err == nil || Ambiguous(err) {
		t.Errorf("Ambiguous(%v) = true though no connection came about", err)
	}
}

func TestLogHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	var logged strings.Builder
	c := client(t, Config{
		Headers: map[string]string{"Authorization": "Bearer s3cret-header"},
		Log:     func(_ context.Context, msg string, fields map[string]any) { fmt.Fprintln(&logged, msg, fields) },
	}, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"password":"s3cret-answer"}`) })
	if err := c.Do(t.Context(), "POST", "/x", nil, map[string]string{"password": "s3cret-body"}, new(any)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(logged.String(), "/x") || strings.Contains(logged.String(), "s3cret") {
		t.Errorf("logged %q", logged.String())
	}
}

// An empty body is an answer, whatever its header says; Kong and Harbor give such ones.
func TestTransportTakesAnEmptyAnswer(t *testing.T) {
	t.Parallel()
	var tries atomic.Int64
	c := client(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
		tries.Add(1)
		w.Header().Set("Content-Type", "application/json")
	})
	if err := c.Do(t.Context(), http.MethodDelete, "/x", nil, nil, nil); err != nil || tries.Load() != 1 {
		t.Errorf("got %v after %d tries", err, tries.Load())
	}
	if err := c.Do(t.Context(), http.MethodGet, "/x", nil, nil, &struct{}{}); !errors.Is(err, errGarbled) || tries.Load() != 2 {
		t.Errorf("got %v after %d tries, want an error where something was to be read", err, tries.Load())
	}
}
