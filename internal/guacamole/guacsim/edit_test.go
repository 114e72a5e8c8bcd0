package guacsim_test

import (
	"slices"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
)

// TestBehindTheBack covers what tests do to a portal behind its client's back.
func TestBehindTheBack(t *testing.T) {
	t.Parallel()
	sim := guacsim.New()
	group := sim.AddGroup(guacsim.Group{Name: "IDC"})
	sim.AddConnection(guacsim.Connection{Name: "web", Protocol: "ssh", Parent: group, Parameters: map[string]string{"port": "22", "command": "bash"}})
	err := sim.Edit(guacsim.KindConnection, "web", map[string]any{
		"Protocol": "vnc", "Parameters": map[string]any{"port": "5900", "command": nil}, "Attributes": map[string]any{"weight": "1"},
	})
	c := sim.Connections()[0]
	if err != nil || c.Protocol != "vnc" || len(c.Parameters) != 1 || c.Parameters["port"] != "5900" || c.Attributes["weight"] != "1" {
		t.Errorf("Edit: %v (%v)", c, err)
	}
	if view := sim.View(guacsim.KindConnection, "web"); view["Parent"] != group {
		t.Errorf("View: %v", view)
	}
	if left := sim.Left(); !slices.Equal(left, []string{"connection web", "connectionGroup IDC"}) {
		t.Errorf("Left: %v", left)
	}
	if sim.Edit(guacsim.KindGroup, "web", nil) == nil || sim.Forget(guacsim.KindGroup, "web") || sim.View(guacsim.KindGroup, "web") != nil {
		t.Error("a connection was taken for a group")
	}
	if !sim.Forget(guacsim.KindGroup, "IDC") || len(sim.Left()) != 0 {
		t.Errorf("Forget: %v", sim.Left())
	}
	defer func() {
		if recover() == nil {
			t.Error("a kind that there is not was listed")
		}
	}()
	sim.Names("user")
}
