package harborsim

import (
	"reflect"
	"strings"
)

type immutableRule struct {
	Action         string                `json:"action,omitempty"`
	Disabled       bool                  `json:"disabled,omitempty"`
	ID             int64                 `json:"id"`
	Priority       int64                 `json:"priority,omitempty"`
	ScopeSelectors map[string][]selector `json:"scope_selectors"`
	TagSelectors   []selector            `json:"tag_selectors"`
	Template       string                `json:"template,omitempty"`
	project        int64
}

func (s *Server) routeImmutable() {
	path := "/projects/{project}/immutabletagrules"
	s.handle("GET "+path, sysadmin, s.listRules)
	s.handle("POST "+path, sysadmin, s.createRule)
	if s.v215() {
		s.handle("PUT "+path+"/{rule}", sysadmin, s.rule(s.updateRule))
	}
	s.handle("DELETE "+path+"/{rule}", sysadmin, s.rule(func(_ *call, r *immutableRule) *answer {
		delete(s.rules, r.ID)
		return done()
	}))
	if !s.v215() {
		s.handle("PUT "+path+"/{rule}", sysadmin, s.rule(s.updateRule))
	}
}

func (s *Server) listRules(c *call) *answer {
	id, refused := c.id("project")
	if refused != nil {
		return refused
	}
	var out []*immutableRule
	for _, r := range sorted(s.rules) {
		if r.project == id {
			out = append(out, r)
		}
	}
	return list(c, out, "id")
}

func (s *Server) rule(h func(*call, *immutableRule) *answer) func(*call) *answer {
	return func(c *call) *answer {
		project, refused := c.id("project")
		if refused != nil {
			return refused
		}
		id, refused := c.id("rule")
		if refused != nil {
			return refused
		}
		r, found := s.rules[id]
		if !found {
			return refuse(404, "immutable rule %d not found", id)
		}
		if r.project != project {
			return refuse(404, "resource not found: project id %d does not match", project)
		}
		return h(c, r)
	}
}

// createRule does not look whether the project exists, and ignores disabled.
func (s *Server) createRule(c *call) *answer {
	project, refused := c.id("project")
	if refused != nil {
		return refused
	}
	r := &immutableRule{}
	if refused := c.decode("ImmutableRule", "ImmutableRule", r); refused != nil {
		return refused
	}
	r.Disabled, r.project, r.ID = false, project, s.next("rule")
	if len(r.TagSelectors) == 0 {
		r.TagSelectors = nil
	}
	for _, other := range s.rules {
		if other.project == project && reflect.DeepEqual(other.TagSelectors, r.TagSelectors) &&
			reflect.DeepEqual(other.ScopeSelectors, r.ScopeSelectors) && other.Action == r.Action {
			return refuse(409, "immutable rule already exists")
		}
	}
	s.rules[r.ID] = r
	return created("%s/%d", strings.TrimPrefix(c.URL.Path, base), r.ID)
}

// updateRule changes either the flag or the rest, never both.
func (s *Server) updateRule(c *call, r *immutableRule) *answer {
	in := &immutableRule{}
	if refused := c.decode("ImmutableRule", "ImmutableRule", in); refused != nil {
		return refused
	}
	if in.ID != r.ID {
		return refuse(400, "bad request: the immutable_rule_id doesn't match the id in the payload body of ImmutableRule")
	}
	if in.Disabled != r.Disabled {
		r.Disabled = in.Disabled
		return done()
	}
	in.project = r.project
	*r = *in
	return done()
}
