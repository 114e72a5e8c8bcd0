package harborsim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Kinds of objects, for the functions that take one.
const (
	Project           = "project"
	Registry          = "registry"
	ReplicationPolicy = "replication_policy"
	Label             = "label"
)

// handle is an object as tests reach it behind the client's back.
type handle struct {
	name    string
	view    any    // as the API shows it
	created *stamp // when it was made
	forget  func()
	edit    func(changes map[string]any, text []byte) error // text is JSON of the changes
}

// kinds are the objects of all kinds: whatever tests do to objects, they do
// through these, so a kind that is forgotten here is known nowhere.
func (s *Server) kinds() map[string][]handle {
	return map[string][]handle{
		Project: handles(s.projects, func(p *project) handle {
			return handle{
				name: p.name, view: s.wholeProject(p), created: &p.created, forget: func() { s.removeProject(p) },
				edit: func(changes map[string]any, text []byte) error { return s.editProject(p, changes, text) },
			}
		}),
		Registry: handles(s.registry, func(r *registry) handle {
			return handle{name: r.Name, view: r.view(), created: &r.created, edit: func(changes map[string]any, text []byte) error {
				if secret, given := changes["secret"].(string); given {
					r.secret = secret
				}
				return json.Unmarshal(text, r)
			}}
		}),
		ReplicationPolicy: handles(s.policies, func(p *policy) handle {
			return handle{
				name: p.Name, view: s.viewPolicy(p), created: &p.created,
				edit: func(_ map[string]any, text []byte) error { return s.editPolicy(p, text) },
			}
		}),
		Label: handles(s.labels, func(l *label) handle { return handle{name: s.fullName(l), view: l, created: &l.Created} }),
	}
}

// handles are the objects of one kind, in the order of their ids. Where nothing
// else is said, they leave the map when forgotten and are edited as they are shown.
func handles[V any](all map[int64]V, of func(V) handle) []handle {
	var out []handle
	for _, id := range slices.Sorted(maps.Keys(all)) {
		h := of(all[id])
		if h.forget == nil {
			h.forget = func() { delete(all, id) }
		}
		if h.edit == nil {
			h.edit = func(_ map[string]any, text []byte) error { return json.Unmarshal(text, h.view) }
		}
		out = append(out, h)
	}
	return out
}

// of are the objects of a kind. That there is none such is a mistake of a test.
func (s *Server) of(kind string) []handle {
	all, known := s.kinds()[kind]
	if !known {
		panic(fmt.Sprintf("harborsim has no kind %q", kind))
	}
	return all
}

// named finds an object.
func (s *Server) named(kind, name string) (handle, error) {
	all := s.of(kind)
	if i := slices.IndexFunc(all, func(h handle) bool { return h.name == name }); i >= 0 {
		return all[i], nil
	}
	return handle{}, fmt.Errorf("harbor has no %s named %q", kind, name)
}

// Kinds lists all kinds.
func (s *Server) Kinds() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.kinds()))
}

// Names lists the objects of a kind; a label of a project as "project/label".
// The project library, which every Harbor has, is left out.
func (s *Server) Names(kind string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	for _, h := range s.of(kind) {
		if kind != Project || h.name != "library" {
			out = append(out, h.name)
		}
	}
	return out
}

// Left lists the objects of all kinds, for checks that nothing is left over.
func (s *Server) Left() []string {
	var out []string
	for _, kind := range s.Kinds() {
		for _, name := range s.Names(kind) {
			out = append(out, kind+" "+name)
		}
	}
	return out
}

// Forget deletes an object behind the client's back; it tells whether there was one.
func (s *Server) Forget(kind, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, err := s.named(kind, name)
	if err == nil {
		h.forget()
	}
	return err == nil
}

// Edit changes an object behind the client's back. The changes are merged into
// the object as the API names its fields. Those of a project are metadata
// (nil removes one), storage_limit, and cve_allowlist; of a registry also secret.
func (s *Server) Edit(kind, name string, changes map[string]any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, err := json.Marshal(changes)
	if err != nil {
		return err
	}
	h, err := s.named(kind, name)
	if err != nil {
		return err
	}
	return h.edit(changes, text)
}

