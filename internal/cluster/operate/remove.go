package operate

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

const resetTimeout = 10 * time.Minute

var (
	//go:embed scripts/reset.sh
	resetScript string
	//go:embed scripts/forget.sh
	forgetScript string
)

// owns reports whether a machine belongs to the cluster. A certificate authority says so more surely than the marker;
// one of another cluster outweighs it.
func (t Target) owns(m kubeadm.Machine) bool {
	if t.CAHash != "" && m.CAHash != "" {
		return m.CAHash == t.CAHash
	}
	return m.Owner != nil && m.Owner.Cluster == t.Cluster.Name && m.Owner.Endpoint == t.Cluster.Endpoint
}

// isBlank reports whether nothing of a cluster is on a machine.
func isBlank(m kubeadm.Machine) bool {
	return m.Owner == nil && m.CAHash == "" && !m.KubeletConf && !m.EtcdData && len(m.Manifests) == 0
}

// ForeignError is a machine that was not touched because it is not known to be of this cluster.
type ForeignError struct {
	Node   string
	CAHash string // of its own cluster, when it has one
}

func (e *ForeignError) Error() string {
	if e.CAHash != "" {
		return fmt.Sprintf("%s: it was not reset: it belongs to another cluster, with the certificate authority %s", e.Node, e.CAHash)
	}
	return fmt.Sprintf("%s: it was not reset: nothing there says that it belongs to this cluster", e.Node)
}

// Hint implements the hint of an error.
func (e *ForeignError) Hint() string {
	return "Check that the node's SSH address leads to the machine that is meant. If it does and nobody needs what is there, run `kubeadm reset` on it."
}

// resetMachine undoes what kubeadm did to a machine, and kube-vip. etcd's members are not its business.
func (w *work) resetMachine(ctx context.Context, node string) error {
	m, err := w.askMachine(ctx, w.target, node)
	switch {
	case err != nil:
		return err
	case isBlank(m):
		return nil // by an earlier run
	case !w.target.owns(m):
		return &ForeignError{node, m.CAHash}
	}
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return err
	}
	vip := ""
	if v := w.target.Cluster.VirtualIP; v != nil {
		vip = v.Address
	}
	dataDir := ""
	if w.target.Cluster.Etcd.External == nil {
		dataDir = cmp.Or(w.target.Cluster.Etcd.DataDir, etcdDataDir)
	}
	argv := []string{"sh", "-c", resetScript, "sh", dataDir, vip}
	_, err = conn.RunJob(ctx, remote.Job{Name: "kubeadm-reset", Argv: argv, Timeout: resetTimeout}, w.phases(ctx, node))
	return withoutSecrets(err)
}

// forget removes what this provider put on a machine beside kubeadm's work; the marker goes last.
func (w *work) forget(ctx context.Context, node string) error {
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return err
	}
	_, err = conn.Run(ctx, remote.Script("removing the provider's own files", forgetScript))
	return err
}

// reset undoes an init or a join that was cut off. The marker stays: the machine is to become a node again.
func (w *work) reset(ctx context.Context, step kubeadm.Step) error {
	if err := w.removeMembers(ctx, step.Members); err != nil {
		return err
	}
	if err := w.resetMachine(ctx, step.Node); err != nil {
		return err
	}
	if err := w.mark(ctx, step.Node, func(o *kubeadm.Owner) { o.Joined, o.KubeletArgs = false, nil }); err != nil {
		return err
	}
	if w.target.CAHash == "" {
		return nil // there is no cluster that could know the node
	}
	return w.api.deleteNode(ctx, step.Node)
}

// without is the work on the cluster as it is reached through other machines: this one is about to go.
func (w *work) without(node string) Target {
	t := w.target
	t.Access = maps.Clone(t.Access)
	delete(t.Access, node)
	return t
}

// remove takes a node out of the cluster.
func (w *work) remove(ctx context.Context, step kubeadm.Step) error {
	rest := w.without(step.Node)
	api := w.Operator.api(rest)
	if !step.Gone {
		if err := w.leave(ctx, api, step); err != nil {
			return err
		}
	}
	if err := w.removeMember(ctx, rest, step); err != nil {
		return err
	}
	if !step.Gone {
		if err := w.resetMachine(ctx, step.Node); err != nil {
			return err
		}
	}
	if err := api.deleteNode(ctx, step.Node); err != nil {
		return err
	}
	if step.Gone {
		return nil
	}
	return w.forget(ctx, step.Node)
}

// leave makes a node that still runs give up what others can take over: pods and the virtual address.
func (w *work) leave(ctx context.Context, api *api, step kubeadm.Step) error {
	_, err := api.node(ctx, step.Node)
	switch {
	case apierrors.IsNotFound(err): // by an earlier run
	case err != nil:
		return err
	default:
		if err := w.vacate(ctx, step.Node); err != nil {
			return err
		}
	}
	if step.Role != kubeadm.ControlPlane || w.target.Cluster.VirtualIP == nil {
		return nil
	}
	conn, err := w.conn(ctx, w.target, step.Node)
	if err != nil {
		return err
	}
	if err := conn.Remove(ctx, virtualIPFile); err != nil {
		return err
	}
	return w.awaitOtherHolder(ctx, api, step.Node)
}

const leaseTimeout = 2 * time.Minute

// awaitOtherHolder waits until another control plane has the virtual address.
func (w *work) awaitOtherHolder(ctx context.Context, api *api, node string) error {
	w.tell(ctx, node, "waiting for another control plane to take the virtual address")
	err := wait(ctx, "another control plane with the virtual address", leaseTimeout, func(ctx context.Context) (bool, string) {
		switch holder, err := api.vipHolder(ctx); {
		case err != nil:
			return false, err.Error()
		case holder == node:
			return false, node + " still holds it"
		}
		return true, ""
	})
	if late := (*TimeoutError)(nil); errors.As(err, &late) {
		late.Advice = "Look at kube-vip on the other control planes: `crictl logs $(crictl ps -aq --name kube-vip | head -n 1)`."
	}
	return err
}

// removeMember takes a node's etcd out of the cluster, by what the plan found and by what is listed now.
func (w *work) removeMember(ctx context.Context, rest Target, step kubeadm.Step) error {
	if step.Role != kubeadm.ControlPlane || w.target.Cluster.Etcd.External != nil {
		return nil
	}
	if !step.Gone {
		all := w.etcd(w.target)
		defer all.close()
		if err := all.moveLeader(ctx, step.Node); err != nil {
			w.tell(ctx, step.Node, "warning: its etcd could not hand over the lead: "+err.Error()) // it costs an election
		}
	}
	e := w.etcd(rest)
	defer e.close()
	members, err := e.members(ctx)
	if err != nil {
		return err
	}
	ids := slices.Clone(step.Members)
	for _, m := range members {
		if m.Name == step.Node {
			ids = append(ids, m.ID)
		}
	}
	return e.remove(ctx, ids...)
}
