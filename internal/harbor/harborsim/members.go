package harborsim

import (
	"strings"
)

type member struct {
	EntityID   int64  `json:"entity_id"`
	EntityName string `json:"entity_name"`
	EntityType string `json:"entity_type"`
	ID         int64  `json:"id"`
	ProjectID  int64  `json:"project_id"`
	RoleID     int64  `json:"role_id"`
	RoleName   string `json:"role_name"`
}

var roles = map[int64]string{1: "projectAdmin", 2: "developer", 3: "guest", 4: "maintainer", 5: "limitedGuest"}

type group struct {
	ID   int64  `json:"id,omitempty"`
	Name string `json:"group_name"`
	Type int64  `json:"group_type"`
	DN   string `json:"ldap_group_dn,omitempty"`
}

func (s *Server) addMember(projectID, entityID int64, kind string, role int64) *member {
	m := &member{ID: s.next("member"), ProjectID: projectID, EntityID: entityID, EntityType: kind, RoleID: role}
	s.members[m.ID] = m
	return m
}

func (s *Server) viewMember(m *member) member {
	v := *m
	v.RoleName = roles[m.RoleID]
	if m.EntityType == "u" {
		v.EntityName = s.users[m.EntityID].Name
	} else {
		v.EntityName = s.groups[m.EntityID].Name
	}
	return v
}

func (s *Server) routeMembers() {
	path := "/projects/{project}/members"
	s.handle("GET "+path, anyone, s.project(membersOnly, s.listMembers))
	s.handle("POST "+path, anyone, s.project(administered, s.createMember))
	s.handle("GET "+path+"/{mid}", anyone, s.project(membersOnly, s.getMember))
	s.handle("PUT "+path+"/{mid}", anyone, s.project(administered, s.updateMember))
	s.handle("DELETE "+path+"/{mid}", anyone, s.project(administered, s.deleteMember))
}

// visible are a project's members with a role that exists: one whose role was
// set to an unknown number is gone from every read.
func (s *Server) visible(p *project, name string) []member {
	var out []member
	for _, m := range sorted(s.members) {
		if v := s.viewMember(m); m.ProjectID == p.id && v.RoleName != "" && (name == "" || v.EntityName == name) {
			out = append(out, v)
		}
	}
	return out
}

// listMembers counts all members, whatever the filter.
func (s *Server) listMembers(c *call, p *project) *answer {
	all := page(c, c.URL.Query(), s.visible(p, ""))
	out := list(c, s.visible(p, c.URL.Query().Get("entityname")))
	out.header = all.header
	return out
}

func (s *Server) findMember(c *call, p *project) (*member, *answer) {
	id, refused := c.id("mid")
	if refused != nil {
		return nil, refused
	}
	m, found := s.members[id]
	if !found || m.ProjectID != p.id || roles[m.RoleID] == "" {
		return nil, refuse(404, "the project member is not found, project id %d, member id %d", p.id, id)
	}
	return m, nil
}

func (s *Server) getMember(c *call, p *project) *answer {
	m, refused := s.findMember(c, p)
	if refused != nil {
		return refused
	}
	return ok(s.viewMember(m))
}

type memberReq struct {
	Role int64 `json:"role_id"`
	User *struct {
		ID   int64  `json:"user_id"`
		Name string `json:"username"`
	} `json:"member_user"`
	Group *group `json:"member_group"`
}

func (s *Server) createMember(c *call, p *project) *answer {
	var in memberReq
	if refused := c.decode("projectMember", "ProjectMember", &in); refused != nil {
		return refused
	}
	kind, id, refused := s.entity(in)
	if refused != nil {
		return refused
	}
	for _, m := range s.members {
		if m.ProjectID == p.id && m.EntityType == kind && m.EntityID == id {
			return refuse(409, "The project member specified already exist")
		}
	}
	if roles[in.Role] == "" {
		return refuse(400, "Failed to update project member, role is not in 1,2,3")
	}
	m := s.addMember(p.id, id, kind, in.Role)
	return created("%s/%d", strings.TrimPrefix(c.URL.Path, base), m.ID)
}

