package harborapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// kind is what a collection knows of its objects.
type kind[T any] struct {
	// name is what messages call one: "replication policy". With "_" for " " it
	// is the end of the resource's type.
	name string
	// path is that of the listing; {project} in it stands for the number of the project.
	path string
	// within is the query of the listing of a project, or of all of Harbor for 0.
	within func(project int64) url.Values
	of     func(*T) object
	// toCreate is the body of a create in a project, or in all of Harbor for 0;
	// the object itself where there is none.
	toCreate func(asked *T, project int64) any
	// same tells whether what was found is what was asked for.
	same func(asked, found *T) bool
	// touched drops what else a write changes.
	touched func()
}

// object is what every object has.
type object struct {
	id   int64
	name string // unique in its project
	made time.Time
}

// Collection is the objects of one kind that Harbor keeps under a number, those
// of all of Harbor or, after In, those of a project. Values it returns are
// shared: do not change them.
type Collection[T any] struct {
	kind[T]

	client  *Client
	project int64 // 0 for all of Harbor
	reads   *api.Shared[int64, *T]
	all     *scopes[T]
}

// scopes are all collections of one kind, by project.
type scopes[T any] struct {
	mu sync.Mutex
	in map[int64]*Collection[T]
}

// collection returns the objects of a kind, and makes the kind known to messages.
func collection[T any](c *Client, k kind[T]) *Collection[T] {
	c.kinds.add(k.path, k.name)
	root := &Collection[T]{kind: k, client: c, all: &scopes[T]{in: map[int64]*Collection[T]{}}}
	return root.In(0)
}

// In returns the objects of a project; 0 stands for those of all of Harbor.
func (c *Collection[T]) In(project int64) *Collection[T] {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	if known := c.all.in[project]; known != nil {
		return known
	}
	col := &Collection[T]{kind: c.kind, client: c.client, project: project, all: c.all}
	col.reads = col.sharedReads(col.request(""))
	c.all.in[project] = col
	return col
}

// sharedReads are those of a listing, which has only objects with a number.
func (c *Collection[T]) sharedReads(list request) *api.Shared[int64, *T] {
	is := func(item *T) bool { return c.of(item).id > 0 }
	keep := func(out map[int64]*T, item *T) { out[c.of(item).id] = item }
	return shared(c.client, c.read, listing[T]{list, plural(c.name), is}, keep)
}

func plural(kind string) string {
	if before, ok := strings.CutSuffix(kind, "y"); ok {
		return before + "ies"
	}
	return kind + "s"
}

// request is one for the listing, or for what is below it.
func (c *Collection[T]) request(below string) request {
	r := request{method: http.MethodGet, path: c.path + below, params: map[string]string{}}
	if strings.Contains(c.path, "{project}") {
		r.params["project"] = strconv.FormatInt(c.project, 10)
	}
	if below == "" && c.within != nil {
		r.query = c.within(c.project)
	}
	return r
}

// requestTo is one for an object.
func (c *Collection[T]) requestTo(method string, id int64, body any) request {
	r := c.request("/{id}")
	r.method, r.body = method, body
	r.params["id"] = strconv.FormatInt(id, 10)
	return r
}

// Get reads an object. Many reads in a row are served from a listing.
func (c *Collection[T]) Get(ctx context.Context, id int64) (*T, error) { return c.reads.Get(ctx, id) }

func (c *Collection[T]) read(ctx context.Context, id int64) (*T, error) {
	answer := api.Object[T]{Asked: c.asked(id), Is: func(item *T) bool { return c.of(item).id == id }}
	_, err := c.client.send(ctx, c.requestTo(http.MethodGet, id, nil), &answer)
	return &answer.Value, err
}

func (c *Collection[T]) asked(id int64) string { return fmt.Sprintf("the %s %d", c.name, id) }

// Named finds an object by its exact name: Harbor's queries may return more.
func (c *Collection[T]) Named(ctx context.Context, name string) (*T, error) {
	r := c.request("")
	if !hasOperators(name) {
		r.query = maps.Clone(r.query)
		if r.query == nil {
			r.query = url.Values{}
		}
		// Harbor unescapes the value twice.
		r.query.Set("q", "name="+url.QueryEscape(name))
	}
	found, err := c.sharedReads(r).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, item := range found {
		if c.of(item).name == name {
			return item, nil
		}
	}
	return nil, &api.Error{
		System: "harbor", Method: r.method, Path: basePath + c.path,
		Err:    fmt.Errorf("no %s is named %q: %w", c.name, name, api.ErrNotFound),
		Advice: "Check the name, upper and lower case included. Harbor shows an account only what it may see.",
	}
}

