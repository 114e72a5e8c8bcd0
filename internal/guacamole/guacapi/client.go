// Package guacapi is a client of Apache Guacamole's REST API, versions 1.5.5
// and 1.6.0 over a database. It logs in by itself and again when a session has
// ended, shares the reads of a run, and creates everything only once.
package guacapi

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// Root is the identifier of the virtual group that everything hangs from.
const Root = "ROOT"

// Config is how to reach Guacamole.
type Config struct {
	HTTP               api.Config
	Username, Password string
	// DataSource is the database back end that holds the objects; the first
	// one that the login answer lists when empty.
	DataSource string
	// LoginFields are further fields of the login form, guac-totp for one.
	LoginFields map[string]string
}

// Client is a client of one Guacamole.
type Client struct {
	http    *api.Client
	session session

	connections *set[Connection]
	groups      *set[Group]
	reads       api.Shared[string, reading]
	groupReads  groupReads
	ahead       lookahead
	workers     int // requests for parameters ahead of time
}

// New returns a client. It contacts nothing.
func New(c Config) (*Client, error) {
	c.HTTP.System = "guacamole"
	if c.HTTP.MaxConcurrent == 0 {
		c.HTTP.MaxConcurrent = api.DefaultMaxConcurrent
	}
	h, err := api.NewClient(c.HTTP)
	if err != nil {
		return nil, err
	}
	h.Secrets().Add(c.Password)
	h.Secrets().Add(slices.Collect(maps.Values(c.LoginFields))...)
	h.Explain = explain
	g := &Client{
		http:    h,
		session: session{http: h, config: c},
		// A quarter of the requests under way is left to those that someone waits for.
		workers: max(1, min(mostAhead, c.HTTP.MaxConcurrent*3/4)),
	}
	g.connections = newConnections(g)
	g.groups = newGroups(g)
	g.reads = api.Shared[string, reading]{One: g.readOne, Page: g.readAll}
	return g, nil
}

// do sends a request to the data source. Where the session has ended it logs
// in once more and repeats: the request was refused unread.
func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	need := api.NeedOf(ctx, method)
	l, err := c.session.current(ctx, need, nil)
	if err != nil {
		return err
	}
	err = c.send(ctx, l, method, path, in, out)
	if !errors.Is(err, errSessionEnded) {
		return err
	}
	if l, err = c.session.current(ctx, need, l); err != nil {
		return err
	}
	return c.send(ctx, l, method, path, in, out)
}

func (c *Client) send(ctx context.Context, l *login, method, path string, in, out any) error {
	return c.http.Send(ctx, api.Request{
		Method: method, Path: api.Path("api", "session", "data", l.source) + path, JSON: in, Header: l.header(),
	}, out)
}

// Close ends the sessions that the client has begun, as far as ctx allows:
// Guacamole keeps each for an hour. The client is not to be used afterwards.
func (c *Client) Close(ctx context.Context) error { return c.session.end(ctx) }

// Values are parameters or attributes by name. Guacamole knows no difference
// between null, "" and absent, and neither do Values: they never hold "".
type Values map[string]string

// UnmarshalJSON drops null and "".
func (v *Values) UnmarshalJSON(data []byte) error {
	var all map[string]*string
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	*v = Values{}
	for name, value := range all {
		if value != nil && *value != "" {
			(*v)[name] = *value
		}
	}
	return nil
}

// MarshalJSON writes an object even for nil: Guacamole fails on null.
func (v Values) MarshalJSON() ([]byte, error) {
	if v == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(map[string]string(v))
}
