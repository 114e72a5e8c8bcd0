package main

import (
	"context"
	_ "embed"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

// The kinds that examples/platform manages.
var (
	calicoPeers  = schema.GroupVersionResource{Group: "projectcalico.org", Version: "v3", Resource: "bgppeers"}
	calicoPools  = schema.GroupVersionResource{Group: "projectcalico.org", Version: "v3", Resource: "ippools"}
	metallbPeers = schema.GroupVersionResource{Group: "metallb.io", Version: "v1beta2", Resource: "bgppeers"}
	metallbPools = schema.GroupVersionResource{Group: "metallb.io", Version: "v1beta1", Resource: "ipaddresspools"}
)

//go:embed machines.yaml
var machines string

// patch changes an object as kubectl does. namespace is empty for cluster-wide
// kinds.
func patch(ctx context.Context, c *kubetest.Cluster, kind schema.GroupVersionResource, namespace, name, body string) error {
	_, err := c.Client().Resource(kind).Namespace(namespace).
		Patch(ctx, name, types.MergePatchType, []byte(body), metav1.PatchOptions{FieldManager: "kubectl-edit"})
	return err
}

// managed lists what there is of the kinds that examples/platform manages.
func managed(ctx context.Context, c *kubetest.Cluster) ([]string, error) {
	var names []string
	for _, kind := range []schema.GroupVersionResource{calicoPeers, calicoPools, metallbPeers, metallbPools} {
		list, err := c.Client().Resource(kind).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		for _, o := range list.Items {
			names = append(names, fmt.Sprintf("%s %s %q", kind.Group, kind.Resource, o.GetName()))
		}
	}
	return names, nil
}
