package guacsim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Kinds of objects, for the functions that take one.
const (
	KindConnection = "connection"
	KindGroup      = "connectionGroup"
	KindProfile    = "sharingProfile"
)

// handle is an object as tests reach it behind everyone's back.
type handle struct {
	name   string
	object any // a *Connection, *Group or *Profile
	forget func()
	values []map[string]string // in which "" is absent
}

// kinds are the objects of all kinds: whatever tests do to objects, they do
// through these, so a kind that is forgotten here is known nowhere.
func (s *Server) kinds() map[string][]handle {
	return map[string][]handle{
		KindConnection: handles(s.connections, func(id int, c *Connection) handle {
			return handle{c.Name, c, func() { s.removeConnection(id) }, []map[string]string{c.Parameters, c.Attributes}}
		}),
		KindGroup: handles(s.groups, func(_ int, g *Group) handle {
			return handle{g.Name, g, func() { s.removeGroup(g.Identifier) }, []map[string]string{g.Attributes}}
		}),
		KindProfile: handles(s.profiles, func(id int, p *Profile) handle {
			return handle{p.Name, p, func() { delete(s.profiles, id) }, []map[string]string{p.Parameters}}
		}),
	}
}

func handles[V any](all map[int]*V, of func(int, *V) handle) []handle {
	var out []handle
	for _, id := range slices.Sorted(maps.Keys(all)) {
		out = append(out, of(id, all[id]))
	}
	return out
}

// of are the objects of a kind. That there is none such is a mistake of a test.
func (s *Server) of(kind string) []handle {
	all, known := s.kinds()[kind]
	if !known {
		panic(fmt.Sprintf("guacsim has no kind %q", kind))
	}
	return all
}

// named finds an object.
func (s *Server) named(kind, name string) (handle, error) {
	all := s.of(kind)
	if i := slices.IndexFunc(all, func(h handle) bool { return h.name == name }); i >= 0 {
		return all[i], nil
	}
	return handle{}, fmt.Errorf("guacamole has no %s named %q", kind, name)
}

// Kinds lists all kinds.
func (s *Server) Kinds() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.kinds()))
}

// Names lists the objects of a kind, in the order of their identifiers.
func (s *Server) Names(kind string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	for _, h := range s.of(kind) {
		out = append(out, h.name)
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

// View is a stored object with its fields by name, nil when there is none.
func (s *Server) View(kind, name string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, err := s.named(kind, name)
	if err != nil {
		return nil
	}
	text, _ := json.Marshal(h.object)
	var out map[string]any
	_ = json.Unmarshal(text, &out)
	return out
}

// Edit merges changes into an object behind everyone's back. In parameters and
// attributes nil and "" remove.
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
	err = json.Unmarshal(text, h.object)
	for _, values := range h.values {
		maps.DeleteFunc(values, func(_, value string) bool { return value == "" })
	}
	return err
}

// Forget removes an object behind everyone's back, a group with all it holds,
// and reports whether there was one.
func (s *Server) Forget(kind, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, err := s.named(kind, name)
	if err == nil {
		h.forget()
	}
	return err == nil
}
