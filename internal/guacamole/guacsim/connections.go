package guacsim

import (
	"maps"
	"strconv"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/protocols"
)

// Connection is a stored connection.
type Connection struct {
	Identifier string
	Name       string
	Parent     string // identifier of a group, or ROOT
	Protocol   string
	Parameters map[string]string
	Attributes map[string]string // without those that are null
	LastActive time.Time
}

// Attribute names by kind. Others are dropped silently.
var (
	connectionAttributes = []string{
		"max-connections", "max-connections-per-user", "weight", "failover-only", "guacd-hostname", "guacd-port", "guacd-encryption",
	}
	groupAttributes = []string{"max-connections", "max-connections-per-user", "enable-session-affinity"}
)

// connectionBody is a connection as it travels.
type connectionBody struct {
	Name       string             `json:"name"`
	Identifier string             `json:"identifier"`
	Parent     *string            `json:"parentIdentifier"`
	Protocol   *string            `json:"protocol"`
	Parameters map[string]*string `json:"parameters,omitempty"`
	Attributes map[string]*string `json:"attributes"`
	Active     int                `json:"activeConnections"`
	LastActive int64              `json:"lastActive,omitempty"`
}

type connectionSet struct{ *Server }

func (s connectionSet) list() map[string]any {
	out := map[string]any{}
	for _, c := range s.connections {
		out[c.Identifier] = c.body()
	}
	return out
}

func (s connectionSet) get(id string) (any, bool) {
	c, found := lookup(s.connections, id)
	if !found {
		return nil, false
	}
	return c.body(), true
}

// body is the connection as GET answers it: without parameters, with every
// attribute.
func (c *Connection) body() connectionBody {
	b := connectionBody{
		Name: c.Name, Identifier: c.Identifier, Parent: &c.Parent, Protocol: &c.Protocol, Attributes: all(connectionAttributes, c.Attributes),
	}
	if !c.LastActive.IsZero() {
		b.LastActive = c.LastActive.UnixMilli()
	}
	return b
}

func (s connectionSet) add(c *call) (string, any, *answer) {
	var b connectionBody
	if refused := c.decode(&b); refused != nil {
		return "", nil, refused
	}
	n, refused := s.checked(0, b, nil)
	if refused != nil {
		return "", nil, refused
	}
	id := s.nextID()
	n.Identifier = strconv.Itoa(id)
	s.connections[id] = n
	// What was sent comes back, secrets included, with unknown attributes gone.
	b.Identifier = n.Identifier
	b.Attributes = known(connectionAttributes, b.Attributes)
	return n.Identifier, b, nil
}

func (s connectionSet) replace(id string, c *call) *answer {
	var b connectionBody
	if refused := c.decode(&b); refused != nil {
		return refused
	}
	if b.Parameters == nil {
		return unexpected()
	}
	n, _ := strconv.Atoi(id)
	old := s.connections[n]
	fresh, refused := s.checked(n, b, old.Attributes)
	if refused != nil {
		return refused
	}
	fresh.Identifier, fresh.LastActive = id, old.LastActive
	s.connections[n] = fresh
	return nil
}

// checked turns a body into the connection to store under the number id. Bad
// numbers in attributes leave what was there.
func (s connectionSet) checked(id int, b connectionBody, before map[string]string) (*Connection, *answer) {
	if b.Attributes == nil {
		return nil, unexpected()
	}
	if refused := checkName("Connection", b.Name); refused != nil {
		return nil, refused
	}
	parent, refused := s.parent(b.Parent)
	if refused != nil {
		return nil, refused
	}
	for other, c := range s.connections {
		if other != id && c.Parent == parent && c.Name == b.Name {
			return nil, refuse(400, badRequest, "The connection %q already exists.", b.Name)
		}
	}
	if b.Protocol == nil || len(*b.Protocol) > 32 {
		return nil, unexpected()
	}
	parameters, refused := s.parameters(b.Parameters)
	if refused != nil {
		return nil, refused
	}
	return &Connection{
		Name: b.Name, Parent: parent, Protocol: *b.Protocol, Parameters: parameters,
		Attributes: stored(connectionAttributes, b.Attributes, before),
	}, nil
}

// parameters are stored under any name; null and "" are not stored at all.
func (s *Server) parameters(sent map[string]*string) (map[string]string, *answer) {
	out := map[string]string{}
	for name, value := range sent {
		if value == nil || *value == "" {
			continue
		}
		if len([]rune(*value)) > protocols.MaxLength {
			if s.old {
				return nil, unexpected()
			}
			return nil, refuse(413, badRequest, "The value of a parameter is longer than %d characters.", protocols.MaxLength)
		}
		out[name] = *value
	}
	return out, nil
}

func (s connectionSet) remove(id string) *answer {
	if _, found := lookup(s.connections, id); !found {
		return missing(id)
	}
	n, _ := strconv.Atoi(id)
	s.Server.removeConnection(n)
	return nil
}

func (s *Server) removeConnection(id int) {
	delete(s.connections, id)
	for n, p := range s.profiles {
		if p.Primary == strconv.Itoa(id) {
			delete(s.profiles, n)
		}
	}
}

// all gives every name, null where there is no value.
func all(names []string, values map[string]string) map[string]*string {
	out := make(map[string]*string, len(names))
	for _, name := range names {
		out[name] = nil
		if v, set := values[name]; set {
			out[name] = &v
		}
	}
	return out
}

// known drops names that are none of ours.
func known(names []string, sent map[string]*string) map[string]*string {
	out := map[string]*string{}
	for _, name := range names {
		if v, given := sent[name]; given {
			out[name] = v
		}
	}
	return out
}

// stored is what becomes of sent attributes: the value, or nothing for null
// and for what the attribute cannot hold; a bad number leaves what was there.
func stored(names []string, sent map[string]*string, before map[string]string) map[string]string {
	out := map[string]string{}
	for _, name := range names {
		v := sent[name]
		if v == nil || *v == "" {
			continue
		}
		switch name {
		case "guacd-hostname":
			out[name] = *v
		case "failover-only", "enable-session-affinity":
			if *v == protocols.True {
				out[name] = *v
			}
		case "guacd-encryption":
			if *v == "none" || *v == "ssl" {
				out[name] = *v
			}
		default:
			if _, err := strconv.Atoi(*v); err == nil {
				out[name] = *v
			} else if old, had := before[name]; had {
				out[name] = old
			}
		}
	}
	return out
}

// Connections gives copies of all connections, by ascending identifier.
func (s *Server) Connections() []Connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Connection{}
	for _, c := range sorted(s.connections) {
		n := *c
		n.Parameters, n.Attributes = maps.Clone(c.Parameters), maps.Clone(c.Attributes)
		out = append(out, n)
	}
	return out
}

// AddConnection stores a connection behind everyone's back and returns its
// identifier. An empty Parent is the root.
func (s *Server) AddConnection(c Connection) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.nextID()
	c.Identifier = strconv.Itoa(id)
	if c.Parent == "" {
		c.Parent = root
	}
	c.Parameters, c.Attributes = clone(c.Parameters), clone(c.Attributes)
	s.connections[id] = &c
	return c.Identifier
}

// clone copies a map that is to be changed, also one that is nil.
func clone(m map[string]string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, m)
	return out
}
