package kongapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// pageSize is the most that Kong gives at once; more is refused.
const pageSize = 1000

// Collection is the entities of one kind. Values it returns are shared: do not change them.
type Collection[T Entity] struct {
	client *Client
	name   string // in paths: "services"
	shared *api.Shared[string, *T]
}

func collection[T Entity](c *Client, name string) *Collection[T] {
	col := &Collection[T]{client: c, name: name}
	col.shared = &api.Shared[string, *T]{One: col.read, Page: col.page}
	return col
}

// asked is an answer that has to be of the entity with an id or a name.
func (c *Collection[T]) asked(idOrName string) *api.Object[T] {
	return &api.Object[T]{
		Asked: fmt.Sprintf("the %s %q", strings.TrimSuffix(c.name, "s"), idOrName),
		Is: func(e *T) bool {
			return (*e).EntityID() != "" && (strings.EqualFold((*e).EntityID(), idOrName) || (*e).EntityKey() == idOrName)
		},
	}
}

// Get reads an entity by id or name. Many reads in a row are served from one listing.
func (c *Collection[T]) Get(ctx context.Context, idOrName string) (*T, error) {
	return c.shared.Get(ctx, idOrName)
}

// All reads every entity, in the order of their ids.
func (c *Collection[T]) All(ctx context.Context) ([]*T, error) {
	found, err := c.shared.All(ctx)
	if err != nil {
		return nil, err
	}
	var all []*T
	for _, key := range slices.Sorted(maps.Keys(found)) {
		if entity := found[key]; key == (*entity).EntityID() { // and not the name
			all = append(all, entity)
		}
	}
	return all, nil
}

// Create makes an entity with an id chosen by the caller, so that sending it again after a lost answer does no harm.
// Where the last answer was lost too, what became of it is looked up. An error for which api.Ambiguous holds leaves open
// whether the entity exists.
func (c *Collection[T]) Create(ctx context.Context, id string, entity *T) error {
	answer := c.asked(id)
	err := c.client.http.Do(ctx, http.MethodPut, api.Path(c.name, id), nil, entity, answer)
	made := &answer.Value
	if api.Ambiguous(err) {
		if found, readErr := c.read(api.Looking(ctx), id); readErr == nil {
			made, err = found, nil
		}
	}
	if err != nil {
		c.shared.Drop(id)
		return err
	}
	c.shared.Store(id, made)
	return nil
}

// Update sets every field of an entity; nil ones are cleared, and so are the fields named in cleared, which are left out
// of T when nil.
func (c *Collection[T]) Update(ctx context.Context, id string, entity *T, cleared ...string) error {
	patch, err := explicit(entity, cleared)
	if err != nil {
		return err
	}
	changed := c.asked(id)
	// It names every field, so that sending it twice is sending it once.
	err = c.client.http.Do(api.Idempotent(ctx), http.MethodPatch, api.Path(c.name, id), nil, patch, changed)
	if err != nil {
		c.shared.Drop(id)
		return err
	}
	c.shared.Store(id, &changed.Value)
	return nil
}

// explicit is an entity as JSON with a null for each field in cleared that it does not have.
func explicit(entity any, cleared []string) (map[string]json.RawMessage, error) {
	raw, err := json.Marshal(entity)
	if err != nil {
		return nil, err
	}
	patch := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &patch); err != nil {
		return nil, err
	}
	for _, name := range cleared {
		if _, has := patch[name]; !has {
			patch[name] = json.RawMessage("null")
		}
	}
	return patch, nil
}

// Delete removes an entity. Kong answers the same whether it was there or not.
func (c *Collection[T]) Delete(ctx context.Context, id string) error {
	err := c.client.http.Do(ctx, http.MethodDelete, api.Path(c.name, id), nil, nil, nil)
	c.shared.Drop(id)
	return err
}

func (c *Collection[T]) read(ctx context.Context, idOrName string) (*T, error) {
	answer := c.asked(idOrName)
	err := c.client.http.Do(ctx, http.MethodGet, api.Path(c.name, idOrName), nil, nil, answer)
	return &answer.Value, c.settle(ctx, err)
}

// settle decides whether a 404 means that the entity is missing.
func (c *Collection[T]) settle(ctx context.Context, err error) error {
	var refused *api.Error
	if !errors.As(err, &refused) || !errors.Is(refused.Err, errNothingThere) {
		return err
	}
	if err := c.client.confirm(ctx); err != nil {
		return err
	}
	refused.Err = api.ErrNotFound
	return refused
}

// page reads a page of the listing, each entity under its id and its name. A name cannot be mistaken for an id: Kong takes
// what looks like a UUID for an id, always.
func (c *Collection[T]) page(ctx context.Context, offset string) (api.Page[string, *T], error) {
	page := api.Page[string, *T]{Objects: map[string]*T{}}
	query := url.Values{"size": {strconv.Itoa(pageSize)}}
	if offset != "" {
		query.Set("offset", offset)
	}
	kind := "a list of " + c.name
	answer := api.Object[listed[T]]{Asked: kind, Is: func(l *listed[T]) bool { return l.Data.Values != nil }}
	answer.Value.Data = api.List[T]{Asked: kind, Is: func(e *T) bool { return (*e).EntityID() != "" }}
	if err := c.client.http.Do(ctx, http.MethodGet, api.Path(c.name), query, nil, &answer); err != nil {
		return page, err
	}
	for _, entity := range answer.Value.Data.Values {
		if key := (*entity).EntityKey(); key != "" {
			page.Objects[key] = entity
		}
	}
	for _, entity := range answer.Value.Data.Values { // an id stands for nothing else
		page.Objects[(*entity).EntityID()] = entity
	}
	if next := answer.Value.Offset; next != "" {
		page.Next = []string{next}
	}
	return page, nil
}

// listed is a page of a listing.
type listed[T any] struct {
	Data   api.List[T] `json:"data"`
	Offset string      `json:"offset"`
}
