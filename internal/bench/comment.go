package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/bench/synthetic"
)

// Plans of the largest trees: 500 of 1 MB each.
const (
	plans       = 500
	planObjects = 400
)

// measureComment measures the comment on plans that change a few objects each,
// and on plans that create them all. The floor is to read the same files and
// see whether they are JSON.
func measureComment(ctx context.Context, o options, root string) ([]treeRow, error) {
	var rows []treeRow
	for _, kind := range []struct{ name, action string }{
		{"few changes", `"no-op"`}, {"all created", `"create"`},
	} {
		progress("comment: %s", kind.name)
		dir := filepath.Join(root, kind.name)
		floor, err := writePlans(dir, kind.action)
		if err != nil {
			return nil, err
		}
		c, err := process(ctx, dir, o.provider, "comment", "--plans", ".", "--output", os.DevNull)
		if err != nil {
			return nil, err
		}
		rows = append(rows, treeRow{
			Name: "comment on plans of 1 MB, " + kind.name, N: plans, Seconds: c.took.Seconds(), FloorSeconds: floor.Seconds(),
			Ratio: c.took.Seconds() / floor.Seconds(), CPUSeconds: c.cpu.Seconds(), RSSMB: megabytes(c.rss),
		})
	}
	return rows, nil
}

// writePlans writes the plans, and returns how long it takes to read them.
func writePlans(dir, action string) (time.Duration, error) {
	name := func(i int) string { return filepath.Join(dir, fmt.Sprintf("unit-%03d", i), "tfplan.json") }
	for i := range plans {
		if err := os.MkdirAll(filepath.Dir(name(i)), 0o750); err != nil {
			return 0, err
		}
		if err := os.WriteFile(name(i), synthetic.Plan(i, planObjects, action), 0o600); err != nil {
			return 0, err
		}
	}
	start := time.Now()
	for i := range plans {
		content, err := os.ReadFile(name(i))
		if err != nil {
			return 0, err
		}
		if !json.Valid(content) {
			return 0, fmt.Errorf("%s is no JSON", name(i))
		}
	}
	return time.Since(start), nil
}
