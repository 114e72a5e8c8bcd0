package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
)

// system is one kind of object to measure.
type system struct {
	name string
	// start starts the system and returns its handler, which counts and delays,
	// and the provider block that reaches it.
	start func(ctx context.Context) (h *faulty.Handler, block string, stop func(), err error)
	// resource is the resource with a %d for the number of objects.
	resource string
}

func systems() []system {
	return []system{
		{name: "harbor_project", start: simulated(harborsim.New().Handler, `harbor = { url = %q, username = "admin", password = "Harbor12345" }`), resource: `
resource "onprem_harbor_project" "this" {
  count  = %d
  name   = "team-${count.index}"
  public = false
}`},
		{name: "kong_route", start: simulated(kongsim.New().Handler, `kong = { admin_url = %q }`), resource: `
resource "onprem_kong_route" "this" {
  count = %d
  name  = "route-${count.index}"
  paths = ["/api/${count.index}"]
}`},
		{name: "guacamole_connection", start: simulated(guacsim.New().Handler, `guacamole = { url = %q, username = "guacadmin", password = "guacadmin" }`), resource: `
resource "onprem_guacamole_connection" "this" {
  count = %d
  name  = "machine-${count.index}"
  ssh   = { hostname = "10.0.0.${count.index %% 250 + 1}", port = 22 }
}`},
		{name: "calico_bgp_peer", start: kubernetes, resource: `
resource "onprem_calico_bgp_peer" "this" {
  count     = %d
  name      = "bench-${count.index}"
  peer_ip   = "10.${floor(count.index / 250)}.0.${count.index %% 250 + 1}"
  as_number = 65001
}`},
	}
}

// simulated serves a simulator on the loopback.
func simulated(h *faulty.Handler, block string) func(context.Context) (*faulty.Handler, string, func(), error) {
	return func(context.Context) (*faulty.Handler, string, func(), error) {
		server := httptest.NewServer(h)
		return h, fmt.Sprintf(block, server.URL), server.Close, nil
	}
}

// measure creates the objects, plans them, and removes them again, without and
// with latency.
func (s system) measure(ctx context.Context, o options, root string, floor baseline) ([]row, error) {
	h, block, stop, err := s.start(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	w, err := workspace.New(o.tool, filepath.Join(root, s.name), o.provider,
		fmt.Sprintf("provider \"onprem\" {\n  %s\n}\n", block)+fmt.Sprintf(s.resource, o.n))
	if err != nil {
		return nil, err
	}
	var rows []row
	add := func(name string, r result, floor time.Duration) {
		m := row{
			Name: name, N: o.n, Seconds: r.took.Seconds(), FloorSeconds: floor.Seconds(), Ratio: r.took.Seconds() / floor.Seconds(),
			Requests: h.Count("* /**"), RSSMB: megabytes(r.rss),
		}
		rows = append(rows, m)
		progress("%s: %.2f s, %.2f × the floor, %d requests, %.0f MB", name, m.Seconds, m.Ratio, m.Requests, m.RSSMB)
	}
	for _, latency := range []time.Duration{0, o.latency} {
		at := fmt.Sprintf("%s at %s: ", s.name, latency)
		h.Latency(latency)
		h.Reset()
		created, err := apply(ctx, w)
		if err != nil {
			return nil, err
		}
		add(at+"create", created, floor.apply)
		planned, err := plan(ctx, w, o.repeat, h.Reset)
		if err != nil {
			return nil, err
		}
		add(at+"plan", planned, floor.plan)
		h.Latency(0)
		if _, err := w.Run(ctx, 0, "destroy", "-auto-approve", "-no-color"); err != nil {
			return nil, err
		}
	}
	return rows, nil
}
