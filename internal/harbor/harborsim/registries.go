package harborsim

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// mask is what Harbor shows instead of a secret.
const mask = "*****"

type registry struct {
	ID             int64  `json:"id"`
	Name           string `json:"name"`
	Description    string `json:"description"`
	Type           string `json:"type"`
	URL            string `json:"url"`
	Insecure       bool   `json:"insecure"`
	CACertificate  string `json:"ca_certificate"`
	AccessKey      string `json:"access_key"`
	CredentialType string `json:"credential_type"`
	secret         string
	created        stamp
	updated        stamp
}

type registryView struct {
	CACertificate string      `json:"ca_certificate,omitempty"`
	Created       stamp       `json:"creation_time"`
	Credential    *credential `json:"credential,omitempty"`
	Description   string      `json:"description,omitempty"`
	ID            int64       `json:"id"`
	Insecure      bool        `json:"insecure,omitempty"`
	Name          string      `json:"name"`
	Status        string      `json:"status"`
	Type          string      `json:"type"`
	Updated       stamp       `json:"update_time"`
	URL           string      `json:"url"`
}

type credential struct {
	AccessKey    string `json:"access_key,omitempty"`
	AccessSecret string `json:"access_secret,omitempty"`
	Type         string `json:"type,omitempty"`
}

func (r *registry) view() registryView {
	v := registryView{
		CACertificate: r.CACertificate, Created: r.created, Credential: &credential{}, Description: r.Description, ID: r.ID,
		Insecure: r.Insecure, Name: r.Name, Status: "healthy", Type: r.Type, Updated: r.updated, URL: r.URL,
	}
	if r.AccessKey != "" || r.secret != "" {
		v.Credential = &credential{AccessKey: r.AccessKey, AccessSecret: mask, Type: r.CredentialType}
	}
	return v
}

// local is Harbor itself: the registry with the id 0.
func (s *Server) local() registryView {
	return registryView{
		Credential: &credential{AccessSecret: mask, Type: "secret"}, Insecure: true, Name: "Local", Status: "healthy",
		Type: "harbor", URL: s.externalURL,
	}
}

// endpoints says which registries answer, and to whom. Those not named answer everybody.
type endpoints struct {
	dead   map[string]bool
	logins map[string][2]string
}

// Unreachable makes the endpoint at a URL refuse connections.
func (s *Server) Unreachable(u string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.endpoints.dead == nil {
		s.endpoints.dead = map[string]bool{}
	}
	s.endpoints.dead[u] = true
}

// Reachable undoes Unreachable.
func (s *Server) Reachable(u string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.endpoints.dead, u)
}

// RequireLogin makes the endpoint at a URL take only this account.
func (s *Server) RequireLogin(u, accessKey, accessSecret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.endpoints.logins == nil {
		s.endpoints.logins = map[string][2]string{}
	}
	s.endpoints.logins[u] = [2]string{accessKey, accessSecret}
}

// RegistrySecret is the secret Harbor holds for a registry, for tests that
// check what was sent. No request can read it.
func (s *Server) RegistrySecret(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.registry {
		if r.Name == name {
			return r.secret
		}
	}
	return ""
}

func (s *Server) healthy(r *registry) bool {
	u, err := url.Parse(r.URL)
	if err != nil || u.Host == "" || s.endpoints.dead[r.URL] {
		return false
	}
	login, needed := s.endpoints.logins[r.URL]
	return !needed || login == [2]string{r.AccessKey, r.secret}
}

func (s *Server) routeRegistries() {
	s.handle("GET /replication/adapters", sysadmin, func(*call) *answer { return ok(s.adapters()) })
	s.handle("GET /registries", sysadmin, s.listRegistries)
	s.handle("POST /registries", sysadmin, s.createRegistry)
	s.handle("POST /registries/ping", sysadmin, s.pingRegistry)
	s.handle("GET /registries/{id}", sysadmin, s.getRegistry)
	s.handle("GET /registries/{id}/info", sysadmin, s.registryInfo)
	s.handle("PUT /registries/{id}", sysadmin, s.withRegistry(s.updateRegistry))
	s.handle("DELETE /registries/{id}", sysadmin, s.withRegistry(s.deleteRegistry))
}

func (s *Server) adapters() []string {
	types := []string{
		"ali-acr", "aws-ecr", "azure-acr", "docker-hub", "docker-registry", "github-ghcr", "google-gcr", "harbor",
		"huawei-SWR", "jfrog-artifactory", "tencent-tcr", "volcengine-cr",
	}
	if !s.v215() {
		types = append(types, "dtr", "gitlab", "quay")
		slices.Sort(types)
	}
	return types
}

func (s *Server) withRegistry(h func(*call, *registry) *answer) func(*call) *answer {
	return func(c *call) *answer {
		id, refused := c.id("id")
		if refused != nil {
			return refused
		}
		r, found := s.registry[id]
		if !found {
			return refuse(404, "registry %d not found", id)
		}
		return h(c, r)
	}
}

func (s *Server) getRegistry(c *call) *answer {
	if c.PathValue("id") == "0" {
		return ok(s.local())
	}
	return s.withRegistry(func(_ *call, r *registry) *answer { return ok(r.view()) })(c)
}

func (s *Server) listRegistries(c *call) *answer {
	var out []registryView
	for _, r := range sorted(s.registry) {
		if strings.Contains(r.Name, c.URL.Query().Get("name")) {
			out = append(out, r.view())
		}
	}
	return list(c, out, "id", "name", "type", "url", "creation_time", "update_time")
}

