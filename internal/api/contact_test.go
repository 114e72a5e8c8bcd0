package api

import (
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

// deaf listens and never answers; it counts the connections.
func deaf(t *testing.T) (url string, connections *atomic.Int64) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	connections = &atomic.Int64{}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			t.Cleanup(func() { _ = conn.Close() })
		}
	}()
	return "http://" + listener.Addr().String(), connections
}

// refusing is the address of a port where nothing listens.
func refusing(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return "http://" + listener.Addr().String()
}

func impatient(t *testing.T, url string) *Client {
	t.Helper()
	c, err := NewClient(Config{System: "kong", URL: url, Timeout: time.Second, MaxRetries: 1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A system that does not answer costs one time-out, however many objects there are.
func TestSilenceIsShared(t *testing.T) {
	t.Parallel()
	for _, n := range []int{10, 100} {
		hanging, connections := deaf(t)
		for url, want := range map[string][2]string{
			hanging:     {"no answer after 1s", "`request_timeout` in the same block"},
			refusing(t): {"connection refused", "Nothing listens there"},
		} {
			c := impatient(t, url)
			begin := time.Now()
			faulty.AsTerraform(n, func(i int) {
				path := Path("services", strconv.Itoa(i))
				err := c.Do(t.Context(), http.MethodGet, path, nil, nil, nil)
				var e *Error
				if !errors.As(err, &e) || !strings.Contains(err.Error(), want[0]) || !strings.Contains(e.Hint(), want[1]) || e.Path != path {
					t.Errorf("%s: got %v", path, err)
				}
			})
			if took := time.Since(begin); took > 8*time.Second {
				t.Errorf("%d objects took %s, want as long as one", n, took)
			}
		}
		if connections.Load() != 2 {
			t.Errorf("%d connections for %d objects, want the two tries of one", connections.Load(), n)
		}
	}
}

// A create that another's failure has answered was never sent.
func TestSilenceIsNotAmbiguous(t *testing.T) {
	t.Parallel()
	url, connections := deaf(t)
	c := impatient(t, url)
	post := func() error { return c.Do(t.Context(), http.MethodPost, "/services", nil, map[string]int{}, nil) }
	if err := post(); !Ambiguous(err) || connections.Load() != 1 {
		t.Errorf("%d connections: got %v, want one that may have worked", connections.Load(), err)
	}
	if err := c.Do(Looking(t.Context()), http.MethodGet, "/services/1", nil, nil, nil); err == nil || connections.Load() != 3 {
		t.Errorf("%d connections: got %v, want a look for what was created", connections.Load(), err)
	}
	if err := post(); err == nil || Ambiguous(err) || connections.Load() != 3 {
		t.Errorf("%d connections: got %v, want one that was never sent", connections.Load(), err)
	}
}
