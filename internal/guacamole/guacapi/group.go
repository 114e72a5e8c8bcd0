package guacapi

import (
	"context"
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
	c.groupReads = groupReads{One: c.readGroup, Page: func(ctx context.Context, _ string) (api.Page[string, Group], error) {
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
	g, err := c.readGroup(ctx, id)
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
	var tree struct {
		Groups      []Group      `json:"childConnectionGroups"`
		Connections []Connection `json:"childConnections"`
	}
	if err := c.do(ctx, http.MethodGet, c.groups.path+api.Path(id)+"/tree", nil, &tree); err != nil {
		return nil, err
	}
	var names []string
	for _, g := range tree.Groups {
		names = append(names, g.Name)
	}
	for _, connection := range tree.Connections {
		names = append(names, connection.Name)
	}
	return names, nil
}

func (c *Client) readGroup(ctx context.Context, id string) (Group, error) {
	var g Group
	err := c.do(ctx, http.MethodGet, c.groups.path+api.Path(id), nil, &g)
	return g, err
}
