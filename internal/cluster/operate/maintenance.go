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
	restartTimeout = 10 * time.Minute // the kubelet may wait five before it starts what kept failing

	// These are actions that no plan has.
	renewCertificates kubeadm.Action = "renew-certificates"
	restartComponents kubeadm.Action = "restart-components"
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

// RenewCertificates makes new certificates on every control plane, valid for another year, and then restarts what uses
// them, one control plane after another: members of etcd with new certificates and with expired ones do not talk to each
// other. It needs no API that answers: certificates may be over already.
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
	stages := []struct {
		title  string
		action kubeadm.Action
		do     func(context.Context, string) error
	}{
		{"Renew certificates", renewCertificates, w.renew},
		{"Restart control planes", restartComponents, w.restart},
	}
	w.total = len(stages) * len(nodes)
	for _, stage := range stages {
		for _, node := range nodes {
			step := kubeadm.Step{Action: stage.action, Node: node, Role: kubeadm.ControlPlane}
			if err := w.step(ctx, stage.title, step, func(ctx context.Context) error { return stage.do(ctx, node) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// renew makes new certificates on one control plane.
func (w *work) renew(ctx context.Context, node string) error {
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return err
	}
	_, err = conn.RunJob(ctx, remote.Job{Name: "kubeadm-certs", Argv: []string{"kubeadm", "certs", "renew", "all"}, Timeout: kubeadmTimeout}, nil)
	return withoutSecrets(err)
}

// restart restarts the static pods of one control plane.
func (w *work) restart(ctx context.Context, node string) error {
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return err
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
