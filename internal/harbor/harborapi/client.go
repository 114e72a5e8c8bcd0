// Package harborapi is a typed client of Harbor's API v2.0 over goharbor's own
// go-client, with what that client lacks: verified TLS, errors in Harbor's
// words, fields newer than it, shared reads, and creates that happen once.
package harborapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-openapi/runtime"
	openapi "github.com/go-openapi/runtime/client"
	"github.com/go-openapi/strfmt"
	sdk "github.com/goharbor/go-client/pkg/sdk/v2.0/client"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/systeminfo"
	"golang.org/x/sync/errgroup"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

const basePath = "/api/v2.0"

// pageSize is the largest page Harbor gives; pagePrice how many single reads
// take Harbor as long: 150 ms against 10, and 1.8 s against 20 ms for quotas.
const (
	pageSize  = 100
	pagePrice = 15
)

// Config is how to reach Harbor. The URL in HTTP is the root, without /api.
type Config struct {
	HTTP               api.Config
	Username, Password string
}

// Client is a client of one Harbor. It is safe for concurrent use.
type Client struct {
	sdk     *sdk.HarborAPI
	auth    runtime.ClientAuthInfoWriter
	clock   *clock
	locks   keyedLocks
	version api.Flight[string]
	// anonymous is true without credentials that could be checked.
	anonymous bool

	kinds    kinds
	projects *api.Shared[projectKey, *Project]
	limits   *api.Shared[string, *int64] // storage limits by name of the project, nil where there is no quota

	Registries          *Collection[Registry]
	ReplicationPolicies *Collection[ReplicationPolicy]
	Labels              *Collection[Label]
}

// New returns a client. It contacts nothing.
func New(c Config) (*Client, error) {
	c.HTTP.System = "harbor"
	root, err := api.ParseURL(c.HTTP.URL)
	if err != nil {
		return nil, &api.Error{
			System: "harbor", Err: fmt.Errorf("url: %w", err),
			Advice: "Correct `url` in the provider's `harbor` block: it is the root of Harbor, such as https://harbor.example.internal.",
		}
	}
	base, err := api.NewTransport(c.HTTP)
	if err != nil {
		return nil, err
	}
	root = root.JoinPath(basePath)
	client := &Client{auth: openapi.BasicAuth(c.Username, c.Password), anonymous: c.Username == "", clock: &clock{}, kinds: kinds{}}
	through := &transport{base: base, clock: client.clock, kinds: client.kinds, loggedIn: client.loggedIn}
	client.sdk = sdk.New(sdk.Config{URL: root, Transport: through, AuthInfo: client.auth})
	// DEBUG=1 in the environment would make the runtime print whole requests, credentials included.
	if runtime, isOpenAPI := client.sdk.Transport.(*openapi.Runtime); isOpenAPI {
		runtime.Debug = false
	}

	client.kinds.add("/projects", "project")
	client.projects = shared(client, client.readProject, request{path: "/projects", query: url.Values{"with_detail": {"true"}}}, keepProject)
	client.kinds.add("/quotas", "quota")
	client.limits = shared(client, client.readLimit, request{path: "/quotas", query: url.Values{"reference": {"project"}}}, keepLimit)
	client.ReplicationPolicies = policies(client)
	client.Registries = registries(client)
	client.Labels = labels(client)
	return client, nil
}

// request is a call that go-client has no complete types for. Parts of the path
// in braces are replaced by params, escaped.
type request struct {
	method, path string
	params       map[string]string
	query        url.Values
	header       map[string]string
	body         any
}

// send sends r with go-client's runtime, credentials and transport, and decodes
// the answer into out unless nil.
func (c *Client) send(ctx context.Context, r request, out any) (http.Header, error) {
	header := http.Header{}
	_, err := c.sdk.Transport.Submit(&runtime.ClientOperation{
		ID: r.method + " " + r.path, Method: r.method, PathPattern: r.path, AuthInfo: c.auth,
		Context:            ctx, //nolint:staticcheck // what go-client's own calls do; its transport type has no other way
		ProducesMediaTypes: []string{runtime.JSONMime}, ConsumesMediaTypes: []string{runtime.JSONMime},
		Params: runtime.ClientRequestWriterFunc(r.write),
		Reader: runtime.ClientResponseReaderFunc(func(resp runtime.ClientResponse, _ runtime.Consumer) (any, error) {
			header.Set("Location", resp.GetHeader("Location"))
			header.Set("X-Total-Count", resp.GetHeader("X-Total-Count"))
			if out == nil {
				return nil, nil
			}
			text, err := io.ReadAll(resp.Body())
			if err != nil {
				return nil, err
			}
			return nil, json.Unmarshal(text, out)
		}),
	})
	return header, plain(err)
}

func (r request) write(to runtime.ClientRequest, _ strfmt.Registry) error {
	errs := []error{to.SetTimeout(0)} // the transport bounds each try
	for name, value := range r.params {
		errs = append(errs, to.SetPathParam(name, value))
	}
	for name, values := range r.query {
		errs = append(errs, to.SetQueryParam(name, values...))
	}
	for name, value := range r.header {
		errs = append(errs, to.SetHeaderParam(name, value))
	}
	if r.body != nil {
		errs = append(errs, to.SetBodyParam(r.body))
	}
	return errors.Join(errs...)
}

// plain takes the transport's error out of net/http's, which would repeat
// method and address.
func plain(err error) error {
	var e *api.Error
	if errors.As(err, &e) {
		return e
	}
	return err
}

