package harborsim

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const unlimited = -1

// maxStorage is the largest quota Harbor takes: 1024 TB.
const maxStorage = 1 << 50

type project struct {
	id         int64
	name       string
	owner      int64
	ownerName  string
	registryID int64
	metadata   map[string]string
	allowlist  allowlist
	repos      map[string]bool
	created    stamp
	updated    stamp
}

type allowlist struct {
	Created   stamp  `json:"creation_time"`
	ID        int64  `json:"id,omitempty"`
	ExpiresAt *int64 `json:"expires_at,omitempty"`
	Items     []cve  `json:"items"`
	ProjectID int64  `json:"project_id,omitempty"`
	Updated   stamp  `json:"update_time"`
}

type cve struct {
	ID string `json:"cve_id"`
}

type projectView struct {
	Created    stamp             `json:"creation_time"`
	RoleID     int64             `json:"current_user_role_id,omitempty"`
	RoleIDs    []int64           `json:"current_user_role_ids"`
	Allowlist  allowlist         `json:"cve_allowlist"`
	Metadata   map[string]string `json:"metadata,omitempty"`
	Name       string            `json:"name"`
	OwnerID    int64             `json:"owner_id"`
	OwnerName  string            `json:"owner_name,omitempty"`
	ProjectID  int64             `json:"project_id"`
	RegistryID int64             `json:"registry_id,omitempty"`
	RepoCount  int64             `json:"repo_count"`
	Updated    stamp             `json:"update_time"`
}

type projectReq struct {
	Name         string             `json:"project_name"`
	Public       *bool              `json:"public"`
	StorageLimit *int64             `json:"storage_limit"`
	RegistryID   *int64             `json:"registry_id"`
	Metadata     map[string]*string `json:"metadata"`
	Allowlist    *struct {
		ProjectID int64  `json:"project_id"`
		ExpiresAt *int64 `json:"expires_at"`
		Items     []cve  `json:"items"`
	} `json:"cve_allowlist"`
}

var projectName = regexp.MustCompile(`^[a-z0-9]+(?:[._-][a-z0-9]+)*$`)

func (s *Server) routeProjects() {
	s.handle("GET /projects", anyone, s.listProjects)
	s.handle("HEAD /projects", loggedIn, s.headProject)
	s.handle("POST /projects", loggedIn, s.createProject)
	s.handle("GET /projects/{project}", anyone, s.project(readable, func(c *call, p *project) *answer {
		return ok(s.viewProject(c, p, true))
	}))
	s.handle("PUT /projects/{project}", anyone, s.project(administered, s.updateProject))
	s.handle("DELETE /projects/{project}", anyone, s.project(administered, s.deleteProject))
	s.handle("GET /projects/{project}/summary", anyone, s.project(readable, s.summary))
	s.handle("GET /projects/{project}/_deletable", anyone, s.project(administered, s.deletable))
	s.handle("GET /projects/{project}/repositories", anyone, s.listRepositories)
	s.handle("DELETE /projects/{project}/repositories/{repository}", loggedIn, s.deleteRepository)
	s.handle("GET /projects/{project}/metadatas/{$}", anyone, s.project(readable, func(_ *call, p *project) *answer {
		return ok(maps.Clone(p.metadata))
	}))
	s.handle("POST /projects/{project}/metadatas/{$}", anyone, s.project(administered, s.addMetadata))
	s.handle("GET /projects/{project}/metadatas/{key}", anyone, s.project(readable, func(c *call, p *project) *answer {
		out := map[string]string{}
		if v, set := p.metadata[c.PathValue("key")]; set {
			out[c.PathValue("key")] = v
		}
		return ok(out)
	}))
	s.handle("PUT /projects/{project}/metadatas/{key}", anyone, s.project(administered, s.setMetadata))
	s.handle("DELETE /projects/{project}/metadatas/{key}", anyone, s.project(administered, func(c *call, p *project) *answer {
		delete(p.metadata, c.PathValue("key"))
		return done()
	}))
}

// right is what a caller needs of a project.
type right int

const (
	readable right = iota
	membersOnly
	administered
)

// project wraps a handler of one project: finds it by name or id and checks
// the caller's right. Whoever is no system administrator learns nothing about
// what does not exist: 403, and 401 without credentials.
func (s *Server) project(need right, h func(*call, *project) *answer) func(*call) *answer {
	return func(c *call) *answer {
		p := s.findProject(c)
		if !s.allowed(c, p, need) {
			if c.user == nil {
				return refuse(401, "unauthorized")
			}
			return refuse(403, "forbidden")
		}
		if p == nil {
			return refuse(404, "project %s not found", c.PathValue("project"))
		}
		return h(c, p)
	}
}

