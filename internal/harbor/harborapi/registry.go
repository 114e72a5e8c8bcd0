package harborapi

import (
	"cmp"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/goharbor/go-client/pkg/sdk/v2.0/models"
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

func registries(c *Client) *Collection[Registry] {
	return collection(c, kind[Registry]{
		name: "registry", path: "/registries",
		of:       func(r *Registry) object { return object{r.ID, r.Name, time.Time(r.CreationTime)} },
		toCreate: func(asked *Registry, _ int64) any { return asked.toCreate() }, same: (*Registry).same,
		touched: func() { c.ReplicationPolicies.changed() }, // which show the registries they use
	})
}

// toCreate are the fields that a create may have.
func (r *Registry) toCreate() any {
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

func (r *Registry) same(found *Registry) bool {
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

// Origin is where an address leads, without what is asked for there: scheme,
// host and port.
func Origin(address string) string {
	u, err := url.Parse(canonicalURL(address))
	if err != nil {
		return address
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(u.Hostname(), port)
}

// CredentialType is how a registry's credential is used, basic unless said otherwise.
func (r *Registry) CredentialType() string {
	if r.Credential == nil {
		return ""
	}
	return cmp.Or(r.Credential.Type, "basic")
}
