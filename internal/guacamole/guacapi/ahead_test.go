package guacapi_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
)

// portal has n connections.
func portal(n int) (*guacsim.Server, []string) {
	sim := guacsim.New()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = sim.AddConnection(guacsim.Connection{
			Name: fmt.Sprintf("vm-%04d", i), Protocol: "ssh", Parameters: map[string]string{"hostname": fmt.Sprintf("10.244.%d.%d", i/250, i%250)},
		})
	}
	return sim, ids
}

// A thousand reads, ten at a time as Terraform does it, cost a login, a listing
// and one request each, the first ten a second one, and are not ten times as
// slow as the network.
func TestThousandReads(t *testing.T) {
	t.Parallel()
	sim, ids := portal(1000)
	sim.Latency(10 * time.Millisecond)
	c := start(t, sim)
	begin := time.Now()
	faulty.AsTerraform(len(ids), func(i int) {
		id := ids[i*617%len(ids)] // in no particular order
		got, err := c.Connection(t.Context(), id)
		if err != nil || got.Identifier != id || got.Parameters["hostname"] == "" {
			t.Errorf("%s: %v, %v", id, got, err)
		}
	})
	t.Logf("%d requests in %s", sim.Count("* /**"), time.Since(begin))
	if n := sim.Count("* /**"); n > 1012 {
		t.Errorf("%d requests, want at most 1012", n)
	}
}

// A few reads of a large portal leave the rest of it alone.
func TestFewReadsOfMany(t *testing.T) {
	t.Parallel()
	sim, ids := portal(3000)
	c := start(t, sim)
	for _, id := range ids[1000:1010] {
		if _, err := c.Connection(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if n := sim.Count("* /**"); n != 1+2*10 {
		t.Errorf("%d requests for ten connections, want a login and two for each", n)
	}
}

// What was deleted between the listing and the request for its parameters is
// gone, not broken; what was made after the listing is found.
func TestReadsWhileThePortalChanges(t *testing.T) {
	t.Parallel()
	sim, ids := portal(200)
	c := start(t, sim)
	for _, id := range ids[:5] {
		if _, err := c.Connection(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	sim.Forget("connection", "vm-0199")
	if _, err := c.Connection(t.Context(), ids[199]); !api.IsNotFound(err) {
		t.Errorf("a connection that is gone: %v", err)
	}
	late := sim.AddConnection(guacsim.Connection{Name: "late", Protocol: "vnc"})
	if got, err := c.Connection(t.Context(), late); err != nil || got.Name != "late" {
		t.Errorf("a connection that is new: %v, %v", got, err)
	}
}
