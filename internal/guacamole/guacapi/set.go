package guacapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// createPause is the wait before the look for what a create has made. A
// variable so that tests need not wait.
var createPause = 500 * time.Millisecond

// object is what connections and groups have in common.
type object interface {
	// key is what is unique: name and parent.
	key() key
	identifier() string
}

type key struct{ parent, name string }

// set is one of Guacamole's collections.
type set[T object] struct {
	client *Client
	path   string // "/connections"
	kind   string // "connection"
	// same reports whether a stored object is what was sent.
	same func(ctx context.Context, stored, sent T) (bool, error)
	// check finds what cannot be in a listing; may be nil.
	check func(all map[string]T) error

	listing cache[map[string]T] // dropped by every write
	before  cache[map[string]T] // as it was when the run first asked; never dropped

	mu      sync.Mutex
	mine    map[string]bool // identifiers of what this run has made
	planned map[key]bool    // see Planned
}

func newSet[T object](c *Client, path, kind string) *set[T] {
	s := &set[T]{client: c, path: path, kind: kind, mine: map[string]bool{}, planned: map[key]bool{}}
	s.listing = cache[map[string]T]{fetch: s.list, lifetime: listingLifetime}
	s.before = cache[map[string]T]{fetch: s.listing.get}
	return s
}

func (s *set[T]) list(ctx context.Context) (map[string]T, error) {
	answer := api.Map[T]{Asked: "a map of " + s.kind + "s", Is: func(id string, o T) bool { return o.identifier() == id }}
	if err := s.client.do(ctx, http.MethodGet, s.path, nil, &answer); err != nil {
		return nil, err
	}
	if s.check != nil {
		if err := s.check(answer.Values); err != nil {
			return nil, err
		}
	}
	return answer.Values, nil
}

// read asks for one object.
func (s *set[T]) read(ctx context.Context, id string) (T, error) {
	answer := api.Object[T]{Asked: fmt.Sprintf("the %s %q", s.kind, id), Is: func(o *T) bool { return (*o).identifier() == id }}
	err := s.client.do(ctx, http.MethodGet, s.path+api.Path(id), nil, &answer)
	return answer.Value, err
}

// send sends a new object, which is answered with it and its identifier.
func (s *set[T]) send(ctx context.Context, sent T) (T, error) {
	answer := api.Object[T]{
		Asked: fmt.Sprintf("the new %s %q", s.kind, sent.key().name),
		Is:    func(o *T) bool { return (*o).identifier() != "" && (*o).key() == sent.key() },
	}
	err := s.client.do(ctx, http.MethodPost, s.path, sent, &answer)
	s.listing.drop()
	return answer.Value, err
}

// create sends a new object, and makes sure that there is one of it afterwards
// whatever becomes of the answer: what it finds under the name counts as its
// own only if it was not there before the run and is what was sent.
func (s *set[T]) create(ctx context.Context, sent T) (T, error) {
	var none T
	before, err := s.before.get(ctx)
	if err != nil {
		return none, err
	}
	made, err := api.Once[T]{
		What: fmt.Sprintf("the %s %q", s.kind, sent.key().name), Wait: createPause,
		Send:     func(ctx context.Context) (T, error) { return s.send(ctx, sent) },
		Look:     func(ctx context.Context) (T, error) { return s.look(ctx, sent.key()) },
		Conflict: func(err error) bool { return errors.Is(err, ErrExists) },
		Mine: func(found T) bool {
			_, old := before[found.identifier()]
			return !old && !s.owns(found.identifier())
		},
		Same:  func(ctx context.Context, found T) (bool, error) { return s.same(ctx, found, sent) },
		Taken: func(found T, lost error) error { return s.taken(sent, found.identifier(), lost) },
		Hopeless: func(ctx context.Context, err error) error {
			if s.client.lacks(ctx, sent.key().parent) {
				return &ParentError{Identifier: sent.key().parent, Err: err}
			}
			return nil
		},
	}.Do(ctx)
	if err == nil {
		s.own(made.identifier())
		return made, nil
	}
	return none, s.named(ctx, sent, err)
}

// named adds to Guacamole's word that a name is taken which object has it.
func (s *set[T]) named(ctx context.Context, sent T, err error) error {
	var known *NameError
	if !errors.Is(err, ErrExists) || errors.As(err, &known) {
		return err
	}
	id := ""
	if found, lookErr := s.look(ctx, sent.key()); lookErr == nil {
		id = found.identifier()
	}
	return s.taken(sent, id, err)
}

// look asks the server, not the listing, for an object by what is unique.
func (s *set[T]) look(ctx context.Context, k key) (T, error) {
	var none T
	all, err := s.list(ctx)
	if err != nil {
		return none, err
	}
	found := find(all, k)
	if found == nil {
		return none, missing(s.kind, k.name, place(k.parent))
	}
	return *found, nil
}

func find[T object](all map[string]T, k key) *T {
	for _, o := range all {
		if o.key() == k {
			return &o
		}
	}
	return nil
}

func (s *set[T]) taken(sent T, id string, cause error) error {
	return &NameError{Kind: s.kind, Name: sent.key().name, Parent: sent.key().parent, Identifier: id, Err: cause}
}

func (s *set[T]) own(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mine[id] = true
}

func (s *set[T]) owns(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mine[id]
}

// update replaces the object, and names a missing parent.
func (s *set[T]) update(ctx context.Context, o T) error {
	err := s.client.do(ctx, http.MethodPut, s.path+api.Path(o.identifier()), o, nil)
	s.listing.drop()
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrExists) {
		return s.named(ctx, o, err)
	}
	var e *api.Error
	if errors.As(err, &e) && e.Status == http.StatusInternalServerError && s.client.lacks(ctx, o.key().parent) {
		return &ParentError{Identifier: o.key().parent, Err: err}
	}
	return err
}

func (s *set[T]) remove(ctx context.Context, id string) error {
	err := s.client.do(ctx, http.MethodDelete, s.path+api.Path(id), nil, nil)
	s.listing.drop()
	return err
}

// plan remembers that an object is going to be created, and returns why that
// will not work: the identifier of the one that has its name, or that another
// one is planned to have it.
func (s *set[T]) plan(ctx context.Context, k key) (existing string, twice bool, err error) {
	before, err := s.before.get(ctx)
	if err != nil {
		return "", false, err
	}
	if found := find(before, k); found != nil {
		return (*found).identifier(), false, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	twice = s.planned[k]
	s.planned[k] = true
	return "", twice, nil
}

// lacks reports whether a group is known not to exist.
func (c *Client) lacks(ctx context.Context, group string) bool {
	if group == Root {
		return false
	}
	_, err := c.groups.read(ctx, group)
	return api.IsNotFound(err)
}

// equal compares values, of which absent and empty are the same.
func (v Values) equal(w Values) bool { return maps.Equal(v, w) }
