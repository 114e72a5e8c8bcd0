package harborsim

import (
	"fmt"
	"strconv"
	"strings"
)

type label struct {
	Color       string `json:"color,omitempty"`
	Created     stamp  `json:"creation_time"`
	Description string `json:"description,omitempty"`
	ID          int64  `json:"id"`
	Name        string `json:"name,omitempty"`
	ProjectID   int64  `json:"project_id,omitempty"`
	Scope       string `json:"scope"`
	Updated     stamp  `json:"update_time"`
}

func (s *Server) routeLabels() {
	s.handle("GET /labels", anyone, s.listLabels)
	s.handle("POST /labels", sysadmin, s.createLabel)
	s.handle("GET /labels/{label_id}", loggedIn, s.label(func(_ *call, l *label) *answer { return ok(l) }))
	s.handle("PUT /labels/{label_id}", sysadmin, s.label(s.updateLabel))
	s.handle("DELETE /labels/{label_id}", sysadmin, s.label(func(_ *call, l *label) *answer {
		delete(s.labels, l.ID)
		return done()
	}))
}

func (s *Server) label(h func(*call, *label) *answer) func(*call) *answer {
	return func(c *call) *answer {
		id, refused := c.id("label_id")
		if refused != nil {
			return refused
		}
		l, found := s.labels[id]
		if !found {
			return refuse(404, "label %d not found", id)
		}
		return h(c, l)
	}
}

func (s *Server) listLabels(c *call) *answer {
	values := c.URL.Query()
	scope, project := values.Get("scope"), values.Get("project_id")
	if scope != "g" && scope != "p" {
		return refuse(400, "invalid scope: %s", scope)
	}
	if scope == "p" && project == "" {
		return refuse(400, "must with project ID when to query project labels")
	}
	var out []*label
	for _, l := range sorted(s.labels) {
		if l.Scope == scope && strings.Contains(l.Name, values.Get("name")) &&
			(scope == "g" || strconv.FormatInt(l.ProjectID, 10) == project) {
			out = append(out, l)
		}
	}
	return list(c, out, "id", "name")
}

// fullName is "project/label" for that of a project, and has the id of a
// project that is gone: Harbor keeps its labels.
func (s *Server) fullName(l *label) string {
	if l.Scope == "g" {
		return l.Name
	}
	if p, found := s.projects[l.ProjectID]; found {
		return p.name + "/" + l.Name
	}
	return fmt.Sprintf("%d/%s", l.ProjectID, l.Name)
}

// taken tells whether another label of the scope has the name.
func (s *Server) taken(l *label) bool {
	for _, other := range s.labels {
		if other.ID != l.ID && other.Name == l.Name && other.Scope == l.Scope && other.ProjectID == l.ProjectID {
			return true
		}
	}
	return false
}

// createLabel checks neither that there is a name nor that the project exists: Harbor does not.
func (s *Server) createLabel(c *call) *answer {
	l := &label{}
	if refused := c.decode("label", "Label", l); refused != nil {
		return refused
	}
	switch {
	case l.Scope != "g" && l.Scope != "p":
		return refuse(400, "unsupported label scope")
	case len(l.Name) > 128:
		return internalError()
	case l.Scope == "g":
		l.ProjectID = 0
	}
	l.ID, l.Created, l.Updated = s.next("label"), now(), now()
	if s.taken(l) {
		return refuse(409, "label %s already exists", l.Name)
	}
	s.labels[l.ID] = l
	return created("/labels/%d", l.ID)
}

func (s *Server) updateLabel(c *call, l *label) *answer {
	var in label
	if refused := c.decode("label", "Label", &in); refused != nil {
		return refused
	}
	if in.Name == "" {
		return refuse(400, "cannot be empty")
	}
	changed := *l
	changed.Name, changed.Description, changed.Color, changed.Updated = in.Name, in.Description, in.Color, now()
	if s.taken(&changed) {
		return refuse(409, "label %s already exists", in.Name)
	}
	*l = changed
	return done()
}
