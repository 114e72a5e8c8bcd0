package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/operate"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

var begin = time.Now()

func say(format string, args ...any) {
	fmt.Printf("%s %6.1f "+format+"\n", append([]any{time.Now().Format("15:04:05"), time.Since(begin).Seconds()}, args...)...)
}

func explain(err error) {
	var h interface{ Hint() string }
	say("ERROR %v", err)
	if errors.As(err, &h) {
		say("HINT %s", h.Hint())
	}
	os.Exit(1)
}

func main() {
	dir := os.Getenv("LABDIR")
	key, err := os.ReadFile(filepath.Join(dir, "id_ed25519"))
	if err != nil {
		explain(err)
	}
	var spec struct {
		CAHash, Version string
		CP, W, Gone     []string
		SANs            []string
		Args            []kubeadm.Argument
		Kubelet         json.RawMessage
		Labels          map[string]map[string]string
		Taints          map[string][]kubeadm.Taint
		NodeArgs        []kubeadm.Argument
	}
	if err := json.Unmarshal([]byte(os.Args[2]), &spec); err != nil {
		explain(err)
	}
	if spec.Version == "" {
		spec.Version = "1.34.4"
	}
	if spec.Kubelet == nil {
		spec.Kubelet = json.RawMessage(`{"cgroupDriver":"cgroupfs"}`)
	}
	t := operate.Target{
		CAHash: spec.CAHash,
		Cluster: kubeadm.Cluster{
			Name: "lab", Version: spec.Version, Endpoint: "10.77.0.100:6443",
			VirtualIP: &kubeadm.VirtualIP{Address: "10.77.0.100", Mode: "arp", Image: os.Getenv("VIPIMAGE"), LeaseDuration: 5, RenewDeadline: 3, RetryPeriod: 1},
			PodCIDR:   "10.244.0.0/16", ServiceCIDR: "10.96.0.0/12", DNSDomain: "cluster.local",
			Kubelet: spec.Kubelet, CertificateSANs: spec.SANs, APIServer: kubeadm.Component{ExtraArgs: spec.Args},
			Nodes: map[string]kubeadm.Node{},
		},
		Access:   map[string]remote.Config{},
		Packages: operate.Packages{Manage: true, Archive: ".tools/nodes/kubernetes-v" + spec.Version + ".tar"},
	}
	address := func(n string) string { return "10.77.0.1" + strings.TrimPrefix(n, "node-") }
	add := func(role kubeadm.Role, names []string) {
		for _, n := range names {
			t.Cluster.Nodes[n] = kubeadm.Node{Role: role, Address: address(n), Labels: spec.Labels[n], Taints: spec.Taints[n], KubeletArgs: spec.NodeArgs}
		}
	}
	add(kubeadm.ControlPlane, spec.CP)
	add(kubeadm.Worker, spec.W)
	for _, n := range append(append(append([]string{}, spec.CP...), spec.W...), spec.Gone...) {
		t.Access[n] = remote.Config{Host: address(n), KnownHostsFile: filepath.Join(dir, "known_hosts"), PrivateKeys: []string{string(key)}}
	}
	o := operate.New(func(_ context.Context, e operate.Event) {
		say("[%d/%d] %s | %s | %s", e.Done, e.Total, e.Stage, e.Node, e.Text)
	})
	defer o.Close()
	ctx := context.Background()
	switch os.Args[1] {
	case "destroy":
		gone, err := o.Destroy(ctx, t)
		if err != nil {
			explain(err)
		}
		say("=== destroyed, gone %v", gone)
	case "renew":
		if err := o.RenewCertificates(ctx, t); err != nil {
			explain(err)
		}
		say("=== renewed")
	case "snapshot":
		where, err := o.Snapshot(ctx, t)
		if err != nil {
			explain(err)
		}
		say("=== %s", where)
	case "apply":
		seen, err := o.Apply(ctx, t)
		if err != nil {
			explain(err)
		}
		say("=== applied")
		for name, n := range seen.Nodes {
			say("    %s ready=%v %s %s %v %v", name, n.Ready, n.KubeletVersion, n.NotReadyReason, n.Labels, n.Taints)
		}
		for _, m := range seen.Members {
			say("    member %+v", m)
		}
		plan, err := kubeadm.MakePlan(t.Cluster, seen)
		say("    plan after: %d stages %+v %v holder %s", len(plan.Stages), plan, err, seen.VIPHolder)
		say("CAHASH %s", seen.CAHash)
	}
}