func (s *Server) editProject(p *project, changes map[string]any, text []byte) error {
	for key, value := range changes {
		switch v := value.(type) {
		case nil:
			delete(p.metadata, key)
		case string:
			p.metadata[key] = v
		}
	}
	var in struct {
		StorageLimit *int64     `json:"storage_limit"`
		Allowlist    *allowlist `json:"cve_allowlist"`
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	if in.StorageLimit != nil {
		s.quotaOf(p.id).Hard["storage"] = *in.StorageLimit
	}
	if in.Allowlist != nil {
		p.allowlist.Items, p.allowlist.ExpiresAt = in.Allowlist.Items, in.Allowlist.ExpiresAt
	}
	return nil
}

func (s *Server) editPolicy(p *policy, text []byte) error {
	if err := json.Unmarshal(text, p); err != nil {
		return err
	}
	var ends struct {
		Src  *struct{ ID int64 } `json:"src_registry"`
		Dest *struct{ ID int64 } `json:"dest_registry"`
	}
	if err := json.Unmarshal(text, &ends); err != nil {
		return err
	}
	if ends.Src != nil {
		p.src = ends.Src.ID
	}
	if ends.Dest != nil {
		p.dest = ends.Dest.ID
	}
	p.ReplicateDel = p.Deletion
	return nil
}

// View is an object as the API shows it, nil when there is none; a project
// also has its quota under storage_limit.
func (s *Server) View(kind, name string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, err := s.named(kind, name)
	if err != nil {
		return nil
	}
	out := map[string]any{}
	merge(out, h.view)
	return out
}

// wholeProject is a project with its quota.
func (s *Server) wholeProject(p *project) map[string]any {
	out := map[string]any{}
	merge(out, s.viewProject(&call{user: s.users[1]}, p, true))
	if q := s.quotaOf(p.id); q != nil {
		out["storage_limit"] = q.Hard["storage"]
	}
	return out
}

func merge(into map[string]any, object any) {
	text, _ := json.Marshal(object)
	_ = json.Unmarshal(text, &into)
}

// Push puts a repository into a project, which can then not be deleted.
func (s *Server) Push(project, repository string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.projectNamed(project).repos[repository] = true
}

// Configure sets a system setting, such as quota_per_project_enable.
func (s *Server) Configure(key string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config[key] = value
}

// Unpush takes a repository out of a project.
func (s *Server) Unpush(project, repository string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.projectNamed(project).repos, repository)
}

// AddProject makes a private project of a user behind the client's back.
func (s *Server) AddProject(name, owner string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addProject(s.userNamed(owner), name, map[string]string{"public": "false"}, unlimited, 0)
}

// AddProxy makes a proxy cache of a registry behind the client's back.
func (s *Server) AddProxy(name, registry string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addProject(s.users[1], name, map[string]string{"public": "false"}, unlimited, s.registryNamed(registry).ID)
}

// Age makes an object, which has to be there, older than it is.
func (s *Server) Age(kind, name string, by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, err := s.named(kind, name)
	if err != nil {
		panic(err)
	}
	*h.created = stamp(time.Time(*h.created).Add(-by))
}

// AddRegistry makes a registry behind the client's back.
func (s *Server) AddRegistry(name, kind, url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &registry{ID: s.next("registry"), Name: name, Type: kind, URL: url, created: now(), updated: now()}
	s.registry[r.ID] = r
}

// AddReplicationPolicy makes a policy that pushes to a registry behind the client's back.
func (s *Server) AddReplicationPolicy(name, registry string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &policy{Name: name, Enabled: true, id: s.next("policy"), dest: s.registryNamed(registry).ID, created: now(), updated: now()}
	s.fillPolicy(p)
	s.policies[p.id] = p
}

// AddLabel makes a label behind the client's back: of the whole Harbor, or of a
// project where that is not "".
func (s *Server) AddLabel(project, name, color string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &label{ID: s.next("label"), Name: name, Color: color, Scope: "g", Created: now(), Updated: now()}
	if project != "" {
		l.Scope, l.ProjectID = "p", s.projectNamed(project).id
	}
	s.labels[l.ID] = l
}
