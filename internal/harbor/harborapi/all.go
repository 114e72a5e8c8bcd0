package harborapi

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// Projects reads every project, in the order of their names.
func (c *Client) Projects(ctx context.Context) ([]*Project, error) { return all(ctx, c.projects) }

// Registries reads every registry endpoint, in the order of their ids.
func (c *Client) Registries(ctx context.Context) ([]*Registry, error) { return all(ctx, c.registries) }

// ReplicationPolicies reads every replication policy, in the order of their ids.
func (c *Client) ReplicationPolicies(ctx context.Context) ([]*ReplicationPolicy, error) {
	return all(ctx, c.policies)
}

func all[K cmp.Ordered, V any](ctx context.Context, s *api.Shared[K, V]) ([]V, error) {
	found, err := s.All(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]V, 0, len(found))
	for _, key := range slices.Sorted(maps.Keys(found)) {
		out = append(out, found[key])
	}
	return out, nil
}
