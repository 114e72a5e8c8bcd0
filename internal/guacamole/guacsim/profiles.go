package guacsim

import "strconv"

// Profile is a stored sharing profile.
type Profile struct {
	Identifier string
	Name       string
	Primary    string // identifier of the connection
	Parameters map[string]string
}

type profileBody struct {
	Name       string             `json:"name"`
	Identifier string             `json:"identifier"`
	Primary    *string            `json:"primaryConnectionIdentifier"`
	Parameters map[string]*string `json:"parameters,omitempty"`
	Attributes map[string]*string `json:"attributes"`
}

type profileSet struct{ *Server }

func (s profileSet) list() map[string]any {
	out := map[string]any{}
	for _, p := range s.profiles {
		out[p.Identifier] = p.body()
	}
	return out
}

func (s profileSet) get(id string) (any, bool) {
	p, found := lookup(s.profiles, id)
	if !found {
		return nil, false
	}
	return p.body(), true
}

func (p *Profile) body() profileBody {
	return profileBody{Name: p.Name, Identifier: p.Identifier, Primary: &p.Primary, Attributes: map[string]*string{}}
}

func (s profileSet) add(c *call) (string, any, *answer) {
	var b profileBody
	if refused := c.decode(&b); refused != nil {
		return "", nil, refused
	}
	p, refused := s.checked(0, b)
	if refused != nil {
		return "", nil, refused
	}
	id := s.nextID()
	p.Identifier = strconv.Itoa(id)
	s.profiles[id] = p
	b.Identifier, b.Attributes = p.Identifier, map[string]*string{}
	return p.Identifier, b, nil
}

func (s profileSet) replace(id string, c *call) *answer {
	var b profileBody
	if refused := c.decode(&b); refused != nil {
		return refused
	}
	if b.Parameters == nil {
		return unexpected()
	}
	p, refused := s.checked(number(id), b)
	if refused != nil {
		return refused
	}
	p.Identifier = id
	s.profiles[number(id)] = p
	return nil
}

func (s profileSet) checked(id int, b profileBody) (*Profile, *answer) {
	if b.Attributes == nil || b.Primary == nil {
		return nil, unexpected()
	}
	if refused := checkName("Sharing profile", b.Name); refused != nil {
		return nil, refused
	}
	if _, found := lookup(s.connections, *b.Primary); !found {
		return nil, unexpected()
	}
	for other, p := range s.profiles {
		if other != id && p.Primary == *b.Primary && p.Name == b.Name {
			return nil, refuse(400, badRequest, "The sharing profile %q already exists.", b.Name)
		}
	}
	parameters, refused := s.parameters(b.Parameters)
	if refused != nil {
		return nil, refused
	}
	return &Profile{Name: b.Name, Primary: *b.Primary, Parameters: parameters}, nil
}

func (s profileSet) remove(id string) *answer {
	if _, found := lookup(s.profiles, id); !found {
		return missing(id)
	}
	delete(s.profiles, number(id))
	return nil
}
