package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/sandbox"
)

// secrets are the variables of examples/platform that have no default. The
// values are no secrets: they open nothing but the sandbox.
var secrets = map[string]string{
	"dockerhub_token":  "sandbox-dockerhub-token",
	"ssh_private_key":  "sandbox-ssh-private-key",
	"windows_password": "sandbox-windows-password",
}

// change is one thing changed behind Terraform's back, and where a plan must
// find it.
type change struct {
	what    string
	address string
	do      func(context.Context) error
}

// changes is what colleagues do with curl, kubectl and a mouse.
func changes(s *sandbox.Sandbox) []change {
	return []change{
		{"Calico: the AS number of the switch tor-1 is now 65099", `onprem_calico_bgp_peer.tor["tor-1"]`, func(ctx context.Context) error {
			return patch(ctx, s.Kubernetes, calicoPeers, "", "tor-1", `{"spec":{"asNumber":65099}}`)
		}},
		{"MetalLB: the pool of services has 20 addresses more", `onprem_metallb_ip_address_pool.services`, func(ctx context.Context) error {
			return patch(ctx, s.Kubernetes, metallbPools, "metallb-system", "services", `{"spec":{"addresses":["192.168.1.180-192.168.1.220"]}}`)
		}},
		{"Harbor: images with holes may be pulled from team1-prod", `onprem_harbor_project.team["team1-prod"]`, func(context.Context) error {
			return s.Harbor.Edit(harborsim.Project, "team1-prod", map[string]any{"prevent_vul": "false"})
		}},
		{"Guacamole: Worker-01 is reached at port 2222", `onprem_guacamole_connection.machine["worker-01"]`, func(context.Context) error {
			return found(s.Guacamole.EditConnection("Worker-01 (databases)", func(c *guacsim.Connection) { c.Parameters["port"] = "2222" }))
		}},
		{"Kong: the service frs-api does not retry", `onprem_kong_service.this["frs-api"]`, func(context.Context) error {
			return found(s.Kong.Edit("services", "frs-api", map[string]any{"retries": 0}))
		}},
		{"Kong: the route to the portal is deleted", `onprem_kong_route.this["portal"]`, func(context.Context) error {
			return found(s.Kong.Forget("routes", "portal"))
		}},
	}
}

func found(ok bool) error {
	if !ok {
		return errors.New("there is no such object to change")
	}
	return nil
}

// leftovers lists what is still there after a destroy, by asking the systems
// themselves.
func leftovers(ctx context.Context, s *sandbox.Sandbox) ([]string, error) {
	var left []string
	for _, kind := range []string{harborsim.Project, harborsim.Registry, harborsim.ReplicationPolicy} {
		for _, name := range s.Harbor.Names(kind) {
			left = append(left, fmt.Sprintf("harbor %s %q", kind, name))
		}
	}
	for _, c := range s.Guacamole.Connections() {
		left = append(left, fmt.Sprintf("guacamole connection %q", c.Name))
	}
	for _, g := range s.Guacamole.Groups() {
		left = append(left, fmt.Sprintf("guacamole connection group %q", g.Name))
	}
	for _, entity := range []string{"services", "routes"} {
		for _, e := range s.Kong.Entities(entity) {
			left = append(left, fmt.Sprintf("kong %s %q", entity, e["name"]))
		}
	}
	objects, err := managed(ctx, s.Kubernetes)
	return append(left, objects...), err
}
