package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
)

// kind is one kind of object to measure.
type kind struct {
	name string
	// start starts a system of its own and returns its handler, which counts,
	// and the provider block that reaches it.
	start func(ctx context.Context) (h *faulty.Handler, block string, stop func(), err error)
	// resource is the resource with a %d for the number of objects.
	resource string
}

func kinds() []kind {
	return []kind{
		{
			name: "harbor_project",
			start: simulated(func() *faulty.Handler { return harborsim.New().Handler },
				`harbor = { url = %q, username = "admin", password = "Harbor12345" }`),
			resource: `
resource "onprem_harbor_project" "this" {
  count  = %d
  name   = "team-${count.index}"
  public = false
}`,
		},
		{
			name:  "kong_route",
			start: simulated(func() *faulty.Handler { return kongsim.New().Handler }, `kong = { admin_url = %q }`),
			resource: `
resource "onprem_kong_route" "this" {
  count = %d
  name  = "route-${count.index}"
  paths = ["/api/${count.index}"]
}`,
		},
		{
			name: "guacamole_connection",
			start: simulated(func() *faulty.Handler { return guacsim.New().Handler },
				`guacamole = { url = %q, username = "guacadmin", password = "guacadmin" }`),
			resource: `
resource "onprem_guacamole_connection" "this" {
  count = %d
  name  = "machine-${count.index}"
  ssh   = { hostname = "10.0.0.${count.index %% 250 + 1}", port = 22 }
}`,
		},
		{
			name: "calico_bgp_peer", start: kubernetes,
			resource: `
resource "onprem_calico_bgp_peer" "this" {
  count     = %d
  name      = "bench-${count.index}"
  peer_ip   = "10.${floor(count.index / 250)}.0.${count.index %% 250 + 1}"
  as_number = 65001
}`,
		},
	}
}

// simulated serves a new simulator on the loopback.
func simulated(handler func() *faulty.Handler, block string) func(context.Context) (*faulty.Handler, string, func(), error) {
	return func(context.Context) (*faulty.Handler, string, func(), error) {
		h := handler()
		server := httptest.NewServer(h)
		return h, fmt.Sprintf(block, server.URL), server.Close, nil
	}
}

// objectRow is what Terraform and its providers took of the processors for one
// command on n objects of a kind.
type objectRow struct {
	What         string  `json:"what"` // plan or create
	Kind         string  `json:"kind"`
	N            int     `json:"n"`
	FloorCPU     float64 `json:"floor_cpu_seconds"`
	IdleCPU      float64 `json:"do_nothing_cpu_seconds"`
	OursCPU      float64 `json:"ours_cpu_seconds"`
	ProviderCPU  float64 `json:"ours_provider_cpu_seconds"`
	IdleToFloor  float64 `json:"do_nothing_to_floor"`
	OursToFloor  float64 `json:"ours_to_floor"`
	OursToIdle   float64 `json:"ours_to_do_nothing"`
	FloorSeconds float64 `json:"floor_seconds"`
	OursSeconds  float64 `json:"ours_seconds"`
	Requests     int     `json:"requests"`
	RSSMB        float64 `json:"ours_provider_rss_mb"`
}

