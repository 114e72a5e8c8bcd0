package api

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

// shelf is a Shared over objects 0…n-1 that counts its calls. A page takes a
// tenth of a second, a read a hundredth.
type shelf struct {
	Shared[int, string]
	ones, pages atomic.Int64
}

// counts are ways to say what follows a page.
type counts int

const (
	nothing  counts = iota // only where the next one is, as Kong does
	howMany                // as Kubernetes does
	allPages               // as Harbor does
)

func newShelf(n, size int, knows counts) *shelf {
	s := &shelf{}
	s.One = func(ctx context.Context, k int) (string, error) {
		s.ones.Add(1)
		time.Sleep(10 * time.Millisecond)
		if k < 0 || k >= n {
			return "", fmt.Errorf("object %d: %w", k, ErrNotFound)
		}
		return fmt.Sprint("one ", k), ctx.Err()
	}
	s.Page = func(ctx context.Context, cursor string) (Page[int, string], error) {
		s.pages.Add(1)
		time.Sleep(100 * time.Millisecond)
		at, _ := strconv.Atoi(cursor)
		page := Page[int, string]{Objects: map[int]string{}}
		for k := at; k < min(at+size, n); k++ {
			page.Objects[k] = fmt.Sprint("listed ", k)
		}
		for next := at + size; next < n; next += size {
			if knows != allPages || cursor == "" {
				page.Next = append(page.Next, strconv.Itoa(next))
			}
		}
		if knows != nothing {
			page.Left = len(page.Next)
		}
		if knows != allPages && page.Next != nil {
			page.Next = page.Next[:1]
		}
		return page, ctx.Err()
	}
	return s
}

// read reads every step-th object, ten at a time.
func (s *shelf) read(t *testing.T, ours, step int) {
	t.Helper()
	faulty.AsTerraform(ours, func(i int) {
		k := i * 7919 % ours * step // in no particular order
		v, err := s.Get(t.Context(), k)
		if err != nil || v != fmt.Sprint("one ", k) && v != fmt.Sprint("listed ", k) {
			t.Errorf("%d is %q, %v", k, v, err)
		}
	})
}

func (s *shelf) calls(t *testing.T, ones, pages int64) {
	t.Helper()
	if s.ones.Load() != ones || s.pages.Load() != pages {
		t.Errorf("%d single reads and %d pages, want %d and %d", s.ones.Load(), s.pages.Load(), ones, pages)
	}
}

// What is read costs about what it must, whatever else the system holds.
func TestSharedCosts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ours, all   int
		knows       counts
		size, price int
		ones, pages int64 // at most
	}{
		{10, 20_000, nothing, 1000, 50, 10, 0},
		{60, 20_000, nothing, 1000, 50, 60, 1},
		{500, 20_000, nothing, 1000, 50, 490, 9},
		{1000, 1000, nothing, 1000, 50, 10, 1},
		{3000, 3000, nothing, 1000, 50, 80, 3},

		{10, 20_000, howMany, 500, 25, 10, 0},
		{60, 20_000, howMany, 500, 25, 60, 1},
		{500, 20_000, howMany, 500, 25, 490, 1},
		{1000, 1000, howMany, 500, 25, 25, 2},
		{3000, 3000, howMany, 500, 25, 160, 6},

		{10, 20_000, allPages, 100, 15, 10, 0},
		{60, 20_000, allPages, 100, 15, 60, 1},
		{500, 20_000, allPages, 100, 15, 500, 1},
		{300, 300, allPages, 100, 15, 50, 3},
		{1000, 1000, allPages, 100, 15, 140, 10},
	} {
		t.Run(fmt.Sprintf("%d of %d, %d a page", tt.ours, tt.all, tt.size), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newShelf(tt.all, tt.size, tt.knows)
				s.PagePrice = tt.price
				begin := time.Now()
				s.read(t, tt.ours, tt.all/tt.ours)
				t.Logf("%d single reads, %d pages, %s", s.ones.Load(), s.pages.Load(), time.Since(begin))
				if s.ones.Load() > tt.ones || s.pages.Load() > tt.pages {
					t.Errorf("%d single reads and %d pages, want at most %d and %d", s.ones.Load(), s.pages.Load(), tt.ones, tt.pages)
				}
			})
		})
	}
}

// A plan that takes minutes lists once; the next one, later, lists anew.
func TestSharedInASlowPlan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(500, 1000, nothing)
		for k := range 500 {
			_, _ = s.Get(t.Context(), k)
			time.Sleep(time.Second)
		}
		s.calls(t, readsAlone, 1)
		time.Sleep(listingIdle - time.Second - time.Nanosecond)
		_, _ = s.Get(t.Context(), 1)
		s.calls(t, readsAlone, 1)
		time.Sleep(listingIdle)
		_, _ = s.Get(t.Context(), 1)
		s.calls(t, readsAlone, 2)
	})
}