func (s *Server) createRegistry(c *call) *answer {
	var in struct {
		Name          string     `json:"name"`
		Description   string     `json:"description"`
		Type          string     `json:"type"`
		URL           string     `json:"url"`
		Insecure      bool       `json:"insecure"`
		CACertificate string     `json:"ca_certificate"`
		Credential    credential `json:"credential"`
	}
	if refused := c.decode("registry", "Registry", &in); refused != nil {
		return refused
	}
	r := &registry{
		Name: in.Name, Description: in.Description, Type: in.Type, URL: in.URL, Insecure: in.Insecure,
		AccessKey: in.Credential.AccessKey, CredentialType: in.Credential.Type, secret: in.Credential.AccessSecret,
		created: now(), updated: now(),
	}
	if s.v215() {
		r.CACertificate = in.CACertificate
	}
	if refused := s.checkRegistry(r); refused != nil {
		return refused
	}
	r.ID = s.next("registry")
	if s.registryNamed(r.Name) != nil {
		return refuse(409, "registry %s already exists", r.Name)
	}
	s.registry[r.ID] = r
	return created("/registries/%d", r.ID)
}

// checkRegistry puts the URL in order, and connects to the endpoint.
func (s *Server) checkRegistry(r *registry) *answer {
	switch {
	case r.Name == "":
		return refuse(400, "name cannot be empty")
	case len(r.Name) > 64:
		return refuse(400, "the max length of name is 64")
	case r.URL == "":
		return refuse(400, "empty string")
	}
	if !strings.Contains(r.URL, "://") {
		r.URL = "http://" + r.URL
	}
	if _, err := url.Parse(r.URL); err != nil {
		return refuse(400, "invalid URL: %s", err)
	}
	if r.URL != "http://" && r.URL != "https://" {
		r.URL = strings.TrimRight(r.URL, "/")
	}
	if !slices.Contains(s.adapters(), r.Type) || len(r.CredentialType) > 16 {
		return internalError()
	}
	if !s.healthy(r) {
		return refuse(400, "the registry is unhealthy")
	}
	return nil
}

func (s *Server) registryNamed(name string) *registry {
	for _, r := range s.registry {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// updateRegistry changes what is present in the request. The type is not among it.
func (s *Server) updateRegistry(c *call, r *registry) *answer {
	var in struct {
		AccessSecret *string `json:"access_secret"`
	}
	changed := *r
	if refused := c.decode("registry", "RegistryUpdate", &changed); refused != nil {
		return refused
	}
	_ = json.Unmarshal(c.body, &in)
	if in.AccessSecret != nil {
		changed.secret = *in.AccessSecret
	}
	if changed.AccessKey == "" && changed.secret == "" {
		changed.CredentialType = ""
	}
	changed.ID, changed.Type, changed.updated = r.ID, r.Type, now()
	if !s.v215() {
		changed.CACertificate = ""
	}
	if refused := s.checkRegistry(&changed); refused != nil {
		return refused
	}
	if other := s.registryNamed(changed.Name); other != nil && other.ID != r.ID {
		return refuse(409, "registry %s already exists", changed.Name)
	}
	*r = changed
	return done()
}

func (s *Server) deleteRegistry(_ *call, r *registry) *answer {
	for _, p := range s.policies {
		if p.src == r.ID || p.dest == r.ID {
			return refuse(412, "the registry %d is referenced by replication policies, cannot delete it", r.ID)
		}
	}
	for _, p := range s.projects {
		if p.registryID == r.ID {
			return refuse(412, "the registry %d is referenced by proxy cache project, cannot delete it", r.ID)
		}
	}
	delete(s.registry, r.ID)
	return done()
}

func (s *Server) pingRegistry(c *call) *answer {
	var in struct {
		ID   *int64 `json:"id"`
		URL  string `json:"url"`
		Type string `json:"type"`
	}
	if refused := c.decode("registry", "RegistryPing", &in); refused != nil {
		return refused
	}
	r := &registry{Name: "ping", URL: in.URL, Type: in.Type}
	if in.ID != nil {
		if r = s.registry[*in.ID]; r == nil {
			return refuse(404, "registry %d not found", *in.ID)
		}
	}
	if !s.healthy(r) {
		return refuse(400, "the registry is unhealthy")
	}
	return done()
}

type registryInfo struct {
	CopyByChunk bool             `json:"supported_copy_by_chunk,omitempty"`
	Filters     []resourceFilter `json:"supported_resource_filters"`
	Triggers    []string         `json:"supported_triggers"`
	Type        string           `json:"type"`
}

type resourceFilter struct {
	Style  string   `json:"style"`
	Type   string   `json:"type"`
	Values []string `json:"values"`
}

func (s *Server) registryInfo(c *call) *answer {
	if c.PathValue("id") == "0" {
		return ok(infoOf("harbor", true))
	}
	return s.withRegistry(func(_ *call, r *registry) *answer { return ok(infoOf(r.Type, false)) })(c)
}

func infoOf(kind string, local bool) registryInfo {
	out := registryInfo{
		Type: kind, CopyByChunk: local, Triggers: []string{"manual", "scheduled"},
		Filters: []resourceFilter{{Style: "input", Type: "name"}, {Style: "input", Type: "tag"}},
	}
	resources := []string{"image"}
	if kind == "harbor" {
		out.Filters = append(out.Filters, resourceFilter{Style: "list", Type: "label"})
		out.Triggers = append(out.Triggers, "event_based")
		resources = append(resources, "artifact")
	}
	out.Filters = append(out.Filters, resourceFilter{Style: "radio", Type: "resource", Values: resources})
	return out
}
