package harborsim

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

type retention struct {
	Algorithm string            `json:"algorithm,omitempty"`
	ID        int64             `json:"id"`
	Rules     []retentionRule   `json:"rules"`
	Scope     *retentionScope   `json:"scope"`
	Trigger   *retentionTrigger `json:"trigger"`
}

type retentionRule struct {
	Action         string                `json:"action,omitempty"`
	Disabled       bool                  `json:"disabled,omitempty"`
	ID             int64                 `json:"id,omitempty"`
	Params         map[string]any        `json:"params,omitempty"`
	Priority       int64                 `json:"priority,omitempty"`
	ScopeSelectors map[string][]selector `json:"scope_selectors,omitempty"`
	TagSelectors   []selector            `json:"tag_selectors"`
	Template       string                `json:"template,omitempty"`
}

type selector struct {
	Decoration string `json:"decoration,omitempty"`
	Extras     string `json:"extras,omitempty"`
	Kind       string `json:"kind,omitempty"`
	Pattern    string `json:"pattern,omitempty"`
}

type retentionScope struct {
	Level string `json:"level"`
	Ref   int64  `json:"ref"`
}

type retentionTrigger struct {
	Kind     string `json:"kind"`
	Settings struct {
		Cron string `json:"cron"`
		Next *stamp `json:"next_scheduled_time,omitempty"`
	} `json:"settings"`
}

func (s *Server) routeRetention() {
	s.handle("POST /retentions", sysadmin, s.createRetention)
	s.handle("GET /retentions/{id}", loggedIn, func(c *call) *answer {
		id, refused := c.id("id")
		if refused != nil {
			return refused
		}
		if r, found := s.retention[id]; found {
			return ok(r)
		}
		return internalError() // a policy that is gone is no 404
	})
	s.handle("PUT /retentions/{id}", sysadmin, s.updateRetention)
	s.handle("DELETE /retentions/{id}", sysadmin, s.deleteRetention)
}

// addProxyRetention makes the policy that a proxy cache gets from Harbor.
func (s *Server) addProxyRetention(projectID int64) int64 {
	r := &retention{
		ID: s.next("retention"), Algorithm: "or", Scope: &retentionScope{"project", projectID},
		Rules: []retentionRule{{
			Action: "retain", ID: 1, Priority: 1, Template: "nDaysSinceLastPull",
			Params:         map[string]any{"nDaysSinceLastPull": 7},
			ScopeSelectors: map[string][]selector{"repository": {{Decoration: "repoMatches", Kind: "doublestar", Pattern: "**"}}},
			TagSelectors:   []selector{{Decoration: "matches", Kind: "doublestar", Pattern: "**"}},
		}},
		Trigger: &retentionTrigger{Kind: "Schedule"},
	}
	r.schedule("0 0 0 * * *")
	s.retention[r.ID] = r
	return r.ID
}

func (r *retention) schedule(cron string) {
	r.Trigger.Settings.Cron, r.Trigger.Settings.Next = cron, nil
	if cron != "" {
		next := stamp(time.Now().Truncate(24 * time.Hour).Add(24 * time.Hour))
		r.Trigger.Settings.Next = &next
	}
}

func (s *Server) readRetention(c *call) (*retention, *answer) {
	r := &retention{}
	if refused := c.decode("policy", "RetentionPolicy", r); refused != nil {
		return nil, refused
	}
	if r.Scope == nil {
		r.Scope = &retentionScope{}
	}
	if r.Scope.Level != "project" {
		return nil, refuse(400, "bad request: scope %s is not support", r.Scope.Level)
	}
	if s.projects[r.Scope.Ref] == nil {
		return nil, refuse(400, "bad request: invalid Project id %d", r.Scope.Ref)
	}
	if r.Trigger == nil {
		return nil, &answer{status: 500} // a crash, answered without a body
	}
	if cron := r.Trigger.Settings.Cron; cron != "" && len(strings.Fields(cron)) != 6 {
		return nil, refuse(400, "invalid cron string for scheduled tag retention: %s, error: expected exactly 6 fields, found %d: %v",
			cron, len(strings.Fields(cron)), strings.Fields(cron))
	}
	if len(r.Rules) > 15 {
		return nil, refuse(400, "bad request: only 15 rules are allowed at most")
	}
	for i := range r.Rules {
		for j := range i {
			if reflect.DeepEqual(r.Rules[i], r.Rules[j]) {
				return nil, refuse(409, "resource conflict: rule %d is conflict with rule %d", i, j)
			}
		}
	}
	r.schedule(r.Trigger.Settings.Cron)
	return r, nil
}

func (s *Server) createRetention(c *call) *answer {
	r, refused := s.readRetention(c)
	if refused != nil {
		return refused
	}
	p := s.projects[r.Scope.Ref]
	if have := p.metadata["retention_id"]; have != "" {
		return refuse(400, "bad request: project %d already has retention policy %s", p.id, have)
	}
	r.ID = s.next("retention")
	s.retention[r.ID] = r
	p.metadata["retention_id"] = strconv.FormatInt(r.ID, 10)
	return created("/retentions/%d", r.ID)
}

func (s *Server) updateRetention(c *call) *answer {
	id, refused := c.id("id")
	if refused != nil {
		return refused
	}
	r, refused := s.readRetention(c)
	if refused != nil {
		return refused
	}
	if s.projects[r.Scope.Ref].metadata["retention_id"] != fmt.Sprint(id) {
		return refuse(404, "resource not found: the retention policy id %d does not match", id)
	}
	r.ID = id
	s.retention[id] = r
	return done()
}

// deleteRetention leaves the id in the project; 2.15 clears it.
func (s *Server) deleteRetention(c *call) *answer {
	id, refused := c.id("id")
	if refused != nil {
		return refused
	}
	r, found := s.retention[id]
	if !found {
		return refuse(400, "bad request: no such Retention policy with id %d", id)
	}
	delete(s.retention, id)
	if p := s.projects[r.Scope.Ref]; p != nil && s.v215() {
		delete(p.metadata, "retention_id")
	}
	return done()
}
