package harborsim

import (
	"encoding/json"
	"fmt"
	"time"
)

// Kinds of objects for Names, Edit and Forget.
const (
	Project           = "project"
	Registry          = "registry"
	ReplicationPolicy = "replication_policy"
)

// Names lists the objects of a kind, for checks that nothing is left over or
// doubled. The project library, which every Harbor has, is left out.
func (s *Server) Names(kind string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	switch kind {
	case Project:
		for _, p := range sorted(s.projects) {
			if p.name != "library" {
				out = append(out, p.name)
			}
		}
	case Registry:
		for _, r := range sorted(s.registry) {
			out = append(out, r.Name)
		}
	case ReplicationPolicy:
		for _, p := range sorted(s.policies) {
			out = append(out, p.Name)
		}
	}
	return out
}

// Forget deletes an object behind the client's back; it tells whether there was one.
func (s *Server) Forget(kind, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch kind {
	case Project:
		if p := s.projectNamed(name); p != nil {
			s.removeProject(p)
			return true
		}
	case Registry:
		if r := s.registryNamed(name); r != nil {
			delete(s.registry, r.ID)
			return true
		}
	case ReplicationPolicy:
		if p := s.policyNamed(name); p != nil {
			delete(s.policies, p.id)
			return true
		}
	}
	return false
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
	switch kind {
	case Project:
		if p := s.projectNamed(name); p != nil {
			return s.editProject(p, changes, text)
		}
	case Registry:
		if r := s.registryNamed(name); r != nil {
			if secret, given := changes["secret"].(string); given {
				r.secret = secret
			}
			return json.Unmarshal(text, r)
		}
	case ReplicationPolicy:
		if p := s.policyNamed(name); p != nil {
			return s.editPolicy(p, text)
		}
	}
	return fmt.Errorf("no %s named %q", kind, name)
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
	admin := &call{user: s.users[1]}
	out := map[string]any{}
	switch kind {
	case Project:
		p := s.projectNamed(name)
		if p == nil {
			return nil
		}
		merge(out, s.viewProject(admin, p, true))
		if q := s.quotaOf(p.id); q != nil {
			out["storage_limit"] = q.Hard["storage"]
		}
	case Registry:
		r := s.registryNamed(name)
		if r == nil {
			return nil
		}
		merge(out, r.view())
	case ReplicationPolicy:
		p := s.policyNamed(name)
		if p == nil {
			return nil
		}
		merge(out, s.viewPolicy(p))
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

// Age makes an object older than it is.
func (s *Server) Age(kind, name string, by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	age := func(t *stamp) { *t = stamp(time.Time(*t).Add(-by)) }
	switch kind {
	case Project:
		age(&s.projectNamed(name).created)
	case Registry:
		age(&s.registryNamed(name).created)
	case ReplicationPolicy:
		age(&s.policyNamed(name).created)
	}
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
