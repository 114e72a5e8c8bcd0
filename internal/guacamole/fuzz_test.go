package guacamole

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacapi"
)

// FuzzRead makes models of what answers to every read of a resource or a data
// source say: whatever they say, none panics.
func FuzzRead(f *testing.F) {
	for _, protocol := range []string{"ssh", "rdp", "vnc", "telnet", "kubernetes", "another"} {
		f.Add(`{"identifier":"3","name":"a","parentIdentifier":"ROOT","protocol":"` + protocol + `","attributes":{"weight":"x","failover-only":"true"}}`)
	}
	f.Add(`{"3":{"identifier":"3","name":"a","parentIdentifier":"ROOT","type":"BALANCING","protocol":"ssh"}}`)
	for _, body := range faulty.Others {
		f.Add(body)
	}
	id, name := types.StringValue("3"), types.StringValue("a")
	readers := []func(context.Context, *guacapi.Client) error{
		func(ctx context.Context, c *guacapi.Client) error {
			return readConnection(ctx, c, &connection{Identifier: id})
		},
		func(ctx context.Context, c *guacapi.Client) error { return readGroup(ctx, c, &group{Identifier: id}) },
		func(ctx context.Context, c *guacapi.Client) error {
			return readConnectionData(ctx, c, &connectionData{Path: name})
		},
		func(ctx context.Context, c *guacapi.Client) error {
			return readGroupData(ctx, c, &groupData{group: group{Name: name}, Path: types.StringNull()})
		},
		func(ctx context.Context, c *guacapi.Client) error {
			return importConnection(ctx, c, "a", &connection{})
		},
	}
	f.Fuzz(func(t *testing.T, body string) {
		c, err := guacapi.New(guacapi.Config{HTTP: api.Config{
			URL: "http://access.example.internal", MaxRetries: -1, Base: faulty.Answers(func(r *http.Request) faulty.Answer {
				if strings.HasSuffix(r.URL.Path, "/tokens") {
					return faulty.Answer{Body: `{"authToken":"0123","availableDataSources":["postgresql"]}`}
				}
				return faulty.Answer{Body: body}
			}),
		}})
		if err != nil {
			t.Fatal(err)
		}
		for _, read := range readers {
			_ = read(t.Context(), c) // an error is fine
		}
	})
}
