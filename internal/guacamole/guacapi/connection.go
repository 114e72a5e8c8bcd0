package guacapi

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// Connection is a connection to a machine.
type Connection struct {
	Identifier       string `json:"identifier,omitempty"`
	Name             string `json:"name"`
	ParentIdentifier string `json:"parentIdentifier"` // of a group, or Root
	Protocol         string `json:"protocol"`
	Parameters       Values `json:"parameters"` // secrets in clear
	Attributes       Values `json:"attributes"`
}

func (c Connection) key() key           { return key{c.ParentIdentifier, c.Name} }
func (c Connection) identifier() string { return c.Identifier }

// reading is a connection whose parameters are still to be asked for.
type reading struct {
	Connection
	parameters func(context.Context) (Values, error)
}

func newConnections(c *Client) *set[Connection] {
	s := newSet[Connection](c, "/connections", "connection")
	s.same = c.sameConnection
	return s
}

func (c *Client) sameConnection(ctx context.Context, stored, sent Connection) (bool, error) {
	if stored.Protocol != sent.Protocol || !stored.Attributes.equal(sent.Attributes) {
		return false, nil
	}
	parameters, err := c.parameters(ctx, stored.Identifier)
	return err == nil && parameters.equal(sent.Parameters), err
}

// CreateConnection makes a connection and returns it with its identifier. The
// answer serves the read that follows.
func (c *Client) CreateConnection(ctx context.Context, sent Connection) (Connection, error) {
	made, err := c.connections.create(ctx, sent)
	c.forget()
	if err != nil {
		return Connection{}, err
	}
	// Guacamole answers with what it was sent; one found after a lost answer is
	// known to be the same.
	sent.Identifier = made.Identifier
	c.reads.Store(sent.Identifier, reading{sent, func(context.Context) (Values, error) { return sent.Parameters, nil }})
	return sent, nil
}

// Connection returns a connection with its parameters.
func (c *Client) Connection(ctx context.Context, id string) (Connection, error) {
	c.ahead.serve(id) // before the listing, so that it is not fetched twice
	r, err := c.reads.Get(ctx, id)
	if err != nil {
		return Connection{}, err
	}
	parameters, err := r.parameters(ctx)
	if err != nil {
		return Connection{}, err
	}
	r.Parameters = parameters
	return r.Connection, nil
}

// Connections returns every connection by identifier, without parameters.
func (c *Client) Connections(ctx context.Context) (map[string]Connection, error) {
	return c.connections.listing.get(ctx)
}

// UpdateConnection reads the connection, lets change edit it, and writes it
// back: what change does not know of stays as it is.
func (c *Client) UpdateConnection(ctx context.Context, id string, change func(*Connection) error) error {
	r, err := c.readOne(ctx, id)
	if err != nil {
		return err
	}
	if r.Parameters, err = r.parameters(ctx); err != nil {
		return err
	}
	if err := change(&r.Connection); err != nil {
		return err
	}
	err = c.connections.update(ctx, r.Connection)
	c.forget(id)
	return err
}

// DeleteConnection removes a connection with its sharing profiles.
func (c *Client) DeleteConnection(ctx context.Context, id string) error {
	err := c.connections.remove(ctx, id)
	c.forget(id)
	return err
}

// PlanConnection says whether a connection could be created under a name: the
// identifier of the one that has it already, or whether another one has asked
// for it in this run.
func (c *Client) PlanConnection(ctx context.Context, parent, name string) (existing string, twice bool, err error) {
	return c.connections.plan(ctx, key{parent, name})
}

// forget drops what a write may have changed.
func (c *Client) forget(ids ...string) {
	c.reads.Drop(ids...)
	c.ahead.use(nil)
}

func (c *Client) readOne(ctx context.Context, id string) (reading, error) {
	connection, err := c.connections.read(ctx, id)
	return reading{connection, func(ctx context.Context) (Values, error) { return c.parameters(ctx, id) }}, err
}

// readAll lists all connections, and begins to fetch their parameters as soon
// as the first is asked for.
func (c *Client) readAll(ctx context.Context, _ string) (api.Page[string, reading], error) {
	all, err := c.connections.listing.get(ctx)
	if err != nil {
		return api.Page[string, reading]{}, err
	}
	a := newAhead(ctx, c.workers, c.ahead.unserved(slices.Collect(maps.Keys(all))), c.parameters)
	c.ahead.use(a)
	out := make(map[string]reading, len(all))
	for id, connection := range all {
		out[id] = reading{connection, func(ctx context.Context) (Values, error) { return a.get(ctx, id) }}
	}
	return api.Page[string, reading]{Objects: out}, nil
}

// parameters returns the parameters of one connection.
func (c *Client) parameters(ctx context.Context, id string) (Values, error) {
	// A connection without parameters has an empty object: any will do.
	answer := api.Object[Values]{Asked: fmt.Sprintf("the parameters of connection %q", id), Is: func(*Values) bool { return true }}
	err := c.do(ctx, http.MethodGet, c.connections.path+api.Path(id)+"/parameters", nil, &answer)
	return answer.Value, err
}