// Create makes an object and returns its number. One whose answer was lost is
// looked for by its name, and adopted when it is what was asked for.
func (c *Collection[T]) Create(ctx context.Context, asked *T) (int64, error) {
	name := c.of(asked).name
	importID := name
	if c.project != 0 {
		p, err := c.client.ProjectByID(ctx, c.project)
		if err != nil {
			return 0, &ProjectError{c.project, err}
		}
		importID = p.Name + "/" + name
	}
	defer c.changed()
	r := c.request("")
	r.method, r.query = http.MethodPost, nil
	var err error
	if r.body, err = c.body(asked); err != nil {
		return 0, err
	}
	return creation[T]{
		kind: c.name, importID: importID, request: r, of: c.of,
		find: func(ctx context.Context) (*T, error) { return c.Named(ctx, name) },
		same: func(found *T) bool { return c.same(asked, found) },
	}.run(ctx, c.client)
}

// body is that of a create.
func (c *Collection[T]) body(asked *T) (any, error) {
	if m, merges := any(asked).(merger); merges {
		return m.over(nil)
	}
	if c.toCreate != nil {
		return c.toCreate(asked, c.project), nil
	}
	return asked, nil
}

// merger is a change that has to know what is there, because Harbor resets
// what a PUT leaves out.
type merger interface {
	over(have map[string]any) (map[string]any, error)
}

// Update changes an object: to what change is, or to what it makes of the one
// that is there.
func (c *Collection[T]) Update(ctx context.Context, id int64, change any) error {
	defer c.client.locks.lock(c.name, id)()
	defer c.changed()
	m, merges := change.(merger)
	if !merges {
		_, err := c.client.send(ctx, c.requestTo(http.MethodPut, id, change), nil)
		return err
	}
	// A PUT that meets another one of the same object may be answered with 404;
	// one of an object that is gone as well, and then the read says so.
	return contended(ctx, http.StatusNotFound, func() error {
		have := api.Object[map[string]any]{Asked: c.asked(id), Is: func(have *map[string]any) bool { return (*have)["id"] == float64(id) }}
		if _, err := c.client.send(ctx, c.requestTo(http.MethodGet, id, nil), &have); err != nil {
			return gone(err)
		}
		body, err := m.over(have.Value)
		if err != nil {
			return err
		}
		_, err = c.client.send(ctx, c.requestTo(http.MethodPut, id, body), nil)
		return err
	})
}

// Delete deletes an object.
func (c *Collection[T]) Delete(ctx context.Context, id int64) error {
	defer c.client.locks.lock(c.name, id)()
	defer c.changed()
	_, err := c.client.send(ctx, c.requestTo(http.MethodDelete, id, nil), nil)
	return err
}

// changed drops what a write may have changed, whichever way it is read.
func (c *Collection[T]) changed() {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	for _, scope := range c.all.in {
		scope.reads.Drop()
	}
	if c.touched != nil {
		c.touched()
	}
}

// goneError hides the status of a read that found nothing: trying again is of no use.
type goneError struct{ error }

// Is makes a goneError one of the missing objects.
func (goneError) Is(target error) bool { return target == api.ErrNotFound }

func gone(err error) error {
	if api.IsNotFound(err) {
		return goneError{err}
	}
	return err
}

// ProjectError is a project that something was to be made in and that cannot be
// read. Harbor itself makes labels and webhooks in projects that do not exist.
type ProjectError struct {
	ID  int64
	Err error
}

// Error names the project.
func (e *ProjectError) Error() string { return fmt.Sprintf("project %d: %v", e.ID, e.Err) }

// Unwrap returns what Harbor answered.
func (e *ProjectError) Unwrap() error { return e.Err }

// Hint says what to write.
func (e *ProjectError) Hint() string {
	if api.IsNotFound(e.Err) {
		return "There is no project of this number. Use the `project_id` of an onprem_harbor_project."
	}
	var cause interface{ Hint() string }
	if errors.As(e.Err, &cause) {
		return cause.Hint()
	}
	return ""
}
