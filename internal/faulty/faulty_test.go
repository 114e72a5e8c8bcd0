package faulty_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault  faulty.Fault
		status int // 0: no answer
		body   string
		acted  int64
	}{
		{faulty.Reset, 0, "", 0},
		{faulty.Reset.After(), 0, "", 1},
		{faulty.Hang, 0, "", 0},
		{faulty.Hang.After(), 0, "", 1},
		{faulty.BadGateway, 502, "<html>", 0},
		{faulty.Unavailable.After(), 503, "upstream", 1},
		{faulty.TooManyRequests(3), 429, "too many", 0},
		{faulty.Truncated, 201, `{"na`, 1},
		{faulty.WrongType, 201, "sign in", 1},
	} {
		t.Run(tt.fault.String(), func(t *testing.T) {
			t.Parallel()
			var acted atomic.Int64
			h := faulty.New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if body, _ := io.ReadAll(r.Body); string(body) != "{}" {
					t.Errorf("the server got the body %q", body)
				}
				acted.Add(1)
				w.WriteHeader(http.StatusCreated)
				_, _ = io.WriteString(w, `{"na":1}`)
			}))
			server := httptest.NewServer(h)
			t.Cleanup(server.Close)
			h.Fail("POST /things/*", tt.fault, 1)

			status, body := post(t, server.URL+"/things/1")
			if status != tt.status || !strings.Contains(body, tt.body) || acted.Load() != tt.acted {
				t.Errorf("got %d %q after %d acts, want %d %q after %d", status, body, acted.Load(), tt.status, tt.body, tt.acted)
			}
			if tt.fault.Acts() != (tt.acted == 1) {
				t.Errorf("Acts() = %v", tt.fault.Acts())
			}
			if status, _ := post(t, server.URL+"/things/1"); status != http.StatusCreated {
				t.Errorf("the fault came twice: %d", status)
			}
			if n := h.Count("POST /things/**"); n != 2 {
				t.Errorf("%d requests counted", n)
			}
		})
	}
}

func post(t *testing.T, url string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body)
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	h := faulty.New(http.NotFoundHandler())
	for _, r := range []struct{ method, path string }{{"GET", "/a"}, {"GET", "/a/b"}, {"PUT", "/a/b/c"}} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(r.method, r.path, nil))
	}
	for pattern, want := range map[string]int{"* /**": 3, "GET /**": 2, "* /a/*": 1, "* /a/**": 2, "GET /a": 1, "PUT /a": 0} {
		if got := h.Count(pattern); got != want {
			t.Errorf("%q matches %d requests, want %d", pattern, got, want)
		}
	}
	h.Reset()
	if n := h.Count("* /**"); n != 0 {
		t.Errorf("%d requests after Reset", n)
	}
}
