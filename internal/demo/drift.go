package main

import (
	"context"
	"errors"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/sandbox"
)

// change is one thing changed behind Terraform's back, and where a plan must
// find it.
type change struct {
	what    string
	address string
	do      func(context.Context) error
}

var (
	calicoPeers  = schema.GroupVersionResource{Group: "projectcalico.org", Version: "v3", Resource: "bgppeers"}
	metallbPools = schema.GroupVersionResource{Group: "metallb.io", Version: "v1beta1", Resource: "ipaddresspools"}
)

// changes is what colleagues do with curl, kubectl and a mouse.
func changes(s *sandbox.Scenario) []change {
	return []change{
		{"Calico in prod-seoul: the AS number of the switch tor-1 is now 65099", `prod/seoul/network: onprem_calico_bgp_peer.this["tor-1"]`, func(ctx context.Context) error {
			return patch(ctx, s.Clusters["prod-seoul"], calicoPeers, "", "tor-1", `{"spec":{"asNumber":65099}}`)
		}},
		{"MetalLB in prod-tokyo: the pool of services has 20 addresses more", `prod/tokyo/load-balancer: onprem_metallb_ip_address_pool.this["default"]`, func(ctx context.Context) error {
			return patch(ctx, s.Clusters["prod-tokyo"], metallbPools, kubetest.MetalLBNamespace, "default", `{"spec":{"addresses":["192.168.2.180-192.168.2.220"]}}`)
		}},
		{"Harbor in prod: images with holes may be pulled from team1-prod", `prod/registry: onprem_harbor_project.this["team1-prod"]`, func(context.Context) error {
			return s.Harbor["prod"].Edit(harborsim.Project, "team1-prod", map[string]any{"prevent_vul": "false"})
		}},
		{"Guacamole in stage: WORKER-01 is reached at port 2222", `stage/access-portal: onprem_guacamole_connection.machine["WORKER-01"]`, func(context.Context) error {
			return s.Guacamole["stage"].Edit(guacsim.KindConnection, "WORKER-01", map[string]any{"Parameters": map[string]any{"port": "2222"}})
		}},
		{"Kong in stage-seoul: the service frs-api does not retry", `stage/seoul/gateway: onprem_kong_service.this["frs-api"]`, func(context.Context) error {
			return s.Kong["stage-seoul"].Edit("services", "frs-api", map[string]any{"retries": 0})
		}},
		{"Kong in prod-seoul: the route to the portal is deleted", `prod/seoul/gateway: onprem_kong_route.this["portal"]`, func(context.Context) error {
			return found(s.Kong["prod-seoul"].Forget("routes", "portal"))
		}},
	}
}

func found(ok bool) error {
	if !ok {
		return errors.New("there is no such object to change")
	}
	return nil
}

// patch changes an object as kubectl does. namespace is empty for cluster-wide
// kinds.
func patch(ctx context.Context, c *kubetest.Cluster, kind schema.GroupVersionResource, namespace, name, body string) error {
	_, err := c.Client().Resource(kind).Namespace(namespace).
		Patch(ctx, name, types.MergePatchType, []byte(body), metav1.PatchOptions{FieldManager: "kubectl-edit"})
	return err
}
