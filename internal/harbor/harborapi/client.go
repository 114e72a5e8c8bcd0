// Package harborapi is a typed client of Harbor's API v2.0 over the models and
// the runtime of goharbor's own go-client, with what that client lacks: verified
// TLS, errors in Harbor's words, fields newer than it, answers that are looked at
// before they are believed, shared reads, and creates that happen once.
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
	"strconv"
	"strings"
	"sync"

	"github.com/go-openapi/runtime"
	openapi "github.com/go-openapi/runtime/client"
	"github.com/go-openapi/strfmt"

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
	runtime *openapi.Runtime
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
	base.Secrets().Add(c.Password, c.Username+":"+c.Password)
	root = root.JoinPath(basePath)
	client := &Client{auth: openapi.BasicAuth(c.Username, c.Password), anonymous: c.Username == "", clock: &clock{}, kinds: kinds{}}
	through := &transport{base: base, clock: client.clock, kinds: client.kinds, loggedIn: client.loggedIn}
	client.runtime = openapi.New(root.Host, root.Path, []string{root.Scheme})
	client.runtime.Transport = through
	// DEBUG=1 in the environment would make the runtime print whole requests, credentials included.
	client.runtime.Debug = false

	client.kinds.add("/projects", "project")
	client.projects = shared(client, client.readProject, listing[Project]{
		request{path: "/projects", query: url.Values{"with_detail": {"true"}}}, "projects", (*Project).is,
	}, keepProject)
	client.kinds.add("/quotas", "quota")
	client.limits = shared(client, client.readLimit, listing[quotaOf]{
		request{path: "/quotas", query: url.Values{"reference": {"project"}}}, "quotas", (*quotaOf).is,
	}, keepLimit)
	client.ReplicationPolicies = policies(client)
	client.Registries = registries(client)
	client.Labels = labels(client)
	return client, nil
}

// request is a call. Parts of the path in braces are replaced by params, escaped.
type request struct {
	method, path string
	params       map[string]string
	query        url.Values
	header       map[string]string
	body         any
}

// send sends r and decodes the answer into out; it has to be empty when out is
// nil.
func (c *Client) send(ctx context.Context, r request, out any) (http.Header, error) {
	if err := r.checkNames(); err != nil {
		return nil, err
	}
	header := http.Header{}
	_, err := c.runtime.Submit(&runtime.ClientOperation{
		ID: r.method + " " + r.path, Method: r.method, PathPattern: r.path, AuthInfo: c.auth,
		Context:            ctx, //nolint:staticcheck // what go-client's own calls do; the runtime has no other way
		ProducesMediaTypes: []string{runtime.JSONMime}, ConsumesMediaTypes: []string{runtime.JSONMime},
		Params: runtime.ClientRequestWriterFunc(r.write),
		Reader: runtime.ClientResponseReaderFunc(func(resp runtime.ClientResponse, _ runtime.Consumer) (any, error) {
			header.Set("Location", resp.GetHeader("Location"))
			header.Set(totalCount, resp.GetHeader(totalCount))
			text, err := io.ReadAll(resp.Body())
			if err != nil {
				return nil, err
			}
			if out == nil {
				err = api.Nothing(text)
			} else {
				err = json.Unmarshal(text, out)
			}
			if err != nil {
				return nil, r.failed(resp.Code(), err)
			}
			return nil, nil
		}),
	})
	return header, plain(err)
}

// failed is the error of an answer that says it is a success and is not.
func (r request) failed(status int, err error) error {
	at := r.path
	for name, value := range r.params {
		at = strings.ReplaceAll(at, "{"+name+"}", url.PathEscape(value))
	}
	return &api.Error{System: "harbor", Method: r.method, Path: basePath + at, Status: status, Err: err, Advice: notHarbor}
}

