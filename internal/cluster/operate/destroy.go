package operate

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
)

// Destroy takes the cluster off its machines: workers at once, then the control planes one by one, the one that has the
// virtual address last. It returns the nodes whose machines did not answer; they were left as they are.
//
// Nothing is drained and etcd keeps its members: there is nowhere to go. Only machines of this cluster are touched.
func (o *Operator) Destroy(ctx context.Context, t Target) (gone []string, err error) {
	w := o.work(t)
	if err := w.look(ctx); err != nil {
		return nil, err
	}
	workers, controlPlanes, gone := w.destruction(ctx)
	w.total = len(workers) + len(controlPlanes)

	var group errgroup.Group
	var mu sync.Mutex
	var errs []error
	for _, node := range workers {
		group.Go(func() error {
			err := w.raze(ctx, "Remove workers", node, kubeadm.Worker)
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
			return nil
		})
	}
	_ = group.Wait() // the errors are collected
	if err := errors.Join(errs...); err != nil {
		return gone, err // control planes outlive what could not be removed
	}
	for _, node := range controlPlanes {
		if err := w.raze(ctx, "Remove control planes", node, kubeadm.ControlPlane); err != nil {
			return gone, err
		}
	}
	return gone, nil
}

// destruction sorts the machines by what is to be done to them.
func (w *work) destruction(ctx context.Context) (workers, controlPlanes, gone []string) {
	for _, node := range slices.Sorted(maps.Keys(w.target.Access)) {
		m := w.seen.Machines[node]
		switch {
		case m.Failure != "":
			w.tell(ctx, node, "warning: the machine does not answer, and is left as it is: "+m.Failure)
			gone = append(gone, node)
		case isBlank(m):
		case !w.target.owns(m):
			w.tell(ctx, node, "warning: "+(&ForeignError{node, m.CAHash}).Error())
		case w.target.Cluster.Nodes[node].Role == kubeadm.ControlPlane || len(m.StaticPods) > 0:
			controlPlanes = append(controlPlanes, node)
		default:
			workers = append(workers, node)
		}
	}
	slices.SortStableFunc(controlPlanes, func(a, b string) int {
		switch w.seen.VIPHolder {
		case a:
			return 1
		case b:
			return -1
		}
		return 0
	})
	return workers, controlPlanes, gone
}

// raze takes everything of the cluster off a machine.
func (w *work) raze(ctx context.Context, stage, node string, role kubeadm.Role) error {
	step := kubeadm.Step{Action: kubeadm.Remove, Node: node, Role: role}
	return w.step(ctx, stage, step, func(ctx context.Context) error {
		if err := w.resetMachine(ctx, node); err != nil {
			return err
		}
		return w.forget(ctx, node)
	})
}
