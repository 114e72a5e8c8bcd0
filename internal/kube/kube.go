// Package kube is client-go's dynamic client made small: server-side apply,
// get, list and delete, with errors that say what to do next, retries that are
// bounded, and reads that the resources of one run share.
//
// It knows neither Terraform nor any particular kind of object.
package kube

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

// Kind is a kind of object. Kinds are constants of the packages that use them,
// so no discovery request is ever needed.
type Kind struct {
	schema.GroupVersionResource
	// Kind is the name in manifests: "BGPPeer".
	Kind string
	// Namespaced is false for objects of the whole cluster.
	Namespaced bool
	// ServedBy completes "… is not served: install …" where a cluster lacks
	// the kind.
	ServedBy string
}

// Key names an object of one kind. Namespace is empty for objects of the whole
// cluster.
type Key struct{ Namespace, Name string }

// String is the key as kubectl writes it: "namespace/name".
func (k Key) String() string {
	if k.Namespace == "" {
		return k.Name
	}
	return k.Namespace + "/" + k.Name
}

// Object is an object of any kind.
type Object = unstructured.Unstructured

// Client talks to one cluster. It is safe for concurrent use.
type Client struct {
	config  Config
	cluster *cluster
	dynamic dynamic.Interface
	slots   *semaphore.Weighted
	contact api.Contact
	secrets *mask.Secrets // the credentials, as far as they are known
	first   sync.Once     // use of the cluster

	mu     sync.Mutex
	reads  map[scope]*api.Shared[string, *Object]
	guards map[scope]*guard
}

// FirstUse is the message that is logged before anything is asked of a cluster.
const FirstUse = "kubernetes cluster"

// scope is what one listing covers.
type scope struct {
	resource  schema.GroupVersionResource
	namespace string
}

// New returns a client for the cluster that c describes. The cluster is not
// contacted.
func New(c Config) (*Client, error) {
	c = c.withDefaults()
	rc, err := c.restConfig()
	if err != nil {
		return nil, err
	}
	secrets := &mask.Secrets{}
	secrets.Add(rc.BearerToken, rc.Password, string(rc.KeyData), rc.proxyPassword())
	rc.WarningHandlerWithContext = &warnings{log: c.Log, secrets: secrets}
	rc.Wrap(func(base http.RoundTripper) http.RoundTripper {
		return &reader{base: base, limit: c.MaxResponse, secrets: secrets}
	})
	client, err := rest.HTTPClientFor(rc.Config)
	if err != nil {
		return nil, &ConfigError{err: err}
	}
	d, err := dynamic.NewForConfigAndClient(rc.Config, client)
	if err != nil {
		return nil, &ConfigError{err: err}
	}
	return &Client{
		config: c, cluster: rc, dynamic: d, slots: semaphore.NewWeighted(int64(c.MaxConcurrent)), secrets: secrets,
		reads: map[scope]*api.Shared[string, *Object]{}, guards: map[scope]*guard{},
	}, nil
}

// introduce logs once which cluster this is, and who says so.
func (c *Client) introduce(ctx context.Context) {
	c.first.Do(func() {
		c.log(ctx, FirstUse, map[string]any{"host": c.cluster.address(), "context": c.cluster.context, "source": c.cluster.source})
	})
}

// Get returns one object. Reads of many objects are served from one paged
// listing, and the answer of a write serves the read that follows it; the
// result is shared and must not be changed. A missing object is an error that
// wraps api.ErrNotFound.
func (c *Client) Get(ctx context.Context, kind Kind, key Key) (*Object, error) {
	return c.shared(kind, key.Namespace).Get(ctx, key.Name)
}

// List returns the objects of a namespace, or of all namespaces when it is
// empty, that match a label selector.
func (c *Client) List(ctx context.Context, kind Kind, namespace, labelSelector string) ([]*Object, error) {
	var all []*Object
	err := c.pages(ctx, kind, namespace, labelSelector, func() { all = all[:0] }, func(o *Object) { all = append(all, o) })
	return all, err
}

// shared returns the shared reads of one kind in one namespace.
func (c *Client) shared(kind Kind, namespace string) *api.Shared[string, *Object] {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := scope{kind.GroupVersionResource, namespace}
	s, ok := c.reads[at]
	if !ok {
		s = &api.Shared[string, *Object]{
			One: func(ctx context.Context, name string) (*Object, error) {
				return c.one(ctx, kind, Key{namespace, name})
			},
			Page: func(ctx context.Context, at string) (api.Page[string, *Object], error) {
				return c.listed(ctx, kind, namespace, at)
			},
			PagePrice: pagePrice,
		}
		c.reads[at] = s
	}
	return s
}

// FieldManager is the name under which the client owns fields.
func (c *Client) FieldManager() string { return c.config.FieldManager }

// resource returns client-go's view of a kind in a namespace.
func (c *Client) resource(kind Kind, namespace string) dynamic.ResourceInterface {
	r := c.dynamic.Resource(kind.GroupVersionResource)
	if kind.Namespaced && namespace != "" {
		return r.Namespace(namespace)
	}
	return r
}

// log hands a message to the callback of the configuration.
func (c *Client) log(ctx context.Context, msg string, fields map[string]any) {
	if c.config.Log != nil {
		c.config.Log(ctx, msg, fields)
	}
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