// entity finds the kind and id of the user or group of a request. Unknown ones can be created on
// the fly under OIDC and HTTP authentication only.
func (s *Server) entity(in memberReq) (string, int64, *answer) {
	database := s.config["auth_mode"] == "db_auth"
	switch {
	case in.User != nil && in.User.ID != 0:
		if s.users[in.User.ID] == nil {
			return "", 0, refuse(400, "Failed to get user %d: user %d not found", in.User.ID, in.User.ID)
		}
		return "u", in.User.ID, nil
	case in.User != nil:
		if u := s.userNamed(in.User.Name); u != nil {
			return "u", u.ID, nil
		}
		if database {
			return "", 0, refuse(404, "user %s is not found", in.User.Name)
		}
		return "", 0, refuse(404, "%s not found: not supported", in.User.Name)
	case in.Group != nil && in.Group.ID != 0:
		if s.groups[in.Group.ID] == nil {
			return "", 0, refuse(400, "Group %d not found", in.Group.ID)
		}
		return "g", in.Group.ID, nil
	case in.Group != nil:
		for _, g := range s.groups {
			if g.Name == in.Group.Name && g.Type == in.Group.Type {
				return "g", g.ID, nil
			}
		}
		if database {
			return "", 0, refuse(404, "%s not found: not supported", in.Group.Name)
		}
		return "g", s.addGroup(*in.Group).ID, nil
	}
	return "", 0, internalError()
}

// updateMember answers 200 whatever the member and the role are.
func (s *Server) updateMember(c *call, p *project) *answer {
	var in memberReq
	if refused := c.decode("role", "RoleRequest", &in); refused != nil {
		return refused
	}
	if id, refused := c.id("mid"); refused == nil && s.members[id] != nil && s.members[id].ProjectID == p.id {
		s.members[id].RoleID = in.Role
	}
	return done()
}

func (s *Server) deleteMember(c *call, p *project) *answer {
	if id, refused := c.id("mid"); refused == nil && s.members[id] != nil && s.members[id].ProjectID == p.id {
		delete(s.members, id)
	}
	return done()
}

func (s *Server) addGroup(g group) *group {
	g.ID = s.next("group")
	s.groups[g.ID] = &g
	return &g
}

func (s *Server) routeGroups() {
	s.handle("GET /usergroups", sysadmin, s.listGroups)
	s.handle("GET /usergroups/search", loggedIn, s.listGroups)
	s.handle("POST /usergroups", sysadmin, s.createGroup)
	s.handle("GET /usergroups/{group_id}", sysadmin, s.group(func(_ *call, g *group) *answer {
		seen := *g
		seen.ID = 0 // left out of this answer
		return ok(seen)
	}))
	s.handle("PUT /usergroups/{group_id}", sysadmin, s.group(func(c *call, g *group) *answer {
		var in group
		if refused := c.decode("usergroup", "UserGroup", &in); refused != nil {
			return refused
		}
		g.Name = in.Name
		return done()
	}))
	s.handle("DELETE /usergroups/{group_id}", sysadmin, func(c *call) *answer {
		id, refused := c.id("group_id")
		if refused != nil {
			return refused
		}
		delete(s.groups, id)
		for _, m := range s.members {
			if m.EntityType == "g" && m.EntityID == id {
				delete(s.members, m.ID)
			}
		}
		return done()
	})
}

func (s *Server) group(h func(*call, *group) *answer) func(*call) *answer {
	return func(c *call) *answer {
		id, refused := c.id("group_id")
		if refused != nil {
			return refused
		}
		g, found := s.groups[id]
		if !found {
			return refuse(404, "the user group with id %d is not found", id)
		}
		return h(c, g)
	}
}

func (s *Server) listGroups(c *call) *answer {
	values := c.URL.Query()
	var out []*group
	for _, g := range sorted(s.groups) {
		if strings.Contains(g.Name, values.Get("group_name")+values.Get("groupname")) {
			out = append(out, g)
		}
	}
	return list(c, out)
}

func (s *Server) createGroup(c *call) *answer {
	var in group
	if refused := c.decode("usergroup", "UserGroup", &in); refused != nil {
		return refused
	}
	if in.Type == 1 {
		return refuse(400, "LDAP Group DN is not found: DN:%s", in.DN)
	}
	for _, g := range s.groups {
		if g.Name == in.Name && g.Type == in.Type {
			return refuse(409, "duplicate user group, group name:%s, group type: %d, ldap group DN: %s", in.Name, in.Type, in.DN)
		}
	}
	g := s.addGroup(in)
	return created("/usergroups/%d", g.ID)
}
