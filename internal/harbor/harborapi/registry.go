package harborapi

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/registry"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/models"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// Registry is an endpoint that Harbor replicates with or proxies. The secret of
// its credential is never the real one when read.
type Registry struct {
	models.Registry
	CACertificate string `json:"ca_certificate,omitempty"` // since 2.15
}

// RegistryUpdate is what to change of a registry: only fields that are set.
type RegistryUpdate struct {
	models.RegistryUpdate
	CACertificate *string `json:"ca_certificate,omitempty"` // since 2.15
}

// Registry reads a registry by id.
func (c *Client) Registry(ctx context.Context, id int64) (*Registry, error) {
	return c.registries.Get(ctx, id)
}

// RegistryByName finds a registry by its exact name.
func (c *Client) RegistryByName(ctx context.Context, name string) (*Registry, error) {
	return findByName(ctx, c, "registry", "/registries", name, func(r *Registry) string { return r.Name })
}

// findByName finds an object by its exact name: Harbor's queries may return more.
func findByName[T any](ctx context.Context, c *Client, kind, path, name string, nameOf func(T) string) (T, error) {
	var none T
	query := byName(name)
	if hasOperators(name) {
		query = nil
	}
	items, err := list[T](ctx, c, path, query)
	if err != nil {
		return none, err
	}
	for _, item := range items {
		if nameOf(item) == name {
			return item, nil
		}
	}
	return none, &api.Error{
		System: "harbor", Method: http.MethodGet, Path: basePath + path,
		Err: fmt.Errorf("no %s is named %q: %w", kind, name, api.ErrNotFound),
	}
}

func (c *Client) readRegistry(ctx context.Context, id int64) (*Registry, error) {
	r := &Registry{}
	_, err := c.send(ctx, request{method: http.MethodGet, path: "/registries/{id}", params: idParam(id)}, r)
	return r, err
}

func idParam(id int64) map[string]string { return map[string]string{"id": fmt.Sprint(id)} }

// CreateRegistry makes a registry, after Harbor has connected to it, and
// returns its id.
func (c *Client) CreateRegistry(ctx context.Context, r Registry) (int64, error) {
	defer c.registries.Drop()
	return creation[*Registry]{
		kind: "registry", name: r.Name,
		send: func(ctx context.Context) (int64, error) {
			header, err := c.send(ctx, request{method: http.MethodPost, path: "/registries", body: r.toCreate()}, nil)
			if err != nil {
				return 0, err
			}
			return idOf(header)
		},
		find: func(ctx context.Context) (*Registry, error) { return c.RegistryByName(ctx, r.Name) },
		id:   func(found *Registry) int64 { return found.ID },
		made: func(found *Registry) time.Time { return time.Time(found.CreationTime) },
		same: r.same,
	}.run(ctx, c)
}

// toCreate are the fields that a create may have.
func (r Registry) toCreate() any {
	return struct {
		Name          string                     `json:"name"`
		Description   string                     `json:"description,omitempty"`
		Type          string                     `json:"type"`
		URL           string                     `json:"url"`
		Insecure      bool                       `json:"insecure"`
		CACertificate string                     `json:"ca_certificate,omitempty"`
		Credential    *models.RegistryCredential `json:"credential,omitempty"`
	}{r.Name, r.Description, r.Type, r.URL, r.Insecure, r.CACertificate, r.Credential}
}

func (r Registry) same(found *Registry) bool {
	return found.Type == r.Type && SameURL(found.URL, r.URL) && found.Insecure == r.Insecure &&
		found.Description == r.Description && accessKey(found.Credential) == accessKey(r.Credential)
}

func accessKey(c *models.RegistryCredential) string {
	if c == nil {
		return ""
	}
	return c.AccessKey
}

// SameURL compares addresses as Harbor keeps them: http:// in front where the
// scheme is missing, no slash at the end.
func SameURL(a, b string) bool { return canonicalURL(a) == canonicalURL(b) }

func canonicalURL(s string) string {
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(strings.TrimRight(s, "/"))
	if err != nil {
		return s
	}
	u.Host, u.Scheme = strings.ToLower(u.Host), strings.ToLower(u.Scheme)
	return u.String()
}

// UpdateRegistry changes the fields of a registry that are set in u, after
// Harbor has connected to the endpoint.
func (c *Client) UpdateRegistry(ctx context.Context, id int64, u RegistryUpdate) error {
	defer c.locks.lock("registry", id)()
	defer c.registries.Drop(id)
	// Policies and their reads show the registries they use.
	defer c.policies.Drop()
	_, err := c.send(ctx, request{method: http.MethodPut, path: "/registries/{id}", params: idParam(id), body: u}, nil)
	return err
}

// DeleteRegistry deletes a registry, which Harbor refuses while something uses it.
func (c *Client) DeleteRegistry(ctx context.Context, id int64) error {
	defer c.locks.lock("registry", id)()
	defer c.registries.Drop(id)
	_, err := c.sdk.Registry.DeleteRegistry(ctx, &registry.DeleteRegistryParams{ID: id})
	return plain(err)
}

// CredentialType is how a registry's credential is used, basic unless said otherwise.
func (r *Registry) CredentialType() string {
	if r.Credential == nil {
		return ""
	}
	return cmp.Or(r.Credential.Type, "basic")
}
