package guacsim

import (
	"maps"
	"strconv"
)

// Group is a stored connection group.
type Group struct {
	Identifier string
	Name       string
	Parent     string
	Type       string // ORGANIZATIONAL or BALANCING
	Attributes map[string]string
}

type groupBody struct {
	Name       string             `json:"name"`
	Identifier string             `json:"identifier"`
	Parent     *string            `json:"parentIdentifier,omitempty"`
	Type       string             `json:"type"`
	Active     int                `json:"activeConnections"`
	Groups     []groupBody        `json:"childConnectionGroups,omitempty"`
	Children   []treeConnection   `json:"childConnections,omitempty"`
	Attributes map[string]*string `json:"attributes"`
}

type treeConnection struct {
	connectionBody
	Profiles []profileBody `json:"sharingProfiles,omitempty"`
}

type groupSet struct{ *Server }

func (s groupSet) list() map[string]any {
	out := map[string]any{}
	for _, g := range s.groups {
		out[g.Identifier] = g.body()
	}
	return out
}

func (s groupSet) get(id string) (any, bool) {
	if id == root {
		return rootGroup(), true
	}
	g, found := lookup(s.groups, id)
	if !found {
		return nil, false
	}
	return g.body(), true
}

// rootGroup is in no list, and cannot be changed.
func rootGroup() groupBody {
	return groupBody{Name: root, Identifier: root, Type: "ORGANIZATIONAL", Attributes: map[string]*string{}}
}

func (g *Group) body() groupBody {
	b := groupBody{Name: g.Name, Identifier: g.Identifier, Parent: &g.Parent, Type: g.Type, Attributes: all(groupAttributes, g.Attributes)}
	if b.Attributes["enable-session-affinity"] == nil {
		off := ""
		b.Attributes["enable-session-affinity"] = &off
	}
	return b
}

func (s groupSet) add(c *call) (string, any, *answer) {
	var b groupBody
	if refused := c.decode(&b); refused != nil {
		return "", nil, refused
	}
	g, refused := s.checked(0, b, nil)
	if refused != nil {
		return "", nil, refused
	}
	id := s.nextID()
	g.Identifier = strconv.Itoa(id)
	s.groups[id] = g
	b.Identifier = g.Identifier
	b.Attributes = known(groupAttributes, b.Attributes)
	return g.Identifier, b, nil
}

func (s groupSet) replace(id string, c *call) *answer {
	if id == root {
		return unexpected()
	}
	var b groupBody
	if refused := c.decode(&b); refused != nil {
		return refused
	}
	n, _ := strconv.Atoi(id)
	g, refused := s.checked(n, b, s.groups[n].Attributes)
	if refused != nil {
		return refused
	}
	for at := g.Parent; at != root; at = s.groups[number(at)].Parent {
		if at == id {
			return refuse(501, internalType, "A connection group may not contain itself.")
		}
	}
	g.Identifier = id
	s.groups[n] = g
	return nil
}

func (s groupSet) checked(id int, b groupBody, before map[string]string) (*Group, *answer) {
	if b.Attributes == nil {
		return nil, unexpected()
	}
	if refused := checkName("Connection group", b.Name); refused != nil {
		return nil, refused
	}
	if b.Type != "ORGANIZATIONAL" && b.Type != "BALANCING" {
		return nil, unexpected()
	}
	parent, refused := s.parent(b.Parent)
	if refused != nil {
		return nil, refused
	}
	for other, g := range s.groups {
		if other != id && g.Parent == parent && g.Name == b.Name {
			return nil, refuse(400, badRequest, "The connection group %q already exists.", b.Name)
		}
	}
	return &Group{Name: b.Name, Parent: parent, Type: b.Type, Attributes: stored(groupAttributes, b.Attributes, before)}, nil
}

func (s groupSet) remove(id string) *answer {
	if id == root {
		return unexpected()
	}
	if _, found := lookup(s.groups, id); !found {
		return missing(id)
	}
	s.Server.removeGroup(id)
	return nil
}

// removeGroup takes everything in the group with it, without a warning.
func (s *Server) removeGroup(id string) {
	for n, c := range s.connections {
		if c.Parent == id {
			s.removeConnection(n)
		}
	}
	for _, g := range s.groups {
		if g.Parent == id {
			s.removeGroup(g.Identifier)
		}
	}
	delete(s.groups, number(id))
}

func number(id string) int {
	n, _ := strconv.Atoi(id)
	return n
}

// tree is a group with everything in it; lists are absent when empty.
func (s *Server) tree(id string) (groupBody, bool) {
	b := rootGroup()
	if id != root {
		g, found := lookup(s.groups, id)
		if !found {
			return b, false
		}
		b = g.body()
	}
	for _, g := range sorted(s.groups) {
		if g.Parent == id {
			sub, _ := s.tree(g.Identifier)
			b.Groups = append(b.Groups, sub)
		}
	}
	for _, c := range sorted(s.connections) {
		if c.Parent != id {
			continue
		}
		t := treeConnection{connectionBody: c.body()}
		for _, p := range sorted(s.profiles) {
			if p.Primary == c.Identifier {
				t.Profiles = append(t.Profiles, p.body())
			}
		}
		b.Children = append(b.Children, t)
	}
	return b, true
}

// Groups gives copies of all groups, by ascending identifier.
func (s *Server) Groups() []Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Group{}
	for _, g := range sorted(s.groups) {
		n := *g
		n.Attributes = maps.Clone(g.Attributes)
		out = append(out, n)
	}
	return out
}

// AddGroup stores a group behind everyone's back and returns its identifier.
// An empty Parent is the root, an empty Type ORGANIZATIONAL.
func (s *Server) AddGroup(g Group) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.nextID()
	g.Identifier = strconv.Itoa(id)
	if g.Parent == "" {
		g.Parent = root
	}
	if g.Type == "" {
		g.Type = "ORGANIZATIONAL"
	}
	g.Attributes = clone(g.Attributes)
	s.groups[id] = &g
	return g.Identifier
}