// Where nobody reads nothing is fetched.
func TestSharedFetchesForReadersOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(5000, 1000, nothing)
		for k := range readsAlone + 3 {
			_, _ = s.Get(t.Context(), k)
		}
		time.Sleep(time.Hour)
		s.calls(t, readsAlone, 1)
	})
	// Three answers tell nothing about the fourth.
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(5000, 1000, nothing)
		for k := range readsAlone + 3 {
			_, _ = s.Get(t.Context(), k)
		}
		_, _ = s.Get(t.Context(), 1500)
		s.calls(t, readsAlone+1, 1)
	})
}

func TestSharedConfirmsMissing(t *testing.T) {
	t.Parallel()
	s := newShelf(20, 1000, nothing)
	for k := range 20 {
		_, _ = s.Get(t.Context(), k)
	}
	if _, err := s.Get(t.Context(), 70); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v for a missing object", err)
	}
	s.calls(t, readsAlone+1, 1)
}

func TestSharedForgetsOnWrite(t *testing.T) {
	t.Parallel()
	s := newShelf(20, 1000, nothing)
	for k := range 20 {
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
	s := newShelf(20, 1000, nothing)
	page := s.Page
	s.Page = func(ctx context.Context, cursor string) (Page[int, string], error) {
		p, err := page(ctx, cursor)
		s.Drop(5) // a write while the listing is under way
		return p, err
	}
	for k := range readsAlone {
		_, _ = s.Get(t.Context(), k)
	}
	if v, _ := s.Get(t.Context(), 5); v != "one 5" {
		t.Errorf("got %q from a listing that a write has overtaken", v)
	}
}

// After a page that fails (no right to list, an expired cursor) what has come
// still serves, and the rest is read by itself.
func TestSharedSurvivesAFailedPage(t *testing.T) {
	t.Parallel()
	for _, knows := range []counts{nothing, howMany, allPages} {
		for _, failing := range []int64{1, 2} {
			synctest.Test(t, func(t *testing.T) {
				s := newShelf(400, 100, knows)
				s.PagePrice = 1
				page := s.Page
				s.Page = func(ctx context.Context, cursor string) (Page[int, string], error) {
					p, err := page(ctx, cursor)
					if s.pages.Load() >= failing {
						return Page[int, string]{}, errors.New("410 Gone")
					}
					return p, err
				}
				s.read(t, 400, 1)
				if listed := 400 - s.ones.Load(); failing == 2 && listed < 50 || failing == 1 && listed != 0 {
					t.Errorf("page %d fails: %d objects were listed", failing, listed)
				}
				if s.pages.Load() > failing+8 { // those that were under way side by side
					t.Errorf("%d pages after number %d has failed", s.pages.Load(), failing)
				}
			})
		}
	}
}

// Pages that lead back to each other end.
func TestSharedOfPagesWithoutEnd(t *testing.T) {
	t.Parallel()
	s := newShelf(100, 100, nothing)
	page := s.Page
	s.Page = func(ctx context.Context, cursor string) (Page[int, string], error) {
		p, err := page(ctx, cursor)
		p.Next = []string{"0"}
		return p, err
	}
	s.read(t, 100, 1)
	if _, err := s.Get(t.Context(), -1); !IsNotFound(err) {
		t.Error(err)
	}
	s.calls(t, readsAlone+1, 2)
}

// The reader that fetches is interrupted: another one fetches for the others.
func TestSharedWithoutItsFetcher(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(100, 100, nothing)
		for k := range readsAlone {
			_, _ = s.Get(t.Context(), k)
		}
		interrupted, interrupt := context.WithCancel(t.Context())
		go func() { _, _ = s.Get(interrupted, 50) }()
		synctest.Wait()
		var others sync.WaitGroup
		for k := range 5 {
			others.Go(func() {
				if v, err := s.Get(t.Context(), k); v != fmt.Sprint("listed ", k) || err != nil {
					t.Errorf("got %q, %v", v, err)
				}
			})
		}
		synctest.Wait()
		interrupt()
		others.Wait()
		s.calls(t, readsAlone+1, 2)
	})
}

// Writes and reads at once, for the race detector.
func TestSharedUnderWrites(t *testing.T) {
	t.Parallel()
	s := newShelf(500, 100, allPages)
	var both sync.WaitGroup
	both.Go(func() { s.read(t, 500, 1) })
	both.Go(func() {
		for k := range 50 {
			s.Store(k, fmt.Sprint("one ", k))
			s.Drop(k + 1)
		}
	})
	both.Wait()
}
