package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

// guardThreshold is how many creates look for their object by itself; the rest
// share one listing.
const guardThreshold = 3

// guard keeps creates from taking over objects that are someone else's. It
// looks once: what appears after that is caught as a conflict of fields.
type guard struct {
	one func(ctx context.Context, name string) (*Object, error)
	all func(ctx context.Context) (map[string]*Object, error)
	of  func(name string) operation
	// manager is the field manager whose objects are ours.
	manager string
	secrets *mask.Secrets

	mu      sync.Mutex
	looks   int
	listing chan struct{} // closed when managers and err are set; nil before
	// managers has the field managers of every object there was.
	managers map[string][]string
	err      error
	created  map[string]bool // by this run
	deleted  map[string]bool // since the listing
}

// guard returns the guard of one kind in one namespace.
func (c *Client) guard(kind Kind, namespace string) *guard {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := scope{kind.GroupVersionResource, namespace}
	g, ok := c.guards[at]
	if !ok {
		g = &guard{
			one:     func(ctx context.Context, name string) (*Object, error) { return c.one(ctx, kind, Key{namespace, name}) },
			all:     func(ctx context.Context) (map[string]*Object, error) { return c.all(ctx, kind, namespace) },
			of:      func(name string) operation { return operation{"create", kind, Key{namespace, name}} },
			manager: c.config.FieldManager, secrets: c.secrets, created: map[string]bool{}, deleted: map[string]bool{},
		}
		c.guards[at] = g
	}
	return g
}

// admit returns nil when the object may be created.
func (g *guard) admit(ctx context.Context, name string, options ApplyOptions) error {
	if !g.claim(name) {
		return &ExistsError{op: g.of(name), twice: true}
	}
	if options.Force {
		return nil
	}
	managers, exists, err := g.look(ctx, name)
	if errors.Is(err, errNotServed) {
		return nil // apply tells, and waits for a kind that has just been installed
	}
	if err != nil || !exists || slices.Contains(managers, g.manager) {
		return err
	}
	return &ExistsError{op: g.of(name), managers: managers, secrets: g.secrets}
}

// claim notes that this run creates name; false when it has done so before.
func (g *guard) claim(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.created[name] {
		return false
	}
	g.created[name] = true
	return true
}

// release notes that name has been deleted.
func (g *guard) release(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.created, name)
	g.deleted[name] = true
}

// look returns the managers of an object and whether there is one.
func (g *guard) look(ctx context.Context, name string) ([]string, bool, error) {
	g.mu.Lock()
	g.looks++
	single, leader := g.looks <= guardThreshold, false
	if !single && g.listing == nil {
		g.listing, leader = make(chan struct{}), true
	}
	listing := g.listing
	g.mu.Unlock()

	if leader {
		g.list(ctx)
	}
	if !single {
		select {
		case <-listing:
		case <-ctx.Done():
			return nil, false, context.Cause(ctx)
		}
	}
	if single || g.err != nil { // an account may be allowed to get and not to list
		o, err := g.one(ctx, name)
		if api.IsNotFound(err) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		return managersOf(o), true, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	managers, exists := g.managers[name]
	return managers, exists && !g.deleted[name], nil
}

// list takes the one listing. Deletions before it are in it.
func (g *guard) list(ctx context.Context) {
	g.mu.Lock()
	clear(g.deleted)
	g.mu.Unlock()
	all, err := g.all(ctx)
	g.managers, g.err = make(map[string][]string, len(all)), err
	for name, o := range all {
		g.managers[name] = managersOf(o)
	}
	close(g.listing)
}

// managersOf names who has set fields of o, apart from its status.
func managersOf(o *Object) []string {
	var names []string
	for _, entry := range managedFields(o) {
		if entry.Subresource == "" && !slices.Contains(names, entry.Manager) {
			names = append(names, entry.Manager)
		}
	}
	slices.Sort(names)
	return names
}

// ExistsError is a create of an object that exists.
type ExistsError struct {
	op       operation
	managers []string
	secrets  *mask.Secrets
	twice    bool
}

// Error names the object and who made it.
func (e *ExistsError) Error() string {
	switch {
	case e.twice:
		return fmt.Sprintf("%s: another resource of this configuration has just created it", e.op)
	case len(e.managers) == 0:
		return fmt.Sprintf("%s: it exists already, made by someone else", e.op)
	}
	return e.secrets.Text(fmt.Sprintf("%s: it exists already, managed by %s", e.op, quoted(e.managers)))
}

// Hint offers import and takeover.
func (e *ExistsError) Hint() string {
	if e.twice {
		return "Two resources have the same name. Give one of them another, or remove it."
	}
	return fmt.Sprintf("Import it with the id %q, or set `take_ownership = true` to let this resource take it over as it is.", e.op.key)
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(out, ", ")
}
