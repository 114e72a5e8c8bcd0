package api

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// sharedThreshold is how many reads go out one by one before a listing is
	// worth its price.
	sharedThreshold = 3
	// sharedFor bounds the age of a listing: long enough for a refresh of
	// thousands of objects, short enough that nobody acts on old news.
	sharedFor = 30 * time.Second
)

// Shared answers the reads of single objects of one kind. The first few are
// read one by one; past a small threshold one listing of all objects serves
// the rest, so that a plan over a thousand objects costs a few requests. Any
// write drops what it could have changed.
//
// Values are shared between callers, who must not change them.
type Shared[K comparable, V any] struct {
	// One reads a single object; a missing one is an error that wraps
	// ErrNotFound.
	One func(ctx context.Context, key K) (V, error)
	// All lists every object.
	All func(ctx context.Context) (map[K]V, error)

	mu      sync.Mutex
	reads   int
	stored  map[K]V // answers of writes, each good for one read
	current *listing[K, V]
}

// listing is one call of All, under way until done is closed.
type listing[K comparable, V any] struct {
	done    chan struct{}
	all     map[K]V
	err     error
	expires time.Time
	dropped bool // guarded by Shared.mu
}

// Get returns the object named key. An object that a listing does not have is
// asked for by itself before it counts as missing, since objects may appear,
// or pages shift, while a listing is under way.
func (s *Shared[K, V]) Get(ctx context.Context, key K) (V, error) {
	s.mu.Lock()
	if v, ok := s.stored[key]; ok {
		delete(s.stored, key)
		s.mu.Unlock()
		return v, nil
	}
	s.reads++
	if s.reads <= sharedThreshold {
		s.mu.Unlock()
		return s.One(ctx, key)
	}
	l, leader := s.join()
	s.mu.Unlock()

	if leader {
		l.all, l.err = s.All(ctx)
		l.expires = time.Now().Add(sharedFor)
		close(l.done)
	}
	v, ok := s.find(ctx, l, key)
	if ok {
		return v, nil
	}
	return s.One(ctx, key)
}

// join returns the current listing, a new one where there is none or it is too
// old. The caller that gets leader must fill it. s.mu is held.
func (s *Shared[K, V]) join() (l *listing[K, V], leader bool) {
	if s.current != nil {
		select {
		case <-s.current.done:
			if s.current.err == nil && time.Now().Before(s.current.expires) {
				return s.current, false
			}
		default:
			return s.current, false
		}
	}
	s.current = &listing[K, V]{done: make(chan struct{})}
	return s.current, true
}

// find waits for the listing and looks key up. A listing that failed, or that a
// write has overtaken, has nothing.
func (s *Shared[K, V]) find(ctx context.Context, l *listing[K, V], key K) (V, bool) {
	var none V
	select {
	case <-l.done:
	case <-ctx.Done():
		return none, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.err != nil || l.dropped {
		return none, false
	}
	v, ok := l.all[key]
	return v, ok
}

// Drop forgets everything that was read before: call it after every write that
// succeeded, failed, or may have done either.
func (s *Shared[K, V]) Drop(keys ...K) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		s.current.dropped = true
		s.current = nil
	}
	s.reads = 0
	for _, k := range keys {
		delete(s.stored, k)
	}
}

// Store keeps what the answer of a write said about an object for the one read
// that follows it. It implies Drop.
func (s *Shared[K, V]) Store(key K, value V) {
	s.Drop()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stored == nil {
		s.stored = map[K]V{}
	}
	s.stored[key] = value
}

// IsNotFound reports whether err means that the object does not exist.
func IsNotFound(err error) bool { return errors.Is(err, ErrNotFound) }
