package kongsim

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestPanic: a handler that panics breaks its own request, and not the test that looks at the gateway next.
func TestPanic(t *testing.T) {
	t.Parallel()
	sim := New()
	url := sim.Start(t)
	sim.newID = func() string { panic("on purpose") }
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/services", strings.NewReader(`{"host":"h"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if resp, err := http.DefaultClient.Do(req); err == nil {
		_ = resp.Body.Close()
		t.Fatalf("answered %s", resp.Status)
	}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		sim.Left()
	}()
	select {
	case <-answered:
	case <-time.After(10 * time.Second):
		t.Error("the gateway hangs")
	}
}
