package forge

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const limitTries = 5

// unnamedWait is what GitHub asks for after a secondary limit that names no
// time. A variable so that tests need not wait.
var unnamedWait = time.Minute

// limited waits until a rate limit is over and sends the request again. GitHub
// answers 403 where api.Transport expects 429. No refused request was carried
// out, so that any may be repeated.
type limited struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper. The last answer is returned when a
// limit lasts longer than the request may.
func (l limited) RoundTrip(req *http.Request) (*http.Response, error) {
	once := func() (*http.Response, error) {
		resp, err := l.next.RoundTrip(req)
		if err != nil {
			return nil, backoff.Permanent(err)
		}
		wait, limited := rateLimit(resp)
		if !limited {
			return resp, nil
		}
		again := &backoff.RetryAfterError{Duration: wait}
		if deadline, ok := req.Context().Deadline(); ok && time.Until(deadline) < wait {
			return resp, backoff.Permanent(again)
		}
		return resp, again
	}
	resp, err := backoff.Retry(req.Context(), once, backoff.WithMaxTries(limitTries))
	if resp != nil {
		return resp, nil
	}
	return nil, err
}

// rateLimit reports whether resp refuses a request for there being too many,
// and when to come back.
func rateLimit(resp *http.Response) (wait time.Duration, limited bool) {
	if resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusTooManyRequests {
		return 0, false
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second, true
	}
	reset, err := strconv.ParseInt(resp.Header.Get("X-Ratelimit-Reset"), 10, 64)
	if err == nil && resp.Header.Get("X-Ratelimit-Remaining") == "0" {
		return max(time.Until(time.Unix(reset, 0)), 0) + time.Second, true // its clock may be ahead of ours
	}
	return unnamedWait, isSecondary(resp)
}

func isSecondary(resp *http.Response) bool {
	body, err := io.ReadAll(resp.Body) // in memory already: api.Transport reads all of it
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return err == nil && strings.Contains(string(body), "secondary rate limit")
}
