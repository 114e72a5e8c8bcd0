package operate

import (
	"context"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

// upgrade brings a node to the cluster's version: what kubeadm manages first, then the kubelet, which is drained for
// it. The node is not drained before: on a small cluster kubeadm's health check needs it.
func (w *work) upgrade(ctx context.Context, step kubeadm.Step) error {
	if err := w.install(ctx, step.Node, step.Role, "kubeadm"); err != nil {
		return err
	}
	if err := w.upgradeComponents(ctx, step); err != nil {
		return err
	}
	return w.upgradeKubelet(ctx, step)
}

// upgradeComponents runs kubeadm upgrade, unless it has done its work here before.
func (w *work) upgradeComponents(ctx context.Context, step kubeadm.Step) error {
	m, err := w.askMachine(ctx, w.target, step.Node)
	if err != nil {
		return err
	}
	if step.Role == kubeadm.ControlPlane && w.isUpgraded(ctx, m) {
		return nil
	}
	document, err := kubeadm.UpgradeDocument(w.target.Cluster)
	if err != nil {
		return err
	}
	command := []string{"upgrade", "node"}
	if step.Action == kubeadm.UpgradeFirst {
		command = []string{"upgrade", "apply", "--yes"}
	}
	if err := w.kubeadm(ctx, step.Node, "kubeadm-upgrade", document, command...); err != nil {
		return err
	}
	if step.Role != kubeadm.ControlPlane {
		return nil
	}
	if err := w.awaitLocalAPI(ctx, step.Node); err != nil {
		return err
	}
	if step.Action == kubeadm.UpgradeFirst {
		if err := w.noteKubeletFields(ctx, w.seen.KubeletOwned); err != nil {
			return err
		}
	}
	if m.Owner == nil {
		return nil // a cluster that was imported
	}
	return w.mark(ctx, step.Node, func(o *kubeadm.Owner) { o.Upgraded = w.target.Cluster.Version })
}

// isUpgraded reports whether a control plane runs the cluster's version, and the cluster's configuration says so. On a
// machine with our marker kubeadm has come to its end, too: its last phases leave no other trace.
func (w *work) isUpgraded(ctx context.Context, m kubeadm.Machine) bool {
	if m.Owner != nil && m.Owner.Upgraded != w.target.Cluster.Version {
		return false
	}
	for _, component := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler"} {
		if m.StaticPods[component] != w.target.Cluster.Version {
			return false
		}
	}
	stored, err := w.storedConfiguration(ctx)
	if err != nil {
		return false
	}
	configuration, err := kubeadm.ParseConfiguration(stored)
	return err == nil && configuration.Version == w.target.Cluster.Version
}

// upgradeKubelet drains a node, replaces its kubelet and lets pods onto it again. The mark of the cordon is how a next
// run knows to finish this.
func (w *work) upgradeKubelet(ctx context.Context, step kubeadm.Step) error {
	version := w.target.Cluster.Version
	node, err := w.api.node(ctx, step.Node)
	if err != nil {
		return err
	}
	m, err := w.askMachine(ctx, w.target, step.Node)
	if err != nil {
		return err
	}
	if node.KubeletVersion != version || m.Kubelet != version {
		if err := w.vacate(ctx, step.Node); err != nil {
			return err
		}
		if err := w.install(ctx, step.Node, step.Role, "kubelet", "kubectl"); err != nil {
			return err
		}
		if err := w.restartKubelet(ctx, step.Node); err != nil {
			return err
		}
	}
	if err := w.awaitReady(ctx, step.Node, version); err != nil {
		return err
	}
	return w.uncordon(ctx, step.Node)
}

// vacate cordons a node and waits until its pods have left.
func (w *work) vacate(ctx context.Context, node string) error {
	if err := w.api.cordon(ctx, node, true); err != nil {
		return err
	}
	w.tell(ctx, node, "draining")
	return w.api.drain(ctx, node, drainOptions{Timeout: w.target.DrainTimeout})
}

// uncordon lets pods onto a node that this provider cordoned.
func (w *work) uncordon(ctx context.Context, node string) error {
	return w.api.uncordon(ctx, node, true)
}

func (w *work) restartKubelet(ctx context.Context, node string) error {
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return err
	}
	_, err = conn.Run(ctx, remote.Script("restarting the kubelet", "systemctl daemon-reload && systemctl restart kubelet.service"))
	return err
}

// snapshot saves etcd's data, before anything that can hurt it.
func (w *work) snapshot(ctx context.Context, node string) (string, error) {
	e := w.etcd(w.target)
	defer e.close()
	return e.snapshot(ctx, node)
}

// removeMembers takes members out of etcd.
func (w *work) removeMembers(ctx context.Context, ids []uint64) error {
	if len(ids) == 0 {
		return nil
	}
	e := w.etcd(w.target)
	defer e.close()
	return e.remove(ctx, ids...)
}

// storedConfiguration is the ClusterConfiguration that kubeadm keeps in the cluster.
func (w *work) storedConfiguration(ctx context.Context) ([]byte, error) {
	m, err := w.api.configMap(ctx, kubeadmConfig)
	if err != nil {
		return nil, err
	}
	return []byte(m.Data[clusterConfiguration]), nil
}