func (s *Server) allowed(c *call, p *project, need right) bool {
	switch {
	case c.admin():
		return true
	case p == nil:
		return false
	case need == readable && p.metadata["public"] == "true":
		return true
	}
	role := s.role(c, p)
	return role != 0 && (need != administered || role == 1)
}

// role is the caller's role in a project, 0 for none.
func (s *Server) role(c *call, p *project) int64 {
	switch {
	case c.user == nil:
		return 0
	case c.user.Admin:
		return 1
	}
	for _, m := range s.members {
		if m.ProjectID == p.id && m.EntityType == "u" && m.EntityID == c.user.ID {
			return m.RoleID
		}
	}
	return 0
}

// findProject takes digits for an id unless the header says that it is a name.
func (s *Server) findProject(c *call) *project {
	ref := c.PathValue("project")
	if id, err := strconv.ParseInt(ref, 10, 64); err == nil && c.Header.Get("X-Is-Resource-Name") != "true" {
		return s.projects[id]
	}
	return s.projectNamed(ref)
}

func (s *Server) projectNamed(name string) *project {
	for _, p := range s.projects {
		if p.name == name {
			return p
		}
	}
	return nil
}

func (s *Server) viewProject(c *call, p *project, detail bool) projectView {
	v := projectView{
		Created: p.created, Updated: p.updated, Name: p.name, OwnerID: p.owner, ProjectID: p.id,
		RegistryID: p.registryID, RepoCount: int64(len(p.repos)),
	}
	if role := s.role(c, p); role != 0 {
		v.RoleID, v.RoleIDs = role, []int64{role}
	}
	if !detail {
		return v
	}
	v.OwnerName, v.Allowlist, v.Metadata = p.ownerName, p.allowlist, maps.Clone(p.metadata)
	if severity, set := v.Metadata["severity"]; set {
		v.Metadata["severity"] = knownSeverity(severity)
	}
	return v
}

// knownSeverity is how a project shows a severity; its metadata keep what was written.
func knownSeverity(s string) string {
	s = strings.ToLower(s)
	if slices.Contains([]string{"none", "low", "medium", "high", "critical"}, s) {
		return s
	}
	return "unknown"
}

func (s *Server) listProjects(c *call) *answer {
	values := c.URL.Query()
	detail := values.Get("with_detail") != "false"
	visible := slices.DeleteFunc(sorted(s.projects), func(p *project) bool {
		public, asked := query(values, "public")
		return !s.allowed(c, p, readable) ||
			!strings.Contains(p.name, values.Get("name")) ||
			values.Get("owner") != "" && values.Get("owner") != p.ownerName ||
			asked && public != cmp.Or(p.metadata["public"], "false")
	})
	slices.SortFunc(visible, func(a, b *project) int { return cmp.Compare(a.name, b.name) })
	if refused := checkPage(values); refused != nil {
		return refused
	}
	views := make([]projectView, len(visible))
	for i, p := range visible {
		views[i] = s.viewProject(c, p, detail)
	}
	return list(c, views, "name", "project_id", "owner_id", "creation_time", "update_time")
}

func (s *Server) headProject(c *call) *answer {
	name := c.URL.Query().Get("project_name")
	if s.projectNamed(name) == nil {
		return refuse(404, "project %s not found", name)
	}
	return done()
}

func (s *Server) createProject(c *call) *answer {
	var in projectReq
	if refused := c.decode("project", "ProjectReq", &in); refused != nil {
		return refused
	}
	if refused := s.checkNewProject(c, &in); refused != nil {
		return refused
	}
	metadata := map[string]string{}
	for _, key := range s.metadataKeys(in.RegistryID != nil) {
		if v := in.Metadata[key]; v != nil {
			metadata[key] = *v
		}
	}
	if _, set := metadata["public"]; !set {
		metadata["public"] = strconv.FormatBool(in.Public != nil && *in.Public)
	}
	limit, _ := s.config["storage_per_project"].(int64)
	if c.user.Admin && in.StorageLimit != nil && *in.StorageLimit != 0 {
		limit = *in.StorageLimit
	}
	if s.projectNamed(in.Name) != nil {
		s.next("project")
		return refuse(409, "The project named %s already exists", in.Name)
	}
	var registryID int64
	if in.RegistryID != nil {
		registryID = *in.RegistryID
	}
	p := s.addProject(c.user, in.Name, metadata, limit, registryID)
	if c.Header.Get("X-Resource-Name-In-Location") == "true" {
		return created("/projects/%s", p.name)
	}
	return created("/projects/%d", p.id)
}

