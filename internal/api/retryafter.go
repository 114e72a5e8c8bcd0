package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// longestWait stands for all waits that nobody will sit through, so that no sum
// of times overflows.
const longestWait = 24 * time.Hour

// RetryAfter reads the header of that name: seconds or a date (RFC 9110, 10.2.3),
// a day at most. What is neither counts as not being there.
func RetryAfter(h http.Header) (time.Duration, bool) {
	value := h.Get("Retry-After")
	seconds, err := strconv.ParseInt(value, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) && value[0] != '-':
		return longestWait, true
	case err == nil && seconds >= 0:
		return Seconds(seconds), true
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(at), 0), longestWait), true
	}
	return 0, false
}

// Seconds is a wait of that many seconds, a day at most.
func Seconds(n int64) time.Duration {
	return time.Duration(min(max(n, 0), int64(longestWait/time.Second))) * time.Second
}

// beyond reports whether a wait outlasts what a request may take.
func beyond(ctx context.Context, wait time.Duration) bool {
	deadline, bounded := ctx.Deadline()
	return wait > retryFor || bounded && wait > time.Until(deadline)
}
