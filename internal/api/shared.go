package api

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"
)

const (
	// readsAlone is how many reads go out one by one before the first page is
	// worth its price: as many as Terraform has under way at once.
	readsAlone = 10
	// defaultPagePrice is that of a page of a thousand objects.
	defaultPagePrice = 50
	// enoughAsked is how many reads tell what share of them the pages answer.
	enoughAsked = 8
	// listingIdle ends a listing that nobody reads from any more. One that is
	// read from lives on, so that no plan lists twice, however slow.
	listingIdle = 30 * time.Second
)

// Page is a part of a listing.
type Page[K comparable, V any] struct {
	Objects map[K]V
	// Next are the cursors of the pages that follow: the next one, or all of
	// them where they are known.
	Next []string
	// Left is how many pages follow; 0 where the system does not tell.
	Left int
}

// Shared answers the reads of single objects of one kind. The first are read
// one by one; then a listing answers what its pages hold, as they come. It is
// fetched by readers, and no further than it pays: so that a plan over a
// thousand objects costs a few requests, and one over ten of twenty thousand
// costs ten. Any write drops what it could have changed.
//
// Values are shared between callers, who must not change them.
type Shared[K comparable, V any] struct {
	// One reads a single object; a missing one is an error that wraps
	// ErrNotFound.
	One func(ctx context.Context, key K) (V, error)
	// Page fetches a page, the first one for "".
	Page func(ctx context.Context, cursor string) (Page[K, V], error)
	// PagePrice is how many reads of single objects cost a system as much as a page.
	PagePrice int

	mu      sync.Mutex
	reads   int     // since the last write
	stored  map[K]V // answers of writes, each good for one read
	current *listing[K, V]
}

// listing is a listing as far as it has come. It is guarded by Shared.mu.
type listing[K comparable, V any] struct {
	found   map[K]V
	todo    []string        // cursors of pages that nobody has asked for
	known   map[string]bool // all cursors so far
	left    int             // pages to come, where counted
	counted bool            // whether the system tells how many
	pages   int             // that have come
	under   int             // pages under way
	came    chan struct{}   // closed when one of those has come

	asked   int // reads
	hits    int // of them, that a page has answered
	since   int // reads since the last page was asked for
	used    time.Time
	dropped bool
}

func newListing[K comparable, V any]() *listing[K, V] {
	return &listing[K, V]{found: map[K]V{}, todo: []string{""}, known: map[string]bool{"": true}, came: make(chan struct{})}
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
	if s.reads++; s.reads <= readsAlone {
		s.mu.Unlock()
		return s.One(ctx, key)
	}
	v, ok := s.find(ctx, s.join(), key)
	s.mu.Unlock()
	if ok {
		return v, nil
	}
	return s.One(ctx, key)
}

// join returns the current listing, a new one where there is none or it has
// not been read from for long. s.mu is held.
func (s *Shared[K, V]) join() *listing[K, V] {
	l := s.current
	if l == nil || l.under == 0 && time.Since(l.used) >= listingIdle {
		l = newListing[K, V]()
		s.current = l
	}
	l.asked++
	l.since++
	l.used = time.Now()
	return l
}

// find looks key up in the pages that have come, and waits for more or fetches
// them as long as that pays. s.mu is held, but not meanwhile.
func (s *Shared[K, V]) find(ctx context.Context, l *listing[K, V], key K) (V, bool) {
	for ctx.Err() == nil && !l.dropped {
		if v, ok := l.found[key]; ok {
			l.hits++
			return v, true
		}
		pays := s.pays(l)
		switch {
		case len(l.todo) > 0 && (pays || s.worthAPage(l)):
			s.fetch(ctx, l)
		case l.under > 0 && pays:
			came := l.came
			s.mu.Unlock()
			select {
			case <-came:
			case <-ctx.Done():
			}
			s.mu.Lock()
		default:
			var none V
			return none, false
		}
	}
	var none V
	return none, false
}

// pays reports whether the rest of the listing is worth waiting for: the first
// page, which is all that most systems have; all of it where pages answer so
// much that the system must be mostly ours, or where it is known to cost no
// more than the reads so far.
func (s *Shared[K, V]) pays(l *listing[K, V]) bool {
	return l.pages == 0 ||
		l.asked >= enoughAsked && 4*l.hits >= l.asked ||
		l.counted && l.left*s.pagePrice() <= s.reads
}

// worthAPage reports whether so many reads went out since the last page that
// another one has earned its price, of a listing whose end is not known: so it
// never costs more than the reads it might have saved.
func (s *Shared[K, V]) worthAPage(l *listing[K, V]) bool {
	return !l.counted && l.under == 0 && l.since > s.pagePrice()
}

func (s *Shared[K, V]) pagePrice() int {
	if s.PagePrice == 0 {
		return defaultPagePrice
	}
	return s.PagePrice
}

// fetch fetches the next page. After one that fails there are no others: what
// is missing is read by itself. s.mu is held, but not meanwhile.
func (s *Shared[K, V]) fetch(ctx context.Context, l *listing[K, V]) {
	cursor := l.todo[0]
	l.todo = l.todo[1:]
	l.under++
	l.since = 0
	s.mu.Unlock()
	page, err := s.Page(ctx, cursor)
	s.mu.Lock()
	l.under--
	switch {
	case err == nil:
		l.add(page)
	case ctx.Err() != nil: // which is no reason for the others
		l.todo = append([]string{cursor}, l.todo...)
	default:
		l.pages++
		l.todo = nil
	}
	l.used = time.Now()
	close(l.came)
	l.came = make(chan struct{})
}

func (l *listing[K, V]) add(page Page[K, V]) {
	before := len(l.found)
	maps.Copy(l.found, page.Objects)
	l.pages++
	for _, cursor := range page.Next {
		if !l.known[cursor] {
			l.known[cursor] = true
			l.todo = append(l.todo, cursor)
		}
	}
	if len(l.found) == before || l.pages >= mostPages {
		l.todo = nil // else pages that go round in circles would have no end
	}
	l.left = max(l.left-1, page.Left)
	l.counted = l.counted || page.Left > 0
}

// Drop forgets everything that was read before: call it after every write that
// succeeded, failed, or may have done either.
func (s *Shared[K, V]) Drop(keys ...K) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
	for _, k := range keys {
		delete(s.stored, k)
	}
}

func (s *Shared[K, V]) drop() {
	if s.current != nil {
		s.current.dropped = true
		s.current = nil
	}
	s.reads = 0
}

// Store keeps what the answer of a write said about an object for the one read
// that follows it. It implies Drop.
func (s *Shared[K, V]) Store(key K, value V) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
	if s.stored == nil {
		s.stored = map[K]V{}
	}
	s.stored[key] = value
}

// IsNotFound reports whether err means that the object does not exist.
func IsNotFound(err error) bool { return errors.Is(err, ErrNotFound) }
