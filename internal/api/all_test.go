package api_test

import (
	"context"
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

func TestAllEndsWhereAListingDoesNot(t *testing.T) {
	t.Parallel()
	s := api.Shared[int, string]{Page: func(context.Context, string) (api.Page[int, string], error) {
		return api.Page[int, string]{Next: []string{"again"}}, nil
	}}
	if _, err := s.All(t.Context()); err == nil || !strings.Contains(err.Error(), `"again" came twice`) {
		t.Errorf("got %v", err)
	}
}
