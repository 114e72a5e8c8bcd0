package guacapi

import (
	"context"
	"sync"
	"time"
)

// listingLifetime bounds the age of a listing.
const listingLifetime = 30 * time.Second

// cache keeps the result of one fetch for everyone who asks while it is fresh.
// Those who ask while it is under way wait for it, errors included; an error
// is not kept.
type cache[T any] struct {
	fetch    func(context.Context) (T, error)
	lifetime time.Duration // forever when zero

	mu  sync.Mutex
	now *result[T]
}

type result[T any] struct {
	done  chan struct{}
	value T
	err   error
	until time.Time
}

func (c *cache[T]) get(ctx context.Context) (T, error) {
	r := c.join(ctx)
	select {
	case <-r.done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// join returns the current result, or begins a new one. The fetch goes on when
// the caller that began it is gone: others may wait for it.
func (c *cache[T]) join(ctx context.Context) *result[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now != nil && c.now.fresh() {
		return c.now
	}
	r := &result[T]{done: make(chan struct{})}
	c.now = r
	go func() {
		defer close(r.done)
		r.value, r.err = c.fetch(context.WithoutCancel(ctx))
		if c.lifetime > 0 {
			r.until = time.Now().Add(c.lifetime)
		}
	}()
	return r
}

// fresh reports whether the result can be used, or will be.
func (r *result[T]) fresh() bool {
	select {
	case <-r.done:
		return r.err == nil && (r.until.IsZero() || time.Now().Before(r.until))
	default:
		return true
	}
}

// drop forgets the result: a write has happened.
func (c *cache[T]) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = nil
}
