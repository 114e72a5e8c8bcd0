package api_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

func TestAllReadsEveryPageOnce(t *testing.T) {
	t.Parallel()
	var asked []string
	s := api.Shared[int, string]{Page: func(_ context.Context, cursor string) (api.Page[int, string], error) {
		asked = append(asked, cursor)
		n, _ := strconv.Atoi(cursor)
		page := api.Page[int, string]{Objects: map[int]string{n: "object " + cursor}}
		if n < 2 {
			page.Next = []string{strconv.Itoa(n + 1)}
		}
		return page, nil
	}}
	all, err := s.All(t.Context())
	if err != nil || len(all) != 3 || strings.Join(asked, ",") != ",1,2" {
		t.Errorf("%d objects after the pages %q: %v", len(all), asked, err)
	}
}

// A listing without an end is told from one that is long.
func TestAllEndsWhereAListingDoesNot(t *testing.T) {
	t.Parallel()
	page := func(objects int, next ...string) api.Page[int, string] {
		p := api.Page[int, string]{Objects: map[int]string{}, Next: next}
		for i := range objects {
			p.Objects[i] = ""
		}
		return p
	}
	for want, answer := range map[string]func(cursor string) api.Page[int, string]{
		`its page "again" came twice`:         func(string) api.Page[int, string] { return page(0, "again") },
		`its page "" came twice`:              func(cursor string) api.Page[int, string] { return page(len(cursor), "a"+cursor, "") },
		`its page "a" repeats what has come`:  func(cursor string) api.Page[int, string] { return page(3, "a"+cursor) },
		`its page "aa" repeats what has come`: func(cursor string) api.Page[int, string] { return page(min(2, 1+len(cursor)), "a"+cursor) },
		"10000 pages have come": func(cursor string) api.Page[int, string] {
			n, _ := strconv.Atoi(cursor)
			return page(0, strconv.Itoa(n+1))
		},
	} {
		s := api.Shared[int, string]{Page: func(_ context.Context, cursor string) (api.Page[int, string], error) { return answer(cursor), nil }}
		_, err := s.All(t.Context())
		var hinting interface{ Hint() string }
		if err == nil || !strings.Contains(err.Error(), "the listing has no end: "+want) || !errors.As(err, &hinting) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Reads of single objects leave a listing that goes round in circles, and are answered one by one.
func TestGetLeavesAListingWithoutEnd(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(n int) api.Page[int, string]{
		"one cursor": func(n int) api.Page[int, string] {
			return api.Page[int, string]{Objects: map[int]string{n: ""}, Next: []string{"1"}}
		},
		"a circle": func(n int) api.Page[int, string] {
			return api.Page[int, string]{Objects: map[int]string{n: ""}, Next: []string{strconv.Itoa((n + 1) % 3)}}
		},
		"one page": func(n int) api.Page[int, string] {
			return api.Page[int, string]{Objects: map[int]string{0: ""}, Next: []string{strconv.Itoa(n + 1)}}
		},
	} {
		pages, calls := 0, 0
		s := api.Shared[int, string]{
			PagePrice: 1,
			One:       func(context.Context, int) (string, error) { return "one", nil },
			Page: func(_ context.Context, cursor string) (api.Page[int, string], error) {
				pages++
				n, _ := strconv.Atoi(cursor)
				if name != "a circle" {
					n, calls = calls, calls+1
				}
				return answer(n), nil
			},
		}
		for i := range 1000 {
			if v, err := s.Get(t.Context(), 1000+i); v != "one" || err != nil {
				t.Fatalf("%s: %q, %v", name, v, err)
			}
		}
		if pages > 4 {
			t.Errorf("%s: %d pages", name, pages)
		}
	}
}
