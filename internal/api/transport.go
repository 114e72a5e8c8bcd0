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
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/semaphore"

	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

const (
	// retryFor bounds all tries of one request together.
	retryFor = 2 * time.Minute
	// MaxRefusal bounds what is read of an answer that is no success, in bytes.
	MaxRefusal = 1 << 20
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
// the last answer or the last error. A redirect is an error: whoever follows it
// takes the credentials along. Errors are of type *Error.
func (t *Transport) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	if err := checkPath(req.URL); err != nil {
		return nil, t.failed(req, &neverSentError{err})
	}
	silent := t.contact.Do(req.Context(), NeedOf(req.Context(), req.Method), func(context.Context) (bool, error) {
		resp, err = t.send(req) //nolint:bodyclose // the caller closes it
		return t.heard.Load(), err
	})
	if silent != nil {
		return nil, t.failed(req, &neverSentError{cause(silent)})
	}
	if err == nil && resp.Header.Get("Location") != "" && IsRedirect(resp.StatusCode) {
		return nil, t.Refused(req, resp, nil)
	}
	return resp, err
}

// IsRedirect reports whether clients follow an answer with this status to the
// Location it names.
func IsRedirect(status int) bool {
	return status >= 300 && status < 400 && status != http.StatusNotModified
}

// checkPath refuses what servers, and clients before them, take for a step up:
// an object of that name would be another one.
func checkPath(u *url.URL) error {
	for part := range strings.SplitSeq(u.EscapedPath(), "/") {
		if name, err := url.PathUnescape(part); err == nil && (name == "." || name == "..") {
			return &noNameError{name}
		}
	}
	return nil
}

// noNameError is a part of a path that no object can be called.
type noNameError struct{ name string }

func (e *noNameError) Error() string { return fmt.Sprintf("%q is no name", e.name) }

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
		after, asked := RetryAfter(resp.Header)
		if !again || asked && beyond(req.Context(), after) {
			return resp, nil
		}
		reason := &retriable{status: resp.StatusCode}
		if asked {
			reason.after = &backoff.RetryAfterError{Duration: after}
		}
		return resp, reason
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
		err = t.buffer(resp)
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

// buffer reads the body of resp into memory, of one that is no success only the
// start. It refuses an answer that claims to be JSON and is not.
func (t *Transport) buffer(resp *http.Response) error {
	limit := t.config.MaxResponse
	success := resp.StatusCode < http.StatusMultipleChoices
	if !success {
		limit = MaxRefusal
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	_ = resp.Body.Close()
	whole := int64(len(body)) <= limit
	switch {
	case err != nil && success:
		return fmt.Errorf("the answer broke off: %w", err)
	case !whole && success:
		return &TooLargeError{limit}
	case !whole:
		body = body[:limit]
	case len(body) > 0 && isJSON(resp.Header) && !json.Valid(body):
		return fmt.Errorf("status %d: %w", resp.StatusCode, errGarbled)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return nil
}

// TooLargeError is a success whose answer nobody could want to keep.
type TooLargeError struct{ Limit int64 } // in bytes

// Error names the limit.
func (e *TooLargeError) Error() string { return fmt.Sprintf("answer larger than %d MiB", e.Limit>>20) }

func isJSON(h http.Header) bool { return mediaType(h) == "application/json" }

// mediaType is what an answer says it is, without parameters; "" for nothing or nonsense.
func mediaType(h http.Header) string {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}

// mayRepeat reports whether another try after err is safe and sensible.
func (t *Transport) mayRepeat(req *http.Request, err error) bool {
	var large *TooLargeError
	if req.Context().Err() != nil || isCertificateError(err) || errors.As(err, &large) {
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

// Secrets are what the transport's requests hold by its configuration, and what
// its user adds. Its errors and its log do not show them.
func (t *Transport) Secrets() *mask.Secrets { return t.config.Secrets }

func (t *Transport) failed(req *http.Request, err error) *Error {
	return &Error{
		System: t.config.System, setting: t.config.URLSetting, root: t.config.URL,
		secrets: []*mask.Secrets{t.config.Secrets, mask.In(req.Context())},
		Method:  req.Method, Path: req.URL.Path, Err: err,
	}
}

// Refused is the error of an answer that is not what was asked for. Its words
// are for the system's client to find in the body.
func (t *Transport) Refused(req *http.Request, resp *http.Response, body []byte) *Error {
	e := t.failed(req, nil)
	e.Status, e.Body = resp.StatusCode, string(body)
	e.mediaType = mediaType(resp.Header)
	e.after, _ = RetryAfter(resp.Header)
	if IsRedirect(resp.StatusCode) {
		e.target = Target(req, resp)
	}
	return e
}

// Target is where a redirect leads, without what may be secret in it; "" where
// it does not say.
func Target(req *http.Request, resp *http.Response) string {
	to, err := req.URL.Parse(resp.Header.Get("Location"))
	if err != nil || resp.Header.Get("Location") == "" {
		return ""
	}
	return (&url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path}).String()
}

func (t *Transport) log(req *http.Request, resp *http.Response, err error, took time.Duration) {
	if t.config.Log == nil {
		return
	}
	fields := map[string]any{
		"system": t.config.System, "method": req.Method, "path": t.config.Secrets.Text(req.URL.Path), "duration_ms": took.Milliseconds(),
	}
	if resp != nil {
		fields["status"] = resp.StatusCode
	}
	if err != nil {
		fields["error"] = t.config.Secrets.Text(mask.In(req.Context()).Text(err.Error()))
	}
	t.config.Log(req.Context(), "request", fields)
}
