package operate

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

//go:embed scripts/restart.sh
var restartScript string

const (
	restartTimeout = 5 * time.Minute

	// renewCertificates is an action that no plan has.
	renewCertificates kubeadm.Action = "renew-certificates"
)

// Drain keeps new pods off a node and waits until those that are there have left. The node stays cordoned.
func (o *Operator) Drain(ctx context.Context, t Target, node string) error {
	w := o.work(t)
	if err := w.api.cordon(ctx, node, false); err != nil {
		return err
	}
	return w.api.drain(ctx, node, drainOptions{Timeout: w.target.DrainTimeout})
}

// Uncordon lets pods onto a node again.
func (o *Operator) Uncordon(ctx context.Context, t Target, node string) error {
	return o.work(t).api.uncordon(ctx, node, false)
}

// Snapshot saves etcd's data on one of the control planes, and says where.
func (o *Operator) Snapshot(ctx context.Context, t Target) (where string, err error) {
	return o.work(t).snapshot(ctx, "")
}

// RenewCertificates makes new certificates on every control plane, valid for another year, and restarts what uses them,
// one control plane after another. It needs no API that answers: certificates may be over already.
func (o *Operator) RenewCertificates(ctx context.Context, t Target) error {
	w := o.work(t)
	var nodes []string
	for _, node := range t.controlPlanes() {
		m, err := w.askMachine(ctx, t, node)
		switch {
		case err != nil:
			return fmt.Errorf("certificates are renewed on all control planes or on none: %w", err)
		case t.CAHash != "" && m.CAHash != "" && m.CAHash != t.CAHash:
			return &ForeignError{Node: node, CAHash: m.CAHash}
		case m.AdminConf && len(m.StaticPods) > 0:
			nodes = append(nodes, node)
		}
	}
	if len(nodes) == 0 {
		return &UnreachableError{Cluster: t.Cluster.Name}
	}
	w.total = len(nodes)
	for _, node := range nodes {
		step := kubeadm.Step{Action: renewCertificates, Node: node, Role: kubeadm.ControlPlane}
		if err := w.step(ctx, "Renew certificates", step, func(ctx context.Context) error { return w.renew(ctx, node) }); err != nil {
			return err
		}
	}
	return nil
}

// renew makes new certificates on one control plane and restarts its static pods.
func (w *work) renew(ctx context.Context, node string) error {
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return err
	}
	if _, err := conn.RunJob(ctx, remote.Job{Name: "kubeadm-certs", Argv: []string{"kubeadm", "certs", "renew", "all"}, Timeout: kubeadmTimeout}, nil); err != nil {
		return withoutSecrets(err)
	}
	for _, component := range append(components, "kube-vip") {
		w.tell(ctx, node, "restarting "+component)
		argv := []string{"sh", "-c", restartScript, "sh", component}
		if _, err := conn.RunJob(ctx, remote.Job{Name: "restart", Argv: argv, Timeout: restartTimeout}, nil); err != nil {
			return withoutSecrets(err)
		}
	}
	return w.awaitLocalAPI(ctx, node)
}
