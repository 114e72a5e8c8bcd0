package guacsim

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// root is the virtual group that everything hangs from.
const root = "ROOT"

// set is what connections, groups and sharing profiles have in common.
type set interface {
	list() map[string]any
	get(id string) (any, bool)
	// add checks and stores a new object and returns what POST answers.
	add(c *call) (id string, echo any, refused *answer)
	replace(id string, c *call) *answer
	remove(id string) *answer
}

// routeSet registers the calls that all sets answer alike.
func (s *Server) routeSet(name string, of set) {
	p := "/" + name
	s.handleData("GET", p, func(c *call) *answer {
		if !c.admin {
			return ok(map[string]any{}) // nothing is granted to anyone
		}
		return ok(of.list())
	})
	s.handleData("GET", p+"/{id}", func(c *call) *answer {
		v, found := of.get(c.PathValue("id"))
		if !found || !c.admin && c.PathValue("id") != root {
			return missing(c.PathValue("id"))
		}
		return ok(v)
	})
	s.handleData("POST", p, func(c *call) *answer {
		if !writable(c) {
			return denied()
		}
		_, echo, refused := of.add(c)
		if refused != nil {
			return refused
		}
		return ok(echo)
	})
	s.handleData("PUT", p+"/{id}", func(c *call) *answer {
		if !writable(c) {
			return denied()
		}
		if _, found := of.get(c.PathValue("id")); !found {
			return missing(c.PathValue("id"))
		}
		if refused := of.replace(c.PathValue("id"), c); refused != nil {
			return refused
		}
		return done()
	})
	s.handleData("DELETE", p+"/{id}", func(c *call) *answer {
		if !writable(c) {
			return denied()
		}
		if refused := of.remove(c.PathValue("id")); refused != nil {
			return refused
		}
		return done()
	})
	s.handleData("PATCH", p, func(c *call) *answer {
		if !writable(c) {
			return denied()
		}
		return s.patch(c, of)
	})
}

type patch struct {
	Op    string          `json:"op"`
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
}

type outcome struct {
	Op         string `json:"op"`
	Identifier string `json:"identifier,omitempty"`
	Path       string `json:"path"`
	Error      any    `json:"error,omitempty"`
}

// patch applies a list of changes: since 1.6.0 of any kind and all or nothing,
// before that only removals, one by one.
func (s *Server) patch(c *call, of set) *answer {
	var patches []patch
	if refused := c.decode(&patches); refused != nil {
		return refused
	}
	if s.old {
		for _, p := range patches {
			if p.Op != "remove" {
				return refuse(501, internalType, "Unsupported patch operation: %q", p.Op)
			}
			if refused := of.remove(strings.TrimPrefix(p.Path, "/")); refused != nil {
				return refused
			}
		}
		return done()
	}
	before := s.snapshot()
	outcomes := []outcome{}
	failed := false
	for _, p := range patches {
		o := outcome{Op: p.Op, Path: p.Path, Identifier: strings.TrimPrefix(p.Path, "/")}
		if refused := s.patchOne(c, of, p, &o); refused != nil {
			failed = true
			o.Error = refused.body
		}
		outcomes = append(outcomes, o)
	}
	if failed {
		s.restore(before)
		a := refuse(400, badRequest, "The patch could not be applied.")
		a.body.(*errorBody).Patches = outcomes
		return a
	}
	return ok(map[string]any{"patches": outcomes})
}

func (s *Server) patchOne(c *call, of set, p patch, o *outcome) *answer {
	inner := *c
	inner.body = p.Value
	switch p.Op {
	case "add":
		id, _, refused := of.add(&inner)
		o.Identifier = id
		return refused
	case "replace":
		if _, found := of.get(o.Identifier); !found {
			return missing(o.Identifier)
		}
		return of.replace(o.Identifier, &inner)
	case "remove":
		return of.remove(o.Identifier)
	}
	return refuse(501, internalType, "Unsupported patch operation: %q", p.Op)
}

type contents struct {
	connections map[int]*Connection
	groups      map[int]*Group
	profiles    map[int]*Profile
}

func (s *Server) snapshot() contents {
	return contents{copies(s.connections), copies(s.groups), copies(s.profiles)}
}

func (s *Server) restore(c contents) {
	s.connections, s.groups, s.profiles = c.connections, c.groups, c.profiles
}

func copies[V any](m map[int]*V) map[int]*V {
	out := make(map[int]*V, len(m))
	for id, v := range m {
		c := *v // maps inside are replaced, never changed
		out[id] = &c
	}
	return out
}

// sorted gives the objects of a map by ascending identifier.
func sorted[V any](m map[int]*V) []*V {
	out := make([]*V, 0, len(m))
	for _, id := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[id])
	}
	return out
}

// lookup finds an object by identifier: one that is no number is not found.
func lookup[V any](m map[int]*V, id string) (*V, bool) {
	n, err := strconv.Atoi(id)
	if err != nil {
		return nil, false
	}
	v, found := m[n]
	return v, found
}

// parent checks a parentIdentifier; null is the root. As administrator a
// missing one is an accident in the database, not a refusal.
func (s *Server) parent(id *string) (string, *answer) {
	if id == nil || *id == root {
		return root, nil
	}
	if _, found := lookup(s.groups, *id); !found {
		return "", unexpected()
	}
	return *id, nil
}

// checkName refuses what the database cannot hold.
func checkName(kind, name string) *answer {
	if strings.TrimSpace(name) == "" {
		return refuse(400, badRequest, "%s names must not be blank.", kind)
	}
	if len([]rune(name)) > 128 {
		return unexpected()
	}
	return nil
}
