package harbor

import (
	"context"

	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
)

// listing finds all objects of a kind with its model M, from what Harbor shows of them.
func listing[M, T any](all func(*harborapi.Client, context.Context) ([]T, error), fill func(*M, T) error, title func(*M) string) *crud.Listing[M, *harborapi.Client] {
	return &crud.Listing[M, *harborapi.Client]{
		Title: title,
		Each: func(ctx context.Context, c *harborapi.Client, _ *M, found func(func(*M) error) bool) error {
			objects, err := all(c, ctx)
			if err != nil {
				return err
			}
			for _, o := range objects {
				if !found(func(m *M) error { return fill(m, o) }) {
					return nil
				}
			}
			return nil
		},
	}
}
