package harborapi

import (
	"cmp"
	"context"
	"maps"
	"slices"
)

// Projects reads every project, in the order of their names.
func (c *Client) Projects(ctx context.Context) ([]*Project, error) {
	found, err := c.projects.All(ctx)
	if err != nil {
		return nil, err
	}
	byName := map[string]*Project{}
	for _, p := range found {
		byName[p.Name] = p
	}
	return inOrder(byName), nil
}

// All reads every object, in the order of their numbers.
func (c *Collection[T]) All(ctx context.Context) ([]*T, error) {
	found, err := c.reads.All(ctx)
	return inOrder(found), err
}

func inOrder[K cmp.Ordered, V any](objects map[K]V) []V {
	out := make([]V, 0, len(objects))
	for _, key := range slices.Sorted(maps.Keys(objects)) {
		out = append(out, objects[key])
	}
	return out
}