// checkNames refuses what servers, and go-client before them, take for a step
// up or leave out: the request would be about another object.
func (r request) checkNames() error {
	for _, value := range r.params {
		if value == "" || value == "." || value == ".." {
			return &api.Error{
				System: "harbor", Message: fmt.Sprintf("%q is no name: nothing in Harbor can be called that", value),
				Advice: "Correct the name, or the import id it comes from.",
			}
		}
	}
	return nil
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

const (
	totalCount = "X-Total-Count"
	// mostObjects is more than any Harbor has of a kind.
	mostObjects = 1_000_000_000
	// ahead is how many pages are known before they come, so that they can be
	// fetched side by side.
	ahead = 8
)

// listing is how the objects of a kind are listed.
type listing[T any] struct {
	request request
	kind    string        // in messages: "projects"
	is      func(*T) bool // whether a member is an object of the kind
}

// page reads a page, and says how many there are: 0 where Harbor does not tell.
func (l listing[T]) page(ctx context.Context, c *Client, n int) (items []*T, pages int, err error) {
	r := l.request
	r.method = http.MethodGet
	r.query = url.Values{"page": {strconv.Itoa(n)}, "page_size": {strconv.Itoa(pageSize)}}
	maps.Copy(r.query, l.request.query)
	answer := api.List[T]{Asked: "a list of " + l.kind, Is: l.is}
	header, err := c.send(ctx, r, &answer)
	if err != nil || header.Get(totalCount) == "" {
		return answer.Values, 0, err
	}
	total, err := strconv.Atoi(header.Get(totalCount))
	if err != nil || total < 0 || total > mostObjects {
		return nil, 0, r.failed(http.StatusOK, &api.OtherError{
			Asked: answer.Asked, Got: fmt.Sprintf("the header %s: %.40q", totalCount, header.Get(totalCount)),
		})
	}
	return answer.Values, (total + pageSize - 1) / pageSize, nil
}

// follows are the pages that are known by page n with so many items. A page
// that is not full is the last one, whatever the count promises.
func follows(n, items, pages int) (next []string) {
	switch {
	case items < pageSize:
		return nil
	case pages == 0: // not told: perhaps there is one more
		return []string{strconv.Itoa(n + 1)}
	case n > 1:
		if n+ahead <= pages {
			next = []string{strconv.Itoa(n + ahead)}
		}
		return next
	}
	for page := 2; page <= min(pages, 1+ahead); page++ {
		next = append(next, strconv.Itoa(page))
	}
	return next
}

// shared are the shared reads of a kind: of one object, and of the pages of a
// listing, whose items are put where keep says.
func shared[K comparable, V, T any](c *Client, one func(context.Context, K) (V, error), l listing[T], keep func(map[K]V, *T)) *api.Shared[K, V] {
	return &api.Shared[K, V]{One: one, PagePrice: pagePrice, Page: func(ctx context.Context, cursor string) (api.Page[K, V], error) {
		n := 1
		if cursor != "" {
			n, _ = strconv.Atoi(cursor)
		}
		items, pages, err := l.page(ctx, c, n)
		out := api.Page[K, V]{Objects: make(map[K]V, len(items)), Next: follows(n, len(items), pages)}
		for _, item := range items {
			keep(out.Objects, item)
		}
		if n == 1 && out.Next != nil {
			out.Left = max(0, pages-1)
		}
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
	if err != nil || id <= 0 {
		return 0, &api.Error{
			System: "harbor", Err: fmt.Errorf("the answer to the create names no id: Location is %.200q", location), Advice: notHarbor,
		}
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
	type info struct {
		AuthMode string `json:"auth_mode"` // told to everyone
		Version  string `json:"harbor_version"`
	}
	answer := api.Object[info]{Asked: "the information about Harbor", Is: func(i *info) bool { return i.AuthMode != "" }}
	if _, err := c.send(ctx, request{method: http.MethodGet, path: "/systeminfo"}, &answer); err != nil {
		return "", err
	}
	if answer.Value.Version == "" {
		return "", &api.Error{
			System: "harbor", Method: http.MethodGet, Path: infoPath, Status: http.StatusUnauthorized,
			Message: "the user name or the password is wrong", Advice: badCredentials,
		}
	}
	return answer.Value.Version, nil
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
