package operate

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

// stored is what an API server knows of a cluster.
func stored(t *testing.T) answers {
	t.Helper()
	encode := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	configMap := func(annotations, data map[string]string) string {
		return encode(map[string]any{"kind": "ConfigMap", "apiVersion": "v1", "metadata": map[string]any{"annotations": annotations}, "data": data})
	}
	return answers{
		configMapsPath + "/kubeadm-config": configMap(nil, map[string]string{"ClusterConfiguration": `apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
clusterName: prod
kubernetesVersion: v1.34.4
controlPlaneEndpoint: cluster.example.internal:6443
networking: {dnsDomain: cluster.local, serviceSubnet: 10.96.0.0/12}
`}),
		configMapsPath + "/kubelet-config": configMap(map[string]string{kubeadm.OwnedAnnotation: `["maxPods"]`}, map[string]string{"kubelet": "maxPods: 50\n"}),
		vipLease + "/" + vipLeaseName:      `{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","spec":{"holderIdentity":"cp-1"}}`,
		nodesPath: `{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"cp-1","labels":{"node-role.kubernetes.io/control-plane":""},
			"annotations":{"terraform-provider-onprem/cordoned":"true","terraform-provider-onprem/owned":"{\"labels\":[\"rack\"],\"taints\":[]}"}},
			"spec":{"unschedulable":true,"taints":[{"key":"a","value":"b","effect":"NoSchedule"}]},
			"status":{"nodeInfo":{"kubeletVersion":"v1.34.4"},"addresses":[{"type":"Hostname","address":"cp-1"},{"type":"InternalIP","address":"192.0.2.11"}],
			"conditions":[{"type":"Ready","status":"False","lastTransitionTime":"2026-01-02T03:04:05Z","message":"container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized"}]}}]}`,
	}
}

func TestObserve(t *testing.T) {
	ca := newAuthority(t)
	first, second := newMachine(t), newMachine(t)
	first.controlPlane(t, ca, stored(t))
	first.write(t, "etc/kubernetes/onprem.json", `{"cluster":"prod","endpoint":"cluster.example.internal:6443","joined":true}`)
	target := targetOf(map[string]*machine{"cp-1": first, "cp-2": second})
	dead := first.access()
	dead.Port = 1 // nobody listens there
	target.Access["worker-1"] = dead
	target.Cluster.Nodes["worker-1"] = kubeadm.Node{Role: kubeadm.Worker}

	have, err := newOperator(t).Observe(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	if have.CAHash != ca.hash() || have.APIFailure != "" || have.VIPHolder != "cp-1" {
		t.Errorf("got authority %q, failure %q, holder %q", have.CAHash, have.APIFailure, have.VIPHolder)
	}
	if have.Configuration == nil || have.Configuration.Version != "1.34.4" || have.Configuration.Endpoint != "cluster.example.internal:6443" {
		t.Errorf("got configuration %+v", have.Configuration)
	}
	if string(have.Kubelet) != `{"maxPods":50}` || !slices.Equal(have.KubeletOwned, []string{"maxPods"}) {
		t.Errorf("got kubelet %s, owned %v", have.Kubelet, have.KubeletOwned)
	}
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want := map[string]kubeadm.NodeObject{"cp-1": {
		InternalIP: "192.0.2.11", ControlPlane: true, NetworkMissing: true, NotReadySince: since, KubeletVersion: "1.34.4",
		NotReadyReason: "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
		Unschedulable:  true, Cordoned: true, Labels: map[string]string{"node-role.kubernetes.io/control-plane": ""},
		Taints: []kubeadm.Taint{{Key: "a", Value: "b", Effect: "NoSchedule"}}, Owned: &kubeadm.Owned{Labels: []string{"rack"}, Taints: []kubeadm.Taint{}},
	}}
	if diff := cmp.Diff(want, have.Nodes); diff != "" {
		t.Error(diff)
	}
	one := have.Machines["cp-1"]
	if !one.AdminConf || one.CAHash != ca.hash() || one.StaticPods["kube-apiserver"] != "1.34.4" || one.Kubelet != "1.34.4" || one.Containerd != "1.6.20~ds1" ||
		!slices.Equal(one.Jobs, []string{"kubeadm-join"}) || one.Owner == nil || !one.Owner.Joined || one.Expiry.IsZero() {
		t.Errorf("cp-1: got %+v", one)
	}
	if two := have.Machines["cp-2"]; two.Failure != "" || two.AdminConf || two.CAHash != "" || two.Kubeadm != "1.34.4" {
		t.Errorf("cp-2: got %+v", two)
	}
	if worker := have.Machines["worker-1"]; !strings.Contains(worker.Failure, "connection refused") {
		t.Errorf("worker-1: got %+v", worker)
	}
	if n := len(first.Commands()); n > 2 {
		t.Errorf("%d commands ran on cp-1: %q", n, first.Commands())
	}
}

// What is not the cluster that is meant is never asked.
func TestObserveAsksOnlyTheCluster(t *testing.T) {
	ours, other := newAuthority(t), newAuthority(t)
	tests := []struct {
		name, caHash, owner, cluster string
		asked                        bool
		failure                      string
	}{
		{name: "known", caHash: ours.hash(), cluster: "prod", asked: true},
		{name: "another authority", caHash: other.hash(), cluster: "prod", failure: "belongs to another cluster"},
		{name: "made by a run that was cut off", cluster: "prod", owner: "prod", asked: true},
		{name: "made by nobody we know", cluster: "prod"},
		{name: "another cluster's", cluster: "prod", owner: "stage"},
		{name: "whichever it is", asked: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			m.controlPlane(t, ours, stored(t))
			if test.owner != "" {
				m.write(t, "etc/kubernetes/onprem.json", `{"cluster":"`+test.owner+`"}`)
			}
			target := targetOf(map[string]*machine{"cp-1": m})
			target.Cluster.Name, target.CAHash = test.cluster, test.caHash
			if test.cluster == "" {
				target.Cluster.Nodes = nil
			}
			have, err := newOperator(t).Observe(t.Context(), target)
			if err != nil {
				t.Fatal(err)
			}
			if asked := have.Configuration != nil; asked != test.asked {
				t.Errorf("asked: %v, want %v (%s)", asked, test.asked, have.APIFailure)
			}
			if (have.APIFailure != "") != (test.failure != "") || !strings.Contains(have.APIFailure, test.failure) {
				t.Errorf("got failure %q, want %q", have.APIFailure, test.failure)
			}
		})
	}
}