// measureObjects measures creates of n objects, and plans of n and 3n that are
// unchanged.
func measureObjects(ctx context.Context, o options, root string) ([]objectRow, error) {
	var rows []objectRow
	for _, k := range kinds() {
		if !o.wantsKind(k.name) {
			continue
		}
		if o.wants("create") {
			row, err := k.creates(ctx, o, filepath.Join(root, k.name, "create"))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", k.name, err)
			}
			rows = append(rows, row)
		}
		for _, n := range []int{o.n, 3 * o.n} {
			if !o.wants("plan") {
				break
			}
			row, err := k.plans(ctx, o, filepath.Join(root, k.name, fmt.Sprint("plan-", n)), n)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", k.name, err)
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// creates has each round begin with an empty system.
func (k kind) creates(ctx context.Context, o options, dir string) (objectRow, error) {
	var all turns
	for i := range o.repeat {
		c, err := k.contest(ctx, o, filepath.Join(dir, fmt.Sprint(i)), o.n)
		if err != nil {
			return objectRow{}, err
		}
		err = all.take(ctx, c, apply)
		c.stop()
		if err != nil {
			return objectRow{}, err
		}
	}
	return all.row("create", k.name, o.n), nil
}

// plans has the do-nothing provider plan what ours has created.
func (k kind) plans(ctx context.Context, o options, dir string, n int) (objectRow, error) {
	c, err := k.contest(ctx, o, dir, n)
	if err != nil {
		return objectRow{}, err
	}
	defer c.stop()
	progress("%s: create %d, to plan them", k.name, n)
	for _, w := range []*workspace.Workspace{c.floor, c.ours} {
		if _, err := apply(ctx, w); err != nil {
			return objectRow{}, err
		}
	}
	state, err := os.ReadFile(filepath.Join(c.ours.Dir, stateFile))
	if err != nil {
		return objectRow{}, err
	}
	if err := os.WriteFile(filepath.Join(c.idle.Dir, stateFile), state, 0o600); err != nil {
		return objectRow{}, err
	}
	var all turns
	for range o.repeat {
		if err := all.take(ctx, c, plan); err != nil {
			return objectRow{}, err
		}
	}
	return all.row("plan", k.name, n), nil
}

const stateFile = "terraform.tfstate"

// contest is the same configuration with the do-nothing provider and with ours,
// and as many terraform_data: the floor.
type contest struct {
	floor, idle, ours *workspace.Workspace
	handler           *faulty.Handler
	stop              func()
}

func (k kind) contest(ctx context.Context, o options, dir string, n int) (*contest, error) {
	h, block, stop, err := k.start(ctx)
	if err != nil {
		return nil, err
	}
	c := &contest{handler: h, stop: stop}
	config := fmt.Sprintf("provider \"onprem\" {\n  %s\n}\n", block) + fmt.Sprintf(k.resource, n)
	for _, part := range []struct {
		workspace              **workspace.Workspace
		name, provider, config string
	}{
		{&c.floor, "floor", o.provider, floorConfig(n)}, {&c.idle, "idle", o.idle, config}, {&c.ours, "ours", o.provider, config},
	} {
		if *part.workspace, err = workspace.New(o.tool, filepath.Join(dir, part.name), part.provider, part.config); err != nil {
			stop()
			return nil, err
		}
	}
	return c, nil
}

func floorConfig(n int) string {
	return fmt.Sprintf(`
resource "terraform_data" "this" {
  count = %d
  input = { name = "object-${count.index}", public = false }
}
`, n)
}

// turns are the rounds of a contest. The three take turns, so that what else
// the machine does meanwhile disturbs them alike.
type turns struct {
	floor, idle, ours []cost
	requests          []int
}

func (t *turns) take(ctx context.Context, c *contest, run func(context.Context, *workspace.Workspace) (cost, error)) error {
	for _, part := range []struct {
		workspace *workspace.Workspace
		costs     *[]cost
	}{{c.floor, &t.floor}, {c.idle, &t.idle}, {c.ours, &t.ours}} {
		c.handler.Reset()
		took, err := run(ctx, part.workspace)
		if err != nil {
			return err
		}
		*part.costs = append(*part.costs, took)
	}
	t.requests = append(t.requests, c.handler.Count("* /**"))
	return nil
}

func (t *turns) row(what, kind string, n int) objectRow {
	floor, idle, ours := median(t.floor), median(t.idle), median(t.ours)
	r := objectRow{
		What: what, Kind: kind, N: n,
		FloorCPU: floor.cpu.Seconds(), IdleCPU: idle.cpu.Seconds(), OursCPU: ours.cpu.Seconds(), ProviderCPU: ours.provider.Seconds(),
		IdleToFloor: ratio(idle.cpu, floor.cpu), OursToFloor: ratio(ours.cpu, floor.cpu), OursToIdle: ratio(ours.cpu, idle.cpu),
		FloorSeconds: floor.took.Seconds(), OursSeconds: ours.took.Seconds(),
		Requests: middle(t.requests, func(n int) int { return n }), RSSMB: megabytes(ours.rss),
	}
	progress("%s: %s of %d: %.2f × the floor, %.2f × doing nothing", kind, what, n, r.OursToFloor, r.OursToIdle)
	return r
}

func ratio(a, b time.Duration) float64 { return a.Seconds() / b.Seconds() }

func objectTable(rows []objectRow) table {
	t := table{
		title: "Terraform with the provider, CPU of the whole process tree: × is the multiple of as many terraform_data",
		head:  []string{"what", "kind", "n", "floor s", "do-nothing ×", "ours ×", "ours/do-nothing", "provider s", "floor wall s", "ours wall s", "requests", "provider MB"},
	}
	for _, r := range rows {
		t.add("%s|%s|%d|%.2f|%.2f|%.2f|%.2f|%.2f|%.2f|%.2f|%d|%.0f", r.What, r.Kind, r.N, r.FloorCPU, r.IdleToFloor, r.OursToFloor, r.OursToIdle,
			r.ProviderCPU, r.FloorSeconds, r.OursSeconds, r.Requests, r.RSSMB)
	}
	return t
}
