package harbor

import (
	"context"

	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
)

// each turns the listing of a client into that of a kind with model M, which
// fill fills with what Harbor shows of an object.
func each[M, T any](
	all func(ctx context.Context, c *harborapi.Client, within *M) ([]*T, error), fill func(*M, *T) error,
) func(context.Context, *harborapi.Client, *M, func(func(*M) error) bool) error {
	return func(ctx context.Context, c *harborapi.Client, within *M, found func(func(*M) error) bool) error {
		objects, err := all(ctx, c, within)
		if err != nil {
			return err
		}
		crud.Visit(objects, fill, found)
		return nil
	}
}

// in fills a model from what Harbor shows, where nothing can go wrong.
func in[M, T any](fromAPI func(*M, *T)) func(*M, *T) error {
	return func(m *M, o *T) error {
		fromAPI(m, o)
		return nil
	}
}
