package guacapi

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// FindConnection returns the connection at a path: the names of its groups and
// its own, joined with "/". Parameters are not filled in.
func (c *Client) FindConnection(ctx context.Context, path string) (Connection, error) {
	all, err := c.Connections(ctx)
	if err != nil {
		return Connection{}, err
	}
	return at(ctx, c, all, "connection", path)
}

// FindGroup returns the group at a path.
func (c *Client) FindGroup(ctx context.Context, path string) (Group, error) {
	all, err := c.Groups(ctx)
	if err != nil {
		return Group{}, err
	}
	return at(ctx, c, all, "connection group", path)
}

// ConnectionNamed returns the connection of that name directly in a group.
// Parameters are not filled in.
func (c *Client) ConnectionNamed(ctx context.Context, parent, name string) (Connection, error) {
	all, err := c.Connections(ctx)
	if err != nil {
		return Connection{}, err
	}
	found := find(all, key{parent, name})
	if found == nil {
		return Connection{}, missing("connection", name, place(parent))
	}
	return *found, nil
}

// GroupNamed returns the group of that name directly in another.
func (c *Client) GroupNamed(ctx context.Context, parent, name string) (Group, error) {
	all, err := c.Groups(ctx)
	if err != nil {
		return Group{}, err
	}
	found := find(all, key{parent, name})
	if found == nil {
		return Group{}, missing("connection group", name, place(parent))
	}
	return *found, nil
}

// at finds the object at a path. Names may hold slashes themselves, so that
// whole paths are compared, not parts.
func at[T object](ctx context.Context, c *Client, all map[string]T, kind, path string) (T, error) {
	var none T
	groups, err := c.Groups(ctx)
	if err != nil {
		return none, err
	}
	path = strings.Trim(path, "/")
	var matches []T
	for _, o := range all {
		if strings.HasSuffix(path, o.key().name) && pathOf(groups, o.key()) == path {
			matches = append(matches, o)
		}
	}
	switch len(matches) {
	case 0:
		return none, missing(kind, path, "the portal")
	case 1:
		return matches[0], nil
	}
	var ids []string
	for _, m := range matches {
		ids = append(ids, m.identifier())
	}
	slices.Sort(ids)
	return none, &api.Error{
		System: "guacamole", Message: fmt.Sprintf("the path %q leads to more than one %s: %s", path, kind, strings.Join(ids, ", ")),
		Advice: "Use the identifier of the one that is meant.",
	}
}

// PathOf returns the path that leads to the object of that name in a group.
func (c *Client) PathOf(ctx context.Context, parent, name string) (string, error) {
	groups, err := c.Groups(ctx)
	if err != nil {
		return "", err
	}
	return pathOf(groups, key{parent, name}), nil
}

func pathOf(groups map[string]Group, k key) string {
	path := k.name
	for parent := k.parent; parent != Root; {
		g, known := groups[parent]
		if !known {
			return path
		}
		path = g.Name + "/" + path
		parent = g.ParentIdentifier
	}
	return path
}

func missing(kind, name, where string) error {
	return &api.Error{
		System: "guacamole", Err: fmt.Errorf("there is no %s %q in %s: %w", kind, name, where, api.ErrNotFound),
		Advice: "Check the name, upper and lower case included, and the group; the path of an object in groups is written \"Group/Inner group/Name\". " +
			"An account sees only what it has been granted.",
	}
}