// An init that was cut off has an API without a cluster in it.
func TestObserveHalfDoneInit(t *testing.T) {
	m := newMachine(t)
	m.controlPlane(t, newAuthority(t), answers{})
	m.write(t, "etc/kubernetes/onprem.json", `{"cluster":"prod"}`)
	have, err := newOperator(t).Observe(t.Context(), targetOf(map[string]*machine{"cp-1": m}))
	if err != nil || have.CAHash != "" || have.Configuration != nil || have.APIFailure != "" {
		t.Errorf("got %+v, %v", have, err)
	}
}

func TestObserveNoMachine(t *testing.T) {
	m := newMachine(t)
	target := targetOf(map[string]*machine{"cp-1": m, "cp-2": m})
	m.Down()
	_, err := newOperator(t).Observe(t.Context(), target)
	var none *NoMachineError
	if !errors.As(err, &none) || !slices.Equal(slices.Sorted(maps.Keys(none.Reasons)), []string{"cp-1", "cp-2"}) || !strings.Contains(none.Hint(), "sshd") {
		t.Errorf("got %v", err)
	}
}

func TestObserveNothingToLookAt(t *testing.T) {
	if have, err := newOperator(t).Observe(t.Context(), Target{}); err != nil || len(have.Machines) > 0 {
		t.Errorf("got %+v, %v", have, err)
	}
}

func TestObserveInterrupted(t *testing.T) {
	m := newMachine(t)
	ctx, cancel := context.WithCancel(t.Context())
	m.controlPlane(t, newAuthority(t), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	target := targetOf(map[string]*machine{"cp-1": m})
	target.Cluster.Name = ""
	if _, err := newOperator(t).Observe(ctx, target); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestConnNeedsAccess(t *testing.T) {
	_, err := newOperator(t).conn(t.Context(), Target{Access: map[string]remote.Config{}}, "cp-9")
	var access *AccessError
	if !errors.As(err, &access) || access.Node != "cp-9" || access.Hint() == "" {
		t.Errorf("got %v", err)
	}
}
