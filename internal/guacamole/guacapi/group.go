package guacapi

import (
	"context"
	"fmt"
	"maps"
	"net/http"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// Group is a connection group: a folder, or a set of connections that share
// the load.
type Group struct {
	Identifier       string `json:"identifier,omitempty"`
	Name             string `json:"name"`
	ParentIdentifier string `json:"parentIdentifier,omitempty"` // only the root has none
	Type             string `json:"type"`                       // ORGANIZATIONAL or BALANCING
	Attributes       Values `json:"attributes"`
}

func (g Group) key() key           { return key{g.ParentIdentifier, g.Name} }
func (g Group) identifier() string { return g.Identifier }

// groupReads shares the reads of groups.
type groupReads = api.Shared[string, Group]

func newGroups(c *Client) *set[Group] {
	s := newSet[Group](c, "/connectionGroups", "connection group")
	s.same = func(_ context.Context, stored, sent Group) (bool, error) {
		return stored.Type == sent.Type && stored.Attributes.equal(sent.Attributes), nil
	}
	s.check = circle
	c.groupReads = groupReads{One: s.read, Page: func(ctx context.Context, _ string) (api.Page[string, Group], error) {
		all, err := s.listing.get(ctx)
		return api.Page[string, Group]{Objects: all}, err
	}}
	return s
}

// CreateGroup makes a group and returns it with its identifier. The answer
// serves the read that follows.
func (c *Client) CreateGroup(ctx context.Context, sent Group) (Group, error) {
	made, err := c.groups.create(ctx, sent)
	c.groupReads.Drop()
	if err != nil {
		return Group{}, err
	}
	sent.Identifier = made.Identifier
	c.groupReads.Store(sent.Identifier, sent)
	return sent, nil
}

// Group returns a group.
func (c *Client) Group(ctx context.Context, id string) (Group, error) {
	return c.groupReads.Get(ctx, id)
}

// Groups returns every group but the root by identifier.
func (c *Client) Groups(ctx context.Context) (map[string]Group, error) {
	return c.groups.listing.get(ctx)
}

// UpdateGroup reads the group, lets change edit it, and writes it back: what
// change does not know of stays as it is.
func (c *Client) UpdateGroup(ctx context.Context, id string, change func(*Group)) error {
	g, err := c.groups.read(ctx, id)
	if err != nil {
		return err
	}
	change(&g)
	err = c.groups.update(ctx, g)
	c.groupReads.Drop(id)
	return err
}

// DeleteGroup removes a group. Guacamole removes everything in it as well.
func (c *Client) DeleteGroup(ctx context.Context, id string) error {
	err := c.groups.remove(ctx, id)
	c.groupReads.Drop(id)
	c.connections.listing.drop()
	c.forget()
	return err
}

// PlanGroup does for groups what PlanConnection does for connections.
func (c *Client) PlanGroup(ctx context.Context, parent, name string) (existing string, twice bool, err error) {
	return c.groups.plan(ctx, key{parent, name})
}

// Contents are the names of what is directly in a group.
func (c *Client) Contents(ctx context.Context, id string) ([]string, error) {
	asked := fmt.Sprintf("the contents of connection group %q", id)
	answer := api.Object[tree]{Asked: asked, Is: func(t *tree) bool { return t.Identifier == id }}
	answer.Value.Groups = api.List[Group]{Asked: asked, Is: func(g *Group) bool { return g.Identifier != "" }}
	answer.Value.Connections = api.List[Connection]{Asked: asked, Is: func(c *Connection) bool { return c.Identifier != "" }}
	if err := c.do(ctx, http.MethodGet, c.groups.path+api.Path(id)+"/tree", nil, &answer); err != nil {
		return nil, err
	}
	var names []string
	for _, g := range answer.Value.Groups.Values {
		names = append(names, g.Name)
	}
	for _, connection := range answer.Value.Connections.Values {
		names = append(names, connection.Name)
	}
	return names, nil
}

// tree is a group with what is in it; an empty list is left out.
type tree struct {
	Identifier  string               `json:"identifier"`
	Groups      api.List[Group]      `json:"childConnectionGroups"`
	Connections api.List[Connection] `json:"childConnections"`
}

// circle finds groups that are in one another, from which no path leads to the
// root.
func circle(groups map[string]Group) error {
	safe := map[string]bool{}
	for start := range groups {
		way := map[string]bool{}
		for at := start; !safe[at]; at = groups[at].ParentIdentifier {
			if way[at] {
				return &api.Error{
					System: "guacamole", Message: fmt.Sprintf("the connection group %q is listed as being in itself, by way of its parents", at),
					Advice: "Guacamole lets no group be in itself: something else answers, or its database was changed by hand. " +
						"Correct `parent_id` of the group in its table connection_group.",
				}
			}
			if _, known := groups[at]; !known {
				break
			}
			way[at] = true
		}
		maps.Copy(safe, way)
	}
	return nil
}
