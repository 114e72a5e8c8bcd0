package operate

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

var (
	ours   = &kubeadm.Owner{Cluster: "prod", Endpoint: "192.0.2.100:6443"}
	theirs = &kubeadm.Owner{Cluster: "stage", Endpoint: "192.0.2.200:6443"}
)

func TestTargetOwns(t *testing.T) {
	for name, tt := range map[string]struct {
		caHash  string
		machine kubeadm.Machine
		want    bool
	}{
		"nothing there":                           {"sha256:a", kubeadm.Machine{}, false},
		"the cluster's authority":                 {"sha256:a", kubeadm.Machine{CAHash: "sha256:a"}, true},
		"another authority":                       {"sha256:a", kubeadm.Machine{CAHash: "sha256:b"}, false},
		"another authority beside our marker":     {"sha256:a", kubeadm.Machine{CAHash: "sha256:b", Owner: ours}, false},
		"our marker alone":                        {"sha256:a", kubeadm.Machine{Owner: ours}, true},
		"our marker, before there is a cluster":   {"", kubeadm.Machine{CAHash: "sha256:b", Owner: ours}, true},
		"another marker":                          {"sha256:a", kubeadm.Machine{Owner: theirs}, false},
		"another marker, before we have anything": {"", kubeadm.Machine{CAHash: "sha256:b", Owner: theirs}, false},
		"an authority, before we have anything":   {"", kubeadm.Machine{CAHash: "sha256:b"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			target := Target{Cluster: kubeadm.Cluster{Name: "prod", Endpoint: "192.0.2.100:6443"}, CAHash: tt.caHash}
			if got := target.owns(tt.machine); got != tt.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestDestruction(t *testing.T) {
	plane := kubeadm.Machine{Owner: ours, StaticPods: map[string]string{"etcd": "3.6.5-0"}}
	machines := map[string]kubeadm.Machine{
		"cp-01": plane, "cp-02": plane, "cp-03": plane,
		"w-01": {Owner: ours}, "w-02": {Failure: "no answer"}, "w-03": {Owner: theirs}, "w-04": {},
		// Its manifests are gone: a reset that was cut off.
		"cp-04": {Owner: ours},
	}
	target := Target{
		Cluster: kubeadm.Cluster{Name: "prod", Endpoint: "192.0.2.100:6443", Nodes: map[string]kubeadm.Node{"cp-04": {Role: kubeadm.ControlPlane}}},
		Access:  map[string]remote.Config{},
	}
	for node := range machines {
		target.Access[node] = remote.Config{}
	}
	var warned []string
	w := New(func(_ context.Context, e Event) { warned = append(warned, e.Node) }).work(target)
	w.seen = kubeadm.Observed{Machines: machines, VIPHolder: "cp-01"}
	workers, planes, gone := w.destruction(t.Context())
	for _, tt := range []struct {
		what      string
		got, want []string
	}{
		{"workers", workers, []string{"w-01"}},
		{"control planes, the holder of the virtual address last", planes, []string{"cp-02", "cp-03", "cp-04", "cp-01"}},
		{"gone", gone, []string{"w-02"}},
		{"warned of", slices.Sorted(slices.Values(warned)), []string{"w-02", "w-03"}},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s: %s", tt.what, diff)
		}
	}
}
