package kong

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongapi"
)

// FuzzRead makes models of what answers to every read of a resource say: whatever they say, none panics.
func FuzzRead(f *testing.F) {
	recorded, err := faulty.Recorded("kongsim/testdata/*.json")
	if err != nil || len(recorded) == 0 {
		f.Fatal("no recordings", err)
	}
	for _, body := range slices.Concat(recorded, faulty.Others) {
		f.Add(body)
	}
	const id = "1d6f7c0a-8b1e-4a53-b9d2-0f5e6a7c8d21"
	readers := []func(context.Context, *kongapi.Client) error{
		func(ctx context.Context, c *kongapi.Client) error {
			return services.read(ctx, c, &service{ID: types.StringValue(id)})
		},
		func(ctx context.Context, c *kongapi.Client) error {
			return routes.read(ctx, c, &route{ID: types.StringValue(id)})
		},
	}
	f.Fuzz(func(t *testing.T, body string) {
		c, err := kongapi.New(kongapi.Config{HTTP: api.Config{
			System: "kong", URL: "http://kong.example.internal", MaxRetries: -1,
			Base: faulty.Answers(func(*http.Request) faulty.Answer { return faulty.Answer{Body: body} }),
		}})
		if err != nil {
			t.Fatal(err)
		}
		for _, read := range readers {
			_ = read(t.Context(), c) // an error is fine
		}
	})
}
