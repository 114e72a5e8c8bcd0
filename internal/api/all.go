package api

import (
	"context"
	"fmt"
	"maps"
)

// mostPages is more than any listing has: a thousand pages of a thousand
// objects would be a million.
const mostPages = 10_000

// endlessError is a listing that goes on without bringing anything new.
type endlessError struct{ why string }

// Error says what comes again.
func (e *endlessError) Error() string { return "the listing has no end: " + e.why }

// Hint says what may be the reason.
func (e *endlessError) Hint() string {
	return "Something else than the system answers there, or a cache or proxy in between that does not look at the page asked for."
}

// All reads every object, page by page, whatever was read before.
func (s *Shared[K, V]) All(ctx context.Context) (map[K]V, error) {
	all := map[K]V{}
	todo, seen := []string{""}, map[string]bool{}
	for len(todo) > 0 {
		cursor := todo[0]
		if seen[cursor] {
			return nil, &endlessError{fmt.Sprintf("its page %.40q came twice", cursor)}
		}
		if len(seen) == mostPages {
			return nil, &endlessError{fmt.Sprintf("%d pages have come", mostPages)}
		}
		seen[cursor] = true
		page, err := s.Page(ctx, cursor)
		if err != nil {
			return nil, err
		}
		before := len(all)
		maps.Copy(all, page.Objects)
		if len(page.Objects) > 0 && len(all) == before {
			return nil, &endlessError{fmt.Sprintf("its page %.40q repeats what has come", cursor)}
		}
		todo = append(todo[1:], page.Next...)
	}
	return all, nil
}
