package harbor

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
)

// FuzzRead makes models of what answers to every read of a resource or a data
// source say: whatever they say, none panics.
func FuzzRead(f *testing.F) {
	recorded, err := faulty.Recorded("harborsim/testdata/*/*.json")
	if err != nil || len(recorded) == 0 {
		f.Fatal("no recordings", err)
	}
	for _, body := range slices.Concat(recorded, faulty.Others) {
		f.Add(body)
	}
	name := types.StringValue("a")
	readers := []func(context.Context, *harborapi.Client) error{
		func(ctx context.Context, c *harborapi.Client) error {
			return readLabel(ctx, c, &label{ID: types.Int64Value(1)})
		},
		func(ctx context.Context, c *harborapi.Client) error { return readProject(ctx, c, &project{Name: name}) },
		func(ctx context.Context, c *harborapi.Client) error {
			return readProject(ctx, c, &project{Name: name, ProjectID: types.Int64Value(1)})
		},
		func(ctx context.Context, c *harborapi.Client) error {
			return readRegistry(ctx, c, &registry{ID: types.Int64Value(1)})
		},
		func(ctx context.Context, c *harborapi.Client) error {
			return readPolicy(ctx, c, &policy{ID: types.Int64Value(1)})
		},
		func(ctx context.Context, c *harborapi.Client) error {
			return readProjectData(ctx, c, &projectData{project: project{Name: name}})
		},
		func(ctx context.Context, c *harborapi.Client) error {
			return readRegistryData(ctx, c, &registryData{registry: registry{Name: name}})
		},
		func(ctx context.Context, c *harborapi.Client) error {
			return readPolicyData(ctx, c, &policy{Name: name})
		},
	}
	f.Fuzz(func(t *testing.T, body string) {
		c, err := harborapi.New(harborapi.Config{HTTP: api.Config{
			URL: "http://harbor.example.internal", MaxRetries: -1, Base: faulty.Answers(func(*http.Request) faulty.Answer { return faulty.Answer{Body: body} }),
		}})
		if err != nil {
			t.Fatal(err)
		}
		for _, read := range readers {
			_ = read(t.Context(), c) // an error is fine
		}
	})
}
