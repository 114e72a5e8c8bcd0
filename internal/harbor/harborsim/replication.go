package harborsim

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// policy is a replication policy; its fields are those of a request, and all
// of them are replaced by a PUT.
type policy struct {
	Name          string   `json:"name"`
	Description   string   `json:"description,omitempty"`
	DestNamespace string   `json:"dest_namespace,omitempty"`
	ReplaceCount  *int8    `json:"dest_namespace_replace_count"`
	Trigger       *trigger `json:"trigger,omitempty"`
	Filters       []fltr   `json:"filters"`
	Deletion      bool     `json:"deletion,omitempty"`
	ReplicateDel  bool     `json:"replicate_deletion,omitempty"`
	Override      bool     `json:"override,omitempty"`
	Enabled       bool     `json:"enabled,omitempty"`
	Speed         int32    `json:"speed"`
	CopyByChunk   bool     `json:"copy_by_chunk"`
	SingleActive  *bool    `json:"single_active_replication,omitempty"`
	id, src, dest int64
	created       stamp
	updated       stamp
}

type trigger struct {
	Type     string           `json:"type"`
	Settings *triggerSettings `json:"trigger_settings,omitempty"`
}

type triggerSettings struct {
	Cron string `json:"cron,omitempty"`
}

type fltr struct {
	Decoration string `json:"decoration,omitempty"`
	Type       string `json:"type"`
	Value      any    `json:"value"`
}

type policyView struct {
	policy
	ID      int64        `json:"id"`
	Src     registryView `json:"src_registry"`
	Dest    registryView `json:"dest_registry"`
	Created stamp        `json:"creation_time"`
	Updated stamp        `json:"update_time"`
}

func (s *Server) routeReplication() {
	s.handle("GET /replication/policies", sysadmin, s.listPolicies)
	s.handle("POST /replication/policies", sysadmin, s.createPolicy)
	s.handle("GET /replication/policies/{id}", sysadmin, s.withPolicy(func(_ *call, p *policy) *answer {
		return ok(s.viewPolicy(p))
	}))
	s.handle("PUT /replication/policies/{id}", sysadmin, s.withPolicy(s.updatePolicy))
	s.handle("DELETE /replication/policies/{id}", sysadmin, s.withPolicy(func(_ *call, p *policy) *answer {
		delete(s.policies, p.id)
		return done()
	}))
}

func (s *Server) withPolicy(h func(*call, *policy) *answer) func(*call) *answer {
	return func(c *call) *answer {
		id, refused := c.id("id")
		if refused != nil {
			return refused
		}
		p, found := s.policies[id]
		if !found {
			return refuse(404, "replication policy %d not found", id)
		}
		return h(c, p)
	}
}

func (s *Server) viewPolicy(p *policy) policyView {
	return policyView{
		policy: *p, ID: p.id, Src: s.side(p.src), Dest: s.side(p.dest), Created: p.created, Updated: p.updated,
	}
}

func (s *Server) side(id int64) registryView {
	if r := s.registry[id]; r != nil {
		return r.view()
	}
	return s.local()
}

func (s *Server) listPolicies(c *call) *answer {
	var out []policyView
	for _, p := range newestFirst(s.policies) {
		if strings.Contains(p.Name, c.URL.Query().Get("name")) {
			out = append(out, s.viewPolicy(p))
		}
	}
	return list(c, out, "id", "name", "creation_time", "update_time")
}

func (s *Server) createPolicy(c *call) *answer {
	p, refused := s.readPolicy(c)
	if refused != nil {
		return refused
	}
	p.id = s.next("policy")
	if s.policyNamed(p.Name) != nil {
		return refuse(409, "replication policy %s already exists", p.Name)
	}
	p.created, p.updated = now(), now()
	s.policies[p.id] = p
	return created("/replication/policies/%d", p.id)
}

func (s *Server) updatePolicy(c *call, old *policy) *answer {
	p, refused := s.readPolicy(c)
	if refused != nil {
		return refused
	}
	if s.contended(c.Request) {
		return refuse(404, "replication policy %d not found", old.id)
	}
	if other := s.policyNamed(p.Name); other != nil && other.id != old.id {
		return refuse(409, "replication policy %s already exists", p.Name)
	}
	p.id, p.created, p.updated = old.id, old.created, now()
	s.policies[p.id] = p
	return done()
}

