package forge

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Not parallel: it counts seconds.
func TestRateLimit(t *testing.T) {
	soon := fmt.Sprint(time.Now().Add(10 * time.Second).Unix())
	for _, tt := range []struct {
		name    string
		status  int
		header  map[string]string
		body    string
		limited bool
		wait    time.Duration // and up to two seconds more
	}{
		{"Retry-After", 403, map[string]string{"Retry-After": "60"}, "", true, time.Minute},
		{"Retry-After comes before the reset", 429, map[string]string{"Retry-After": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": soon}, "", true, time.Minute},
		{"used up", 403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": soon}, "", true, 9 * time.Second},
		{"used up, by a clock behind ours", 403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}, "", true, 0},
		{"secondary, without a time", 403, nil, `{"message":"You have exceeded a secondary rate limit."}`, true, unnamedWait},
		{"forbidden with requests left", 403, map[string]string{"X-RateLimit-Remaining": "900", "X-RateLimit-Reset": soon}, "no", false, 0},
		{"the last request of the hour succeeded", 200, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": soon}, "", false, 0},
		{"unavailable", 503, map[string]string{"Retry-After": "60"}, "", false, 0}, // api.Transport's
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp := &http.Response{StatusCode: tt.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(tt.body))}
			for name, value := range tt.header {
				resp.Header.Set(name, value)
			}
			wait, limited := rateLimit(resp)
			if limited != tt.limited || limited && (wait < tt.wait || wait > tt.wait+2*time.Second) {
				t.Errorf("got %s, %v, want %s, %v", wait, limited, tt.wait, tt.limited)
			}
			if body, _ := io.ReadAll(resp.Body); string(body) != tt.body {
				t.Errorf("the body is %q afterwards", body)
			}
		})
	}
}
