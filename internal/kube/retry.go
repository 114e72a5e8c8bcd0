package kube

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// Waits between tries. Variables so that tests need not wait.
var (
	firstBackoff = 250 * time.Millisecond
	maxBackoff   = 10 * time.Second
)

// operation is one call of the API server, for messages and the log.
type operation struct {
	verb string
	kind Kind
	key  Key
}

// String describes the operation: `apply BGPPeer "tor-1"`.
func (o operation) String() string {
	switch {
	case o.key.Name != "":
		return fmt.Sprintf("%s %s %q", o.verb, o.kind.Kind, o.key)
	case o.key.Namespace != "":
		return fmt.Sprintf("%s %s in namespace %q", o.verb, o.kind.Kind, o.key.Namespace)
	}
	return fmt.Sprintf("%s %s", o.verb, o.kind.Kind)
}

// method is the HTTP method of the operation.
func (o operation) method() string {
	if o.verb == "get" || o.verb == "list" {
		return http.MethodGet
	}
	return http.MethodPatch
}

// do carries out an operation. Until the cluster has answered for the first
// time one goes ahead of the others, which fail as it does.
func (c *Client) do(ctx context.Context, op operation, call func(context.Context) error) error {
	if err := op.checkNames(); err != nil {
		return c.failure(ctx, op, err, &answer{})
	}
	c.introduce(ctx)
	var err error
	silent := c.contact.Do(ctx, api.NeedOf(ctx, op.method()), func(ctx context.Context) (bool, error) {
		err = c.repeat(ctx, op, call)
		var e *Error
		return !errors.As(err, &e) || e.heard, err
	})
	var e *Error
	if errors.As(silent, &e) {
		e := *e
		e.op = op
		return &e
	}
	if silent != nil {
		return c.failure(ctx, op, silent, &answer{})
	}
	return err
}

// repeat carries out an operation. All of them are idempotent (an apply sent twice
// is an apply, a delete of what is gone is told apart by its caller), so every
// failure that may pass is tried again.
func (c *Client) repeat(ctx context.Context, op operation, call func(context.Context) error) error {
	start := time.Now()
	var last *Error
	for retries := 0; ; retries++ {
		err := c.try(ctx, op, call)
		if err == nil {
			return nil
		}
		if last == nil || ctx.Err() == nil {
			last = err // the end of ctx says less than what went before it
		}
		wait := max(backoff(retries), err.after)
		if c.beyond(ctx, err.after) || !c.worthWaiting(ctx, err, retries, time.Since(start)+wait) || sleep(ctx, wait) != nil {
			last.tries, last.took = retries+1, time.Since(start)
			return last
		}
	}
}

// try sends one request.
func (c *Client) try(ctx context.Context, op operation, call func(context.Context) error) *Error {
	if err := c.slots.Acquire(ctx, 1); err != nil {
		return c.failure(ctx, op, context.Cause(ctx), &answer{})
	}
	defer c.slots.Release(1)
	start := time.Now()
	asked, a := noting(ctx)
	err := call(asked)
	fields := map[string]any{"verb": op.verb, "kind": op.kind.Kind, "object": op.key.String(), "duration_ms": time.Since(start).Milliseconds()}
	defer func() { c.log(ctx, "kubernetes request", fields) }()
	if err == nil {
		return nil
	}
	e := c.failure(ctx, op, err, a)
	fields["status"], fields["error"] = e.Status, e.hide(e.summary())
	return e
}

// backoff is the wait after the n-th try: exponential, with jitter so that many
// resources that failed together do not come back together.
func backoff(n int) time.Duration {
	d := min(firstBackoff<<min(n, 10), maxBackoff)
	return d/2 + rand.N(d/2+1)
}

// beyond reports whether the server asks for a wait that nobody will sit through.
func (c *Client) beyond(ctx context.Context, wait time.Duration) bool {
	deadline, bounded := ctx.Deadline()
	return wait > c.config.Patience || bounded && wait > time.Until(deadline)
}

// prospect is what becomes of a failure when the request is sent again.
type prospect int

const (
	hopeless prospect = iota // only a person can mend it
	perhaps                  // a few tries tell
	passing                  // known to come back; a matter of time
)

// worthWaiting decides whether to send a request again at a given time after
// the first try. A deadline of ctx, the user's own choice, takes the place of
// the configured patience.
func (c *Client) worthWaiting(ctx context.Context, e *Error, retries int, at time.Duration) bool {
	_, bounded := ctx.Deadline()
	if c.config.MaxRetries < 0 || !bounded && at > c.config.Patience {
		return false
	}
	switch e.prospect() {
	case passing:
		return true
	case perhaps:
		return retries < c.config.MaxRetries
	}
	return false
}

func (e *Error) prospect() prospect {
	switch {
	case e.Status == 0 && (errors.Is(e.Err, context.Canceled) || isCertificate(e.Err) || isLogin(e.Err)), e.isFinal():
		return hopeless
	case e.Status == 0, e.unreadable:
		return perhaps
	case e.webhook != "" && !e.denied, e.inside:
		return passing
	case errors.Is(e, errNotServed) && e.op.verb == "apply":
		return perhaps // the kind may have been installed a moment ago
	}
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return passing
	case http.StatusInternalServerError:
		if len(e.Fields) == 0 && !strings.Contains(e.Message, "failed to create typed patch object") {
			return perhaps // the others are Calico's and server-side apply's way to say "invalid"
		}
	case http.StatusConflict:
		if len(e.Conflicts) == 0 && strings.Contains(e.Message, "the object has been modified") {
			return perhaps // two writers met inside the server
		}
	}
	return hopeless
}