func (s *Server) checkNewProject(c *call, in *projectReq) *answer {
	if len(in.Name) > 255 {
		return unprocessable("validation failure list:\nproject_name in body should be at most 255 chars long")
	}
	if s.config["project_creation_restriction"] == "adminonly" && !c.user.Admin {
		return refuse(403, "Only system admin can create project")
	}
	if in.RegistryID != nil && !c.user.Admin {
		return refuse(403, "Only system admin can create proxy cache project")
	}
	if in.Name == "" {
		return refuse(400, "Project name  is illegal in length. (greater than 255 or less than 1)")
	}
	if !projectName.MatchString(in.Name) {
		return refuse(400, "project name is not in lower case or contains illegal characters")
	}
	if public := in.Metadata["public"]; public != nil && *public != "true" && *public != "false" {
		return refuse(400, "metadata.public should only be 'true' or 'false', but got: '%s'", *public)
	}
	if refused := s.checkUpstream(in.RegistryID); refused != nil {
		return refused
	}
	if in.StorageLimit != nil && c.user.Admin && *in.StorageLimit != 0 {
		if text := badStorage(*in.StorageLimit); text != "" {
			return refuse(400, "bad request: %s", text)
		}
	}
	return nil
}

// checkUpstream checks the registry of a proxy-cache project.
func (s *Server) checkUpstream(registryID *int64) *answer {
	if registryID == nil {
		return nil
	}
	if *registryID <= 0 {
		return refuse(400, "bad request: %d is invalid value of registry_id, it should be geater than 0", *registryID)
	}
	upstream, found := s.registry[*registryID]
	if !found {
		return internalError()
	}
	if !slices.Contains(s.proxyTypes(), upstream.Type) {
		return refuse(400, "bad request: unsupported registry type %s", upstream.Type)
	}
	return nil
}

// proxyTypes are the registry types a proxy-cache project may stand for.
func (s *Server) proxyTypes() []string {
	types := []string{
		"docker-hub", "harbor", "azure-acr", "ali-acr", "aws-ecr", "google-gcr", "docker-registry", "github-ghcr",
		"jfrog-artifactory",
	}
	if s.v215() {
		return types
	}
	return append(types, "quay")
}

// metadataKeys are the keys a project keeps.
func (s *Server) metadataKeys(proxy bool) []string {
	keys := []string{
		"public", "enable_content_trust_cosign", "prevent_vul", "severity", "auto_scan", "auto_sbom_generation",
		"reuse_sys_cve_allowlist", "retention_id",
	}
	if !proxy {
		return append(keys, "enable_content_trust")
	}
	if s.v215() {
		keys = append(keys, "max_upstream_conn", "proxy_cache_local_on_not_found")
	}
	return append(keys, "proxy_speed_kb")
}

func (s *Server) addProject(owner *user, name string, metadata map[string]string, limit, registryID int64) *project {
	p := &project{
		id: s.next("project"), name: name, owner: owner.ID, ownerName: owner.Name, registryID: registryID,
		metadata: metadata, repos: map[string]bool{}, created: now(), updated: now(),
	}
	p.allowlist = allowlist{ID: s.next("allowlist"), ProjectID: p.id, Items: []cve{}}
	s.projects[p.id] = p
	s.addMember(p.id, owner.ID, "u", 1)
	if s.config["quota_per_project_enable"] == true {
		s.addQuota(p, limit)
	}
	if registryID != 0 {
		// A proxy cache keeps what was pulled within a week.
		p.metadata["retention_id"] = fmt.Sprint(s.addProxyRetention(p.id))
	}
	return p
}

func (s *Server) updateProject(c *call, p *project) *answer {
	var in projectReq
	if refused := c.decode("project", "ProjectReq", &in); refused != nil {
		return refused
	}
	if s.contended(c.Request) {
		return refuse(409, "the project %s has been modified by another request", p.name)
	}
	if in.Allowlist != nil {
		if hasDouble(in.Allowlist.Items) {
			return internalError() // the validation's error is of no kind that has a status
		}
		if id := in.Allowlist.ProjectID; id != 0 && id != p.id {
			return refuse(400, "project_id in cve_allowlist must be that of the project")
		}
		p.allowlist.Items = append([]cve{}, in.Allowlist.Items...)
		p.allowlist.ExpiresAt = in.Allowlist.ExpiresAt
	}
	if id := in.Metadata["retention_id"]; id != nil && *id != p.metadata["retention_id"] {
		return refuse(400, "the retention_id in the request's payload when updating a project should be omitted, "+
			"alternatively passing the one that has already been associated to this project")
	}
	for _, key := range s.metadataKeys(p.registryID != 0) {
		if v := in.Metadata[key]; v != nil {
			p.metadata[key] = *v
		}
	}
	p.updated = now()
	return done()
}

