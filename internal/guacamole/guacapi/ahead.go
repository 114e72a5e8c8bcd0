package guacapi

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
)

const (
	// mostAhead bounds the requests under way for parameters that nobody has
	// asked for yet. Terraform itself reads ten objects at a time.
	mostAhead = 48
	// firstAhead and aheadPerAsked bound how far the fetching runs ahead of
	// the asking: a configuration with 30 of 5,000 connections costs some
	// hundreds of requests, one with all of them is never held up.
	firstAhead    = 100
	aheadPerAsked = 10
)

// ahead fetches the parameters of connections before they are asked for, since
// Guacamole has no call for the parameters of more than one. It asks once for
// each: what someone needs that nobody has begun to fetch is fetched at once,
// by the one who needs it.
type ahead struct {
	fetch   func(ctx context.Context, id string) (Values, error)
	workers int
	ctx     context.Context // of the workers; ended when a run is interrupted
	cancel  context.CancelFunc

	mu      sync.Mutex
	queue   []string // by ascending identifier, the order of creation
	answers map[string]*result[Values]
	asked   int
	fetched int
	running int
}

func newAhead(ctx context.Context, workers int, ids []string, fetch func(context.Context, string) (Values, error)) *ahead {
	// Longer numbers are larger: no need to parse them.
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	a := &ahead{fetch: fetch, workers: workers, queue: ids, answers: make(map[string]*result[Values], len(ids))}
	a.ctx, a.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return a
}

// get returns the parameters of a connection.
func (a *ahead) get(ctx context.Context, id string) (Values, error) {
	r, begun := a.ask(id)
	if !begun {
		a.run(ctx, id, r)
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		a.stop() // an interrupted run wants no more
		return nil, ctx.Err()
	}
	if errors.Is(r.err, context.Canceled) && ctx.Err() == nil {
		return a.fetch(ctx, id) // it was someone else who gave up
	}
	return r.value, r.err
}

// ask finds the answer for id, or makes room for it, and lets the workers go on.
func (a *ahead) ask(id string) (r *result[Values], begun bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	r, begun = a.answers[id]
	if !begun {
		r = &result[Values]{done: make(chan struct{})}
		a.answers[id] = r
	}
	for a.running < a.workers && a.wanted() {
		a.running++
		go a.work()
	}
	return r, begun
}

func (a *ahead) wanted() bool {
	return len(a.queue) > 0 && a.fetched < firstAhead+aheadPerAsked*a.asked && a.ctx.Err() == nil
}

func (a *ahead) run(ctx context.Context, id string, r *result[Values]) {
	defer close(r.done)
	r.value, r.err = a.fetch(ctx, id)
}

func (a *ahead) work() {
	for {
		id, r := a.next()
		if r == nil {
			return
		}
		a.run(a.ctx, id, r)
	}
}

// next takes the next identifier that nobody has asked for; a nil result ends
// the worker.
func (a *ahead) next() (string, *result[Values]) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.wanted() {
		id := a.queue[0]
		a.queue = a.queue[1:]
		if _, begun := a.answers[id]; begun {
			continue
		}
		r := &result[Values]{done: make(chan struct{})}
		a.answers[id] = r
		a.fetched++
		return id, r
	}
	a.running--
	return "", nil
}

func (a *ahead) stop() { a.cancel() }

// lookahead is the ahead of the current listing.
type lookahead struct {
	mu     sync.Mutex
	now    *ahead
	served map[string]bool // what has been asked for before, and will hardly be again
}

// use replaces the current one, which stops.
func (l *lookahead) use(a *ahead) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now != nil {
		l.now.stop()
	}
	l.now = a
}

// unserved leaves out of ids those that a run has read before: when a listing
// is made anew in the middle of a long run, fetching them again is for nothing.
func (l *lookahead) unserved(ids []string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(ids, func(id string) bool { return l.served[id] })
}

// serve remembers that id has been read.
func (l *lookahead) serve(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.served == nil {
		l.served = map[string]bool{}
	}
	l.served[id] = true
}
