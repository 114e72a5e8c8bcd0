package api

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// shelf is a Shared over objects 0…n-1 that counts its calls.
type shelf struct {
	Shared[int, string]
	ones, alls atomic.Int64
}

func newShelf(n int) *shelf {
	s := &shelf{}
	s.One = func(_ context.Context, k int) (string, error) {
		s.ones.Add(1)
		if k >= n {
			return "", fmt.Errorf("object %d: %w", k, ErrNotFound)
		}
		return fmt.Sprint("one ", k), nil
	}
	s.All = func(context.Context) (map[int]string, error) {
		s.alls.Add(1)
		all := map[int]string{}
		for k := range n {
			all[k] = fmt.Sprint("all ", k)
		}
		return all, nil
	}
	return s
}

func (s *shelf) calls(t *testing.T, ones, alls int64) {
	t.Helper()
	if s.ones.Load() != ones || s.alls.Load() != alls {
		t.Errorf("%d single reads and %d listings, want %d and %d", s.ones.Load(), s.alls.Load(), ones, alls)
	}
}

func TestSharedListsPastTheThreshold(t *testing.T) {
	t.Parallel()
	s := newShelf(1000)
	var wait sync.WaitGroup
	for k := range 1000 {
		wait.Go(func() {
			if _, err := s.Get(t.Context(), k); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	s.calls(t, sharedThreshold, 1)
}

func TestSharedConfirmsMissing(t *testing.T) {
	t.Parallel()
	s := newShelf(5)
	for k := range 5 {
		_, _ = s.Get(t.Context(), k)
	}
	if _, err := s.Get(t.Context(), 7); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v for a missing object", err)
	}
	s.calls(t, sharedThreshold+1, 1)
}

func TestSharedForgetsOnWrite(t *testing.T) {
	t.Parallel()
	s := newShelf(10)
	for k := range 10 {
		_, _ = s.Get(t.Context(), k)
	}
	s.Drop(1)
	if v, _ := s.Get(t.Context(), 1); v != "one 1" {
		t.Errorf("got %q after a write, want a fresh read", v)
	}
	s.Store(2, "answer")
	if v, _ := s.Get(t.Context(), 2); v != "answer" {
		t.Errorf("got %q, want the answer of the write", v)
	}
	if v, _ := s.Get(t.Context(), 2); v != "one 2" {
		t.Errorf("got %q, want the answer of the write to serve one read only", v)
	}
}

func TestSharedIgnoresAnOvertakenListing(t *testing.T) {
	t.Parallel()
	s := newShelf(10)
	all := s.All
	s.All = func(ctx context.Context) (map[int]string, error) {
		v, err := all(ctx)
		s.Drop(5) // a write while the listing is under way
		return v, err
	}
	for k := range sharedThreshold {
		_, _ = s.Get(t.Context(), k)
	}
	if v, _ := s.Get(t.Context(), 5); v != "one 5" {
		t.Errorf("got %q from a listing that a write has overtaken", v)
	}
}

func TestSharedSurvivesAFailedListing(t *testing.T) {
	t.Parallel()
	s := newShelf(10)
	s.All = func(context.Context) (map[int]string, error) { return nil, errors.New("no right to list") }
	for k := range 10 {
		if v, err := s.Get(t.Context(), k); err != nil || v != fmt.Sprint("one ", k) {
			t.Errorf("got %q, %v", v, err)
		}
	}
}