// page reads a page of a listing, and how many there are.
func page[T any](ctx context.Context, c *Client, listing request, n int) (items []T, pages int, err error) {
	listing.method = http.MethodGet
	query := url.Values{"page": {strconv.Itoa(n)}, "page_size": {strconv.Itoa(pageSize)}}
	maps.Copy(query, listing.query)
	listing.query = query
	header, err := c.send(ctx, listing, &items)
	total, _ := strconv.Atoi(header.Get("X-Total-Count"))
	return items, (total + pageSize - 1) / pageSize, err
}

// list reads every item of a paged listing; the pages after the first are
// fetched side by side.
func list[T any](ctx context.Context, c *Client, listing request) ([]T, error) {
	first, count, err := page[T](ctx, c, listing, 1)
	if err != nil {
		return nil, err
	}
	pages := make([][]T, max(count, 1))
	pages[0] = first
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for n := 2; n <= count; n++ {
		group.Go(func() error {
			var err error
			pages[n-1], _, err = page[T](ctx, c, listing, n)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(pages...), nil
}

// shared are the shared reads of a kind: of one object, and of the pages of a
// listing, whose items are put where keep says.
func shared[K comparable, V, T any](c *Client, one func(context.Context, K) (V, error), listing request, keep func(map[K]V, T)) *api.Shared[K, V] {
	return &api.Shared[K, V]{One: one, PagePrice: pagePrice, Page: func(ctx context.Context, cursor string) (api.Page[K, V], error) {
		n := 1
		if cursor != "" {
			n, _ = strconv.Atoi(cursor)
		}
		items, pages, err := page[T](ctx, c, listing, n)
		out := api.Page[K, V]{Objects: make(map[K]V, len(items))}
		for _, item := range items {
			keep(out.Objects, item)
		}
		for next := 2; n == 1 && next <= pages; next++ {
			out.Next = append(out.Next, strconv.Itoa(next))
		}
		out.Left = len(out.Next)
		return out, err
	}}
}

// hasOperators tells whether a name holds characters that mean something in q,
// however they are escaped.
func hasOperators(name string) bool { return strings.ContainsAny(name, ",~[]{}()") }

// idOf takes the id out of the Location of a create, the only place it is in.
func idOf(header http.Header) (int64, error) {
	location := header.Get("Location")
	id, err := strconv.ParseInt(location[strings.LastIndex(location, "/")+1:], 10, 64)
	if err != nil {
		return 0, &api.Error{System: "harbor", Message: fmt.Sprintf("the answer to the create names no id: Location is %q", location)}
	}
	return id, nil
}

// Version is Harbor's release, such as "v2.13.5-ffae5421". Only a caller whose
// credentials are good is told.
func (c *Client) Version(ctx context.Context) (string, error) {
	return c.version.Do(ctx, api.ToRead, c.readVersion)
}

// loggedIn checks the credentials, once: a refusal takes Harbor a second and a half.
func (c *Client) loggedIn(ctx context.Context, need api.Need) error {
	if c.anonymous {
		return nil
	}
	_, err := c.version.Do(ctx, need, c.readVersion)
	return err
}

const infoPath = basePath + "/systeminfo"

func (c *Client) readVersion(ctx context.Context) (string, error) {
	info, err := c.sdk.Systeminfo.GetSystemInfo(ctx, &systeminfo.GetSystemInfoParams{})
	if err != nil {
		return "", plain(err)
	}
	if info.Payload.HarborVersion == nil || *info.Payload.HarborVersion == "" {
		return "", &api.Error{
			System: "harbor", Method: http.MethodGet, Path: infoPath, Status: http.StatusUnauthorized,
			Message: "the user name or the password is wrong", Advice: badCredentials,
		}
	}
	return *info.Payload.HarborVersion, nil
}

// Require returns an error unless Harbor is at least of the given minor
// version, for a field that older ones drop without a word.
func (c *Client) Require(ctx context.Context, major, minor int, field string) error {
	version, err := c.Version(ctx)
	if err != nil {
		return err
	}
	var haveMajor, haveMinor int
	if _, err := fmt.Sscanf(strings.TrimPrefix(version, "v"), "%d.%d", &haveMajor, &haveMinor); err != nil {
		return nil //nolint:nilerr // a development build: let Harbor decide
	}
	if haveMajor > major || haveMajor == major && haveMinor >= minor {
		return nil
	}
	return &api.Error{
		System: "harbor", Message: fmt.Sprintf("%s needs Harbor %d.%d, and this one is %s", field, major, minor, version),
		Advice: fmt.Sprintf("Upgrade Harbor, or take `%s` out of the configuration.", field),
	}
}

// keyedLocks has a lock per object: Harbor refuses all but one of several
// writes to the same object at the same time.
type keyedLocks struct {
	mu    sync.Mutex
	locks map[string]*sync.Mutex
}

// lock locks the object and returns what unlocks it.
func (k *keyedLocks) lock(kind string, key any) func() {
	name := fmt.Sprint(kind, " ", key)
	k.mu.Lock()
	if k.locks == nil {
		k.locks = map[string]*sync.Mutex{}
	}
	if k.locks[name] == nil {
		k.locks[name] = &sync.Mutex{}
	}
	object := k.locks[name]
	k.mu.Unlock()
	object.Lock()
	return object.Unlock
}
