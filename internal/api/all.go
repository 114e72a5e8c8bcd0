package api

import (
	"context"
	"fmt"
	"maps"
)

// All reads every object, page by page, whatever was read before.
func (s *Shared[K, V]) All(ctx context.Context) (map[K]V, error) {
	all := map[K]V{}
	todo, seen := []string{""}, map[string]bool{}
	for len(todo) > 0 {
		cursor := todo[0]
		if seen[cursor] {
			return nil, fmt.Errorf("the listing has no end: its page %q came twice", cursor)
		}
		seen[cursor] = true
		page, err := s.Page(ctx, cursor)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, page.Objects)
		todo = append(todo[1:], page.Next...)
	}
	return all, nil
}
