package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/semaphore"
)

const (
	// retryFor bounds all tries of one request together.
	retryFor = 2 * time.Minute
	// maxBody bounds what is read of one answer.
	maxBody = 256 << 20
	// serverErrorTries bounds the tries of a request answered with 500, which
	// most systems also use for faults that no repetition mends.
	serverErrorTries = 3
)

// Backoff between tries. A variable so that tests need not wait.
var firstBackoff = 500 * time.Millisecond

type idempotentKey struct{}

// Idempotent marks the requests made with the returned context as safe to send
// again, whatever their method: for a PATCH that names every field, say.
func Idempotent(ctx context.Context) context.Context {
	return context.WithValue(ctx, idempotentKey{}, true)
}

func isIdempotent(req *http.Request) bool {
	switch req.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	}
	marked, _ := req.Context().Value(idempotentKey{}).(bool)
	return marked
}

// Transport sends requests with TLS verified, connections reused, concurrency
// capped, and tries repeated where that is safe: idempotent requests after
// lost connections, garbled answers, 500, 502, 503 and 504; any request after
// 429 and where no connection came about. Waits grow exponentially with jitter
// and honour Retry-After.
//
// Answers are read completely before they are handed out, so that a connection
// lost in the middle of a body counts as a failed try. Until a first answer has
// come one request goes ahead of the others (see Contact).
type Transport struct {
	config  Config
	base    http.RoundTripper
	slots   *semaphore.Weighted
	contact Contact
	heard   atomic.Bool // of the system, whatever it said
}

// NewTransport returns the transport described by c.
func NewTransport(c Config) (*Transport, error) {
	c = c.withDefaults()
	base, err := c.httpTransport()
	if err != nil {
		return nil, err
	}
	return &Transport{config: c, base: base, slots: semaphore.NewWeighted(int64(c.MaxConcurrent))}, nil
}

// retriable is the reason for another try, when the answer itself is no error
// of Go's.
type retriable struct {
	status int
	after  *backoff.RetryAfterError
}

func (r *retriable) Error() string { return fmt.Sprintf("status %d", r.status) }

func (r *retriable) Unwrap() error {
	if r.after == nil {
		return nil
	}
	return r.after
}

// RoundTrip implements http.RoundTripper. When tries are exhausted it returns
// the last answer or the last error. Errors are of type *Error.
func (t *Transport) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	silent := t.contact.Do(req.Context(), NeedOf(req.Context(), req.Method), func(context.Context) (bool, error) {
		resp, err = t.send(req) //nolint:bodyclose // the caller closes it
		return t.heard.Load(), err
	})
	if silent != nil {
		return nil, t.failed(req, &neverSentError{cause(silent)})
	}
	return resp, err
}

// cause takes the reason out of the error of another request.
func cause(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// send sends req until it is answered or tries are exhausted.
func (t *Transport) send(req *http.Request) (*http.Response, error) {
	if err := rewindable(req); err != nil {
		return nil, t.failed(req, err)
	}
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = firstBackoff
	serverErrors := 0
	once := func() (*http.Response, error) {
		resp, err := t.try(req)
		if err != nil {
			if t.mayRepeat(req, err) {
				return nil, err
			}
			return nil, backoff.Permanent(err)
		}
		again := t.retriable(req, resp)
		if resp.StatusCode == http.StatusInternalServerError {
			serverErrors++
			again = again && serverErrors < serverErrorTries
		}
		if !again {
			return resp, nil
		}
		return resp, &retriable{status: resp.StatusCode, after: retryAfter(resp)}
	}
	resp, err := backoff.Retry(req.Context(), once,
		backoff.WithBackOff(wait),
		backoff.WithMaxTries(uint(max(t.config.MaxRetries, 0))+1),
		backoff.WithMaxElapsedTime(retryFor))
	if resp != nil {
		return resp, nil
	}
	if err != nil {
		return nil, t.failed(req, err)
	}
	return resp, nil
}

// try sends req once and reads the whole answer.
func (t *Transport) try(req *http.Request) (*http.Response, error) {
	if err := t.slots.Acquire(req.Context(), 1); err != nil {
		return nil, &neverSentError{err}
	}
	defer t.slots.Release(1)

	ctx, cancel := context.WithTimeoutCause(req.Context(), t.config.Timeout, errTimeout)
	defer cancel()
	sent := req.Clone(ctx)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		sent.Body = body
	}
	for name, value := range t.config.Headers {
		sent.Header.Set(name, value)
	}

	start := time.Now()
	resp, err := t.base.RoundTrip(sent)
	if err == nil {
		t.heard.Store(true)
		err = buffer(resp)
	}
	if err != nil && errors.Is(context.Cause(ctx), errTimeout) {
		err = fmt.Errorf("%w after %s", errTimeout, t.config.Timeout)
	}
	t.log(req, resp, err, time.Since(start))
	if err != nil {
		return nil, err
	}
	resp.Request = req
	return resp, nil
}

// buffer reads the body of resp into memory and refuses an answer that claims
// to be JSON and is not.
func buffer(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	_ = resp.Body.Close()
	if err != nil {
		return fmt.Errorf("the answer broke off: %w", err)
	}
	if len(body) > 0 && isJSON(resp.Header) && !json.Valid(body) {
		return fmt.Errorf("status %d: %w", resp.StatusCode, errGarbled)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return nil
}

func isJSON(h http.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && media == "application/json"
}

// mayRepeat reports whether another try after err is safe and sensible.
func (t *Transport) mayRepeat(req *http.Request, err error) bool {
	if req.Context().Err() != nil || isCertificateError(err) {
		return false
	}
	return neverSent(err) || isIdempotent(req)
}

func (t *Transport) retriable(req *http.Request, resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return isIdempotent(req)
	}
	return false
}

// retryAfter reads the header of the same name, in seconds or as a date.
func retryAfter(resp *http.Response) *backoff.RetryAfterError {
	value := resp.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
		return &backoff.RetryAfterError{Duration: time.Duration(seconds) * time.Second}
	}
	if at, err := http.ParseTime(value); err == nil {
		return &backoff.RetryAfterError{Duration: max(time.Until(at), 0)}
	}
	return nil
}

// rewindable makes sure that the body of req can be sent again.
func rewindable(req *http.Request) error {
	if req.Body == nil || req.Body == http.NoBody || req.GetBody != nil {
		return nil
	}
	body, err := io.ReadAll(req.Body)
	_ = req.Body.Close()
	if err != nil {
		return err
	}
	req.ContentLength = int64(len(body))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return nil
}

func (t *Transport) failed(req *http.Request, err error) *Error {
	return &Error{
		System: t.config.System, setting: t.config.URLSetting, root: t.config.URL,
		Method: req.Method, Path: req.URL.Path, Err: err,
	}
}

func (t *Transport) log(req *http.Request, resp *http.Response, err error, took time.Duration) {
	if t.config.Log == nil {
		return
	}
	fields := map[string]any{"system": t.config.System, "method": req.Method, "path": req.URL.Path, "duration_ms": took.Milliseconds()}
	if resp != nil {
		fields["status"] = resp.StatusCode
	}
	if err != nil {
		fields["error"] = err.Error()
	}
	t.config.Log(req.Context(), "request", fields)
}
