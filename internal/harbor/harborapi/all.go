package harborapi

import (
	"cmp"
	"context"
	"maps"
	"slices"
)

// All reads every object, in the order of their numbers.
func (c *Collection[T]) All(ctx context.Context) ([]*T, error) {
	found, err := c.reads.All(ctx)
	return ordered(found), err
}

// Projects reads every project, in the order of their names.
func (c *Client) Projects(ctx context.Context) ([]*Project, error) {
	found, err := c.projects.All(ctx)
	byName := make(map[string]*Project, len(found))
	for _, p := range found {
		byName[p.Name] = p
	}
	return ordered(byName), err
}

func ordered[K cmp.Ordered, V any](found map[K]V) []V {
	out := make([]V, 0, len(found))
	for _, key := range slices.Sorted(maps.Keys(found)) {
		out = append(out, found[key])
	}
	return out
}