const heldByRepositories = "the project contains repositories, can not be deleted"

func (s *Server) deletable(_ *call, p *project) *answer {
	if len(p.repos) > 0 {
		return ok(map[string]any{"message": heldByRepositories})
	}
	return ok(map[string]any{"deletable": true})
}

func (s *Server) deleteProject(_ *call, p *project) *answer {
	if len(p.repos) > 0 {
		return refuse(412, "precondition failed: %s", heldByRepositories)
	}
	s.removeProject(p)
	return done()
}

// removeProject takes along members, rules and quota at once, and the
// retention policy in the background (2.15: at once). Labels stay.
func (s *Server) removeProject(p *project) {
	delete(s.projects, p.id)
	maps.DeleteFunc(s.members, func(_ int64, m *member) bool { return m.ProjectID == p.id })
	maps.DeleteFunc(s.quotas, func(_ int64, q *quota) bool { return q.Ref.ID == p.id })
	maps.DeleteFunc(s.rules, func(_ int64, r *immutableRule) bool { return r.project == p.id })
	forget := func() {
		maps.DeleteFunc(s.retention, func(_ int64, r *retention) bool { return r.Scope.Ref == p.id })
	}
	if s.v215() {
		forget()
		return
	}
	s.later = append(s.later, forget)
}

type summaryView struct {
	Admins       int64         `json:"project_admin_count,omitempty"`
	Maintainers  int64         `json:"maintainer_count,omitempty"`
	Developers   int64         `json:"developer_count,omitempty"`
	Guests       int64         `json:"guest_count,omitempty"`
	LimitedGuest int64         `json:"limited_guest_count,omitempty"`
	Quota        *quotaSummary `json:"quota,omitempty"`
	Registry     *registryView `json:"registry,omitempty"`
	RepoCount    int64         `json:"repo_count"`
}

type quotaSummary struct {
	Hard map[string]int64 `json:"hard"`
	Used map[string]int64 `json:"used"`
}

func (s *Server) summary(_ *call, p *project) *answer {
	v := summaryView{RepoCount: int64(len(p.repos))}
	counts := map[int64]*int64{1: &v.Admins, 2: &v.Developers, 3: &v.Guests, 4: &v.Maintainers, 5: &v.LimitedGuest}
	for _, m := range s.members {
		if n := counts[m.RoleID]; m.ProjectID == p.id && n != nil {
			*n++
		}
	}
	if q := s.quotaOf(p.id); q != nil {
		v.Quota = &quotaSummary{q.Hard, q.Used}
	}
	if upstream := s.registry[p.registryID]; p.registryID != 0 && upstream != nil {
		view := upstream.view()
		view.Credential, view.Insecure, view.Description = nil, false, ""
		v.Registry = &view
	}
	return ok(v)
}

func (s *Server) addMetadata(c *call, p *project) *answer {
	var in map[string]string
	if refused := c.decode("metadata", "", &in); refused != nil {
		return refused
	}
	for key, value := range in {
		if _, exists := p.metadata[key]; exists {
			return refuse(409, "metadata %s already exists for project %d", key, p.id)
		}
		p.metadata[key] = value
	}
	return done()
}

func (s *Server) setMetadata(c *call, p *project) *answer {
	var in map[string]string
	if refused := c.decode("metadata", "", &in); refused != nil {
		return refused
	}
	key := c.PathValue("key")
	p.metadata[key] = in[key]
	return done()
}

// listRepositories takes the project by name only.
func (s *Server) listRepositories(c *call) *answer {
	ref := c.PathValue("project")
	p := s.projectNamed(ref)
	if !s.allowed(c, p, readable) {
		return refuse(403, "forbidden")
	}
	if p == nil {
		return refuse(404, "project %s not found", ref)
	}
	var out []map[string]any
	for _, name := range slices.Sorted(maps.Keys(p.repos)) {
		out = append(out, map[string]any{"name": p.name + "/" + name, "project_id": p.id})
	}
	return list(c, out, "name")
}

func (s *Server) deleteRepository(c *call) *answer {
	p, name := s.projectNamed(c.PathValue("project")), c.PathValue("repository")
	if p == nil || !p.repos[name] {
		return refuse(404, "repository %s/%s not found", c.PathValue("project"), name)
	}
	delete(p.repos, name)
	return done()
}

// badStorage says what is wrong with a quota.
func badStorage(n int64) string {
	switch {
	case n == unlimited || n > 0 && n <= maxStorage:
		return ""
	case n > maxStorage:
		return fmt.Sprintf("exceeded 1024TB, which is %d Bytes, value=%d", int64(maxStorage), n)
	}
	return fmt.Sprintf("invalid non-positive value for quota limit, value=%d", n)
}
