package guacsim

import (
	"slices"

	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/protocols"
)

// routeReads registers what single sets have beyond the common calls.
func (s *Server) routeReads() {
	s.handleData("GET", "/connections/{id}/parameters", func(c *call) *answer {
		v, found := lookup(s.connections, c.PathValue("id"))
		if !found {
			return missing(c.PathValue("id"))
		}
		if !c.admin {
			return denied()
		}
		return ok(clone(v.Parameters)) // passwords included
	})
	s.handleData("GET", "/connections/{id}/sharingProfiles", func(c *call) *answer {
		if _, found := lookup(s.connections, c.PathValue("id")); !found || !c.admin {
			return missing(c.PathValue("id"))
		}
		out := map[string]any{}
		for _, p := range s.profiles {
			if p.Primary == c.PathValue("id") {
				out[p.Identifier] = p.body()
			}
		}
		return ok(out)
	})
	s.handleData("GET", "/sharingProfiles/{id}/parameters", func(c *call) *answer {
		v, found := lookup(s.profiles, c.PathValue("id"))
		if !found || !c.admin {
			return missing(c.PathValue("id"))
		}
		return ok(clone(v.Parameters))
	})
	s.handleData("GET", "/connectionGroups/{id}/tree", func(c *call) *answer {
		if !c.admin {
			return ok(rootGroup())
		}
		t, found := s.tree(c.PathValue("id"))
		if !found {
			return missing(c.PathValue("id"))
		}
		return ok(t)
	})
}

type form struct {
	Name   string  `json:"name"`
	Fields []field `json:"fields"`
}

// routeSchema registers the calls that tell which attributes and parameters
// there are.
func (s *Server) routeSchema() {
	limits := []field{{Name: "max-connections", Type: "NUMERIC"}, {Name: "max-connections-per-user", Type: "NUMERIC"}}
	yes := []string{protocols.True}
	s.handleData("GET", "/schema/connectionAttributes", func(*call) *answer {
		return ok([]form{
			{"concurrency", limits},
			{"load-balancing", []field{{Name: "weight", Type: "NUMERIC"}, {Name: "failover-only", Type: "BOOLEAN", Options: yes}}},
			{"guacd", []field{
				{Name: "guacd-hostname", Type: "TEXT"},
				{Name: "guacd-port", Type: "NUMERIC"},
				{Name: "guacd-encryption", Type: "ENUM", Options: []string{"", "none", "ssl"}},
			}},
		})
	})
	s.handleData("GET", "/schema/connectionGroupAttributes", func(*call) *answer {
		return ok([]form{{"concurrency", append(limits[:2:2], field{Name: "enable-session-affinity", Type: "BOOLEAN", Options: yes})}})
	})
	s.handleData("GET", "/schema/sharingProfileAttributes", func(*call) *answer { return ok([]form{}) })
	s.handleData("GET", "/schema/protocols", func(*call) *answer {
		out := map[string]any{}
		for _, name := range protocols.Names {
			out[name] = map[string]any{
				"name": name, "connectionForms": s.forms(name),
				"sharingProfileForms": []form{{"display", []field{{Name: "read-only", Type: "BOOLEAN", Options: yes}}}},
			}
		}
		return ok(out)
	})
}

// forms groups the parameters of a protocol that this version knows.
func (s *Server) forms(protocol string) []form {
	var out []form
	for _, p := range protocols.Of(protocol) {
		if s.old && p.Since != "" {
			continue
		}
		if len(out) == 0 || out[len(out)-1].Name != p.Group {
			out = append(out, form{Name: p.Group})
		}
		last := &out[len(out)-1]
		last.Fields = append(last.Fields, field{p.Name, string(p.Type), s.options(p)})
	}
	return out
}

func (s *Server) options(p protocols.Parameter) []string {
	if p.Type == protocols.Boolean {
		return []string{protocols.True}
	}
	if p.Options == nil {
		return nil
	}
	out := []string{""}
	for _, o := range p.Options {
		if s.old && slices.Contains(p.NewOptions, o) {
			continue
		}
		out = append(out, o)
	}
	return out
}
