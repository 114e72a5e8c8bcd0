package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

const (
	// goneWithin bounds the wait for an object to go when ctx has no deadline.
	goneWithin = 5 * time.Minute
	firstPoll  = 50 * time.Millisecond
	slowPoll   = 2 * time.Second
)

// Delete deletes an object and waits until it is gone. With a uid only that
// very object is deleted, not another that has taken its name. A missing object
// is an error that wraps api.ErrNotFound.
func (c *Client) Delete(ctx context.Context, kind Kind, key Key, uid string) error {
	defer c.shared(kind, key.Namespace).Drop(key.Name)
	// Dependants, where there are any, are the garbage collector's work and
	// may take their time.
	background := metav1.DeletePropagationBackground
	options := metav1.DeleteOptions{PropagationPolicy: &background}
	if uid != "" {
		options.Preconditions = metav1.NewUIDPreconditions(uid)
	}
	err := c.do(ctx, operation{"delete", kind, key}, func(ctx context.Context) error {
		return c.resource(kind, key.Namespace).Delete(ctx, key.Name, options)
	})
	if isPrecondition(err) {
		return nil // ours is gone; the one that has its name is not ours to delete
	}
	if err != nil {
		return err
	}
	if err := c.waitGone(ctx, kind, key, uid); err != nil {
		return err
	}
	c.guard(kind, key.Namespace).release(key.Name)
	return nil
}

// isPrecondition recognises the refusal of a delete because of the uid, which
// has no reason code of its own and two wordings in kube-apiserver 1.34
// ("Precondition failed: UID …", "the UID in the precondition …").
func isPrecondition(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusConflict && strings.Contains(strings.ToLower(e.Message), "precondition")
}

// waitGone polls until the object is gone, which finalizers may delay.
func (c *Client) waitGone(ctx context.Context, kind Kind, key Key, uid string) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, goneWithin)
		defer cancel()
	}
	start := time.Now()
	for wait := firstPoll; ; wait = min(2*wait, slowPoll) {
		o, err := c.one(ctx, kind, key)
		switch {
		case api.IsNotFound(err):
			return nil
		case err != nil:
			return err
		case uid != "" && o.GetUID() != types.UID(uid):
			return nil
		}
		if err := sleep(ctx, wait); err != nil {
			return &HeldError{op: operation{"delete", kind, key}, finalizers: o.GetFinalizers(), secrets: c.secrets, after: time.Since(start), err: err}
		}
	}
}

// HeldError is a deleted object that does not go away.
type HeldError struct {
	op         operation
	finalizers []string
	secrets    *mask.Secrets
	after      time.Duration
	err        error
}

// Error names the object and what holds it.
func (e *HeldError) Error() string {
	s := fmt.Sprintf("%s: still there %s after it was deleted", e.op, e.after.Round(time.Second))
	if len(e.finalizers) > 0 {
		s += fmt.Sprintf(", held by finalizer %s", quoted(e.finalizers))
	}
	return e.secrets.Text(s)
}

// Hint says where to look.
func (e *HeldError) Hint() string {
	return "The controller that owns the finalizer has work left, or does not run. Look into its log, then run again; " +
		"`timeouts` allows more time."
}

// Unwrap returns what ended the wait.
func (e *HeldError) Unwrap() error { return e.err }
