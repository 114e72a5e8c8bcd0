package api

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// rememberFailure is how long a failure stands for those who come after it: a
// plan has long asked for all its objects by then, and one that waited for a
// system that does not answer need not wait for it again.
const rememberFailure = 10 * time.Second

// Need is what someone is up to. A failure stands for those whose need is no
// greater than that of the one who has failed.
type Need int

// The needs, the smaller first.
const (
	ToRead  Need = iota
	ToWrite      // tries anew what a read has found to fail
	ToLook       // for what has become of a write, which must be known if it can be
)

type needKey struct{}

// Looking marks the requests made with the returned context as a look for what
// has become of a write.
func Looking(ctx context.Context) context.Context { return context.WithValue(ctx, needKey{}, ToLook) }

// NeedOf is the need of a request with a method, or that of what it is made for.
func NeedOf(ctx context.Context, method string) Need {
	need := ToWrite
	if method == http.MethodGet || method == http.MethodHead {
		need = ToRead
	}
	of, _ := ctx.Value(needKey{}).(Need)
	return max(need, of)
}

// Flight does something once for all who want it at the same time: logging in,
// asking for a version. What came of it is kept, a failure for some seconds
// only. The zero value is ready.
type Flight[T any] struct {
	mu  sync.Mutex
	now *result[T]
}

// result is what comes of one try, under way until done is closed.
type result[T any] struct {
	done   chan struct{}
	value  T
	err    error
	need   Need
	until  time.Time // when a failure is forgotten
	gaveUp bool      // the one who tried was interrupted, which says nothing to the others
}

// Do returns what a try has brought, waits for the one that is under way, or
// tries.
func (f *Flight[T]) Do(ctx context.Context, need Need, try func(context.Context) (T, error)) (T, error) {
	for {
		r, ours := f.join(need)
		if ours {
			r.try(context.WithValue(ctx, needKey{}, need), try)
			return r.value, r.err
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		}
		if !r.gaveUp {
			return r.value, r.err
		}
	}
}

// join returns the result to wait for, or a new one for the caller to bring about.
func (f *Flight[T]) join(need Need) (r *result[T], ours bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now != nil && f.now.stands(need) {
		return f.now, false
	}
	f.now = &result[T]{done: make(chan struct{}), need: need}
	return f.now, true
}

func (r *result[T]) stands(need Need) bool {
	select {
	case <-r.done:
		return r.err == nil || !r.gaveUp && need <= r.need && time.Now().Before(r.until)
	default:
		return true
	}
}

func (r *result[T]) try(ctx context.Context, try func(context.Context) (T, error)) {
	r.gaveUp = true // unless try returns
	defer close(r.done)
	r.value, r.err = try(ctx)
	r.gaveUp = r.err != nil && ctx.Err() != nil
	r.until = time.Now().Add(rememberFailure)
}

// Contact is the first contact with a system. As long as nothing was heard of
// it one call goes ahead and the others wait, so that a system that does not
// answer costs one time-out, not one for each object.
type Contact struct{ first Flight[struct{}] }

// Do makes call, which tells whether the system has answered, be it with a
// refusal. An error of Do itself is why it does not answer; then call was not made.
func (c *Contact) Do(ctx context.Context, need Need, call func(context.Context) (heard bool, err error)) error {
	called := false
	_, silent := c.first.Do(ctx, need, func(ctx context.Context) (struct{}, error) {
		called = true
		heard, err := call(ctx)
		if heard {
			err = nil
		}
		return struct{}{}, err
	})
	if called {
		return nil
	}
	if silent != nil {
		return silent
	}
	_, _ = call(ctx)
	return nil
}