func (s *Server) policyNamed(name string) *policy {
	for _, p := range s.policies {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// readPolicy reads and checks a policy from a request.
func (s *Server) readPolicy(c *call) (*policy, *answer) {
	p := &policy{}
	if refused := c.decode("policy", "ReplicationPolicy", p); refused != nil {
		return nil, refused
	}
	var ends struct {
		Src  *struct{ ID int64 } `json:"src_registry"`
		Dest *struct{ ID int64 } `json:"dest_registry"`
	}
	_ = json.Unmarshal(c.body, &ends)
	if ends.Src != nil {
		p.src = ends.Src.ID
	}
	if ends.Dest != nil {
		p.dest = ends.Dest.ID
	}
	if refused := s.checkPolicy(p); refused != nil {
		return nil, refused
	}
	s.fillPolicy(p)
	return p, nil
}

// fillPolicy puts the defaults in.
func (s *Server) fillPolicy(p *policy) {
	if p.ReplaceCount == nil {
		all := int8(-1)
		p.ReplaceCount = &all
	}
	p.Deletion = p.Deletion || p.ReplicateDel
	p.ReplicateDel = p.Deletion
	p.Speed = max(p.Speed, 0)
	if len(p.Filters) == 0 {
		p.Filters = nil
	}
	if p.Trigger != nil && p.Trigger.Settings != nil && p.Trigger.Settings.Cron == "" {
		p.Trigger.Settings = nil
	}
	if !s.v215() {
		p.SingleActive = nil
	} else if p.SingleActive == nil {
		p.SingleActive = new(bool)
	}
}

var namespace = regexp.MustCompile(`^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$`)

func (s *Server) checkPolicy(p *policy) *answer {
	if p.Name == "" {
		return refuse(400, "empty name")
	}
	if (p.src != 0) == (p.dest != 0) {
		return refuse(400, "either src_registry or dest_registry should be empty and the other one shouldn't be empty")
	}
	for _, f := range p.Filters {
		if text := f.fault(); text != "" {
			return refuse(400, "%s", text)
		}
	}
	if text := p.Trigger.fault(); text != "" {
		return refuse(400, "%s", text)
	}
	if p.DestNamespace != "" && !namespace.MatchString(p.DestNamespace) {
		return refuse(400, "invalid destination namespace: %s", p.DestNamespace)
	}
	if id := p.src + p.dest; s.registry[id] == nil {
		return refuse(404, "registry %d not found", id)
	}
	if p.SingleActive != nil && *p.SingleActive && s.v215() && p.Trigger != nil && p.Trigger.Type == "event_based" {
		return internalError()
	}
	return nil
}

func (f fltr) fault() string {
	text, isText := f.Value.(string)
	switch f.Type {
	case "name", "tag":
		if !isText {
			return "the type of filter value isn't string"
		}
	case "resource":
		if !isText {
			return "the type of filter value isn't string"
		}
		if text != "image" && text != "artifact" {
			return "invalid resource filter: " + text
		}
	case "label":
		items, isList := f.Value.([]any)
		if !isList || slices.ContainsFunc(items, func(item any) bool { _, isText := item.(string); return !isText }) {
			return "the type of label filter value isn't string slice"
		}
	default:
		return "invalid filter type"
	}
	if f.Decoration != "" && f.Decoration != "matches" && f.Decoration != "excludes" {
		return "invalid filter decoration, :" + f.Decoration
	}
	return ""
}

func (t *trigger) fault() string {
	if t == nil {
		return ""
	}
	switch t.Type {
	case "", "manual", "event_based":
		return ""
	case "scheduled":
		if t.Settings == nil || t.Settings.Cron == "" {
			return "the cron string cannot be empty when the trigger type is scheduled"
		}
		return cronFault(t.Settings.Cron)
	}
	return "invalid trigger type"
}

var cronField = regexp.MustCompile(`^[0-9A-Za-z*?/,\-#]+$`)

func cronFault(cron string) string {
	fields := strings.Fields(cron)
	if len(fields) != 6 || slices.ContainsFunc(fields, func(f string) bool { return !cronField.MatchString(f) }) {
		return "invalid cron string for scheduled trigger: " + cron
	}
	if fields[0] != "0" {
		return "the 1st field (indicating Seconds of time) of the cron setting must be 0"
	}
	if fields[1] == "*" {
		return "* is not allowed for the Minutes field of the cron setting of replication policy"
	}
	return ""
}
