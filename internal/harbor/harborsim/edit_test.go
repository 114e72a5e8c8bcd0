package harborsim

import (
	"slices"
	"testing"
)

// TestBehindTheBack covers what tests do to a Harbor behind its client's back.
func TestBehindTheBack(t *testing.T) {
	t.Parallel()
	sim := New()
	sim.AddProject("team1", "admin")
	sim.AddRegistry("hub", "docker-hub", "https://hub.docker.com")
	sim.AddReplicationPolicy("backup", "hub")
	sim.AddLabel("", "keep", "#FF0000")
	sim.AddLabel("team1", "keep", "#00FF00")
	all := []string{"label keep", "label team1/keep", "project team1", "registry hub", "replication_policy backup"}
	if left := sim.Left(); !slices.Equal(left, all) {
		t.Errorf("Left: %v", left)
	}
	for _, kind := range sim.Kinds() {
		for _, name := range sim.Names(kind) {
			before := sim.View(kind, name)
			change := map[string]any{"description": "changed"}
			if kind == Project {
				change = map[string]any{"storage_limit": 5}
			}
			if err := sim.Edit(kind, name, change); err != nil || len(before) == 0 {
				t.Errorf("Edit %s: %v", kind, err)
			}
			for field, want := range map[string]any{"description": "changed", "storage_limit": 5.0} {
				if _, changed := change[field]; changed && sim.View(kind, name)[field] != want {
					t.Errorf("%s shows %v", kind, sim.View(kind, name))
				}
			}
		}
	}
	sim.Forget(Project, "team1") // its labels stay
	if left := sim.Left(); !slices.Contains(left, "label 2/keep") || len(left) != len(all)-1 {
		t.Errorf("Left: %v", left)
	}
	if sim.Forget(Label, "none") || sim.Edit(Label, "none", nil) == nil || sim.View(Label, "none") != nil {
		t.Error("what is not there was found")
	}
	defer func() {
		if recover() == nil {
			t.Error("a kind that there is not was listed")
		}
	}()
	sim.Names("robot")
}
