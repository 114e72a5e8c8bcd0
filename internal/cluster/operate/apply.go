package operate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

// Defaults of a Target.
const (
	defaultReadyTimeout = 5 * time.Minute
	defaultDrainTimeout = 10 * time.Minute
)

// work is one operation on a cluster, from the first look to the last.
type work struct {
	*Operator
	target Target
	seen   kubeadm.Observed // the look that the plan was made from
	plan   kubeadm.Plan
	api    *api
	// archive looks through the site's archive, once for all nodes.
	archive func() (*archive, error)
	done    atomic.Int64
	total   int

	mu             sync.Mutex
	certificateKey string // of the certificates that were uploaded by this operation
}

func (o *Operator) work(t Target) *work {
	if t.ReadyTimeout == 0 {
		t.ReadyTimeout = defaultReadyTimeout
	}
	if t.DrainTimeout == 0 {
		t.DrainTimeout = defaultDrainTimeout
	}
	w := &work{Operator: o}
	w.archive = sync.OnceValues(func() (*archive, error) { return readArchive(t.Packages.Archive, t.Packages.ArchiveSHA256) })
	w.retarget(t)
	return w
}

// retarget goes on with what became known of the cluster.
func (w *work) retarget(t Target) {
	w.target = t
	w.api = w.Operator.api(t)
}

// Apply makes a cluster what is wanted of it: it looks, plans, carries out the plan and looks again. After any failure
// the next Apply continues, by what it finds then.
func (o *Operator) Apply(ctx context.Context, t Target) (kubeadm.Observed, error) {
	w := o.work(t)
	if err := w.look(ctx); err != nil {
		return w.seen, err
	}
	var err error
	if w.plan, err = kubeadm.MakePlan(t.Cluster, w.seen); err != nil {
		return w.seen, errors.Join(err, w.checkOthers(ctx))
	}
	for _, warning := range w.plan.Warnings {
		w.tell(ctx, "", "warning: "+warning)
	}
	for _, stage := range w.plan.Stages {
		w.total += len(stage.Steps)
	}
	for _, stage := range w.plan.Stages {
		if err := w.carryOut(ctx, stage); err != nil {
			return w.seen, err
		}
	}
	w.tell(ctx, "", "looking at the result")
	return o.Observe(ctx, w.target)
}

// checkOthers says what is wrong with the machines that a refused plan is not about, so that everything is known at
// once.
func (w *work) checkOthers(ctx context.Context) error {
	for _, stage := range w.plan.Stages {
		if preparing := stepsOf(stage, kubeadm.Prepare); len(preparing) > 0 {
			return w.check(ctx, preparing)
		}
	}
	return nil
}

// look waits for what an earlier run that was cut off left at work on the machines, and observes.
func (w *work) look(ctx context.Context) error {
	w.tell(ctx, "", "looking at the machines")
	var err error
	if w.seen, err = w.Observe(ctx, w.target); err != nil {
		return err
	}
	waited, err := w.awaitJobs(ctx)
	if err != nil {
		return err
	}
	if waited {
		if w.seen, err = w.Observe(ctx, w.target); err != nil {
			return err
		}
	}
	if w.seen.CAHash != "" && w.target.CAHash == "" {
		t := w.target
		t.CAHash = w.seen.CAHash
		w.retarget(t)
	}
	return nil
}

// awaitJobs waits for jobs of earlier runs. How they end does not matter: what they did is observed.
func (w *work) awaitJobs(ctx context.Context) (waited bool, err error) {
	var group errgroup.Group
	for _, node := range slices.Sorted(maps.Keys(w.seen.Machines)) {
		for _, name := range w.seen.Machines[node].Jobs {
			waited = true
			group.Go(func() error {
				w.tell(ctx, node, "waiting for "+name+", which an earlier run started")
				conn, err := w.conn(ctx, w.target, node)
				if err != nil {
					return err
				}
				job, err := conn.FindJob(ctx, name)
				if err != nil || job == nil {
					return err
				}
				_, err = job.Wait(ctx, w.phases(ctx, node))
				if exit := (*remote.ExitError)(nil); err != nil && !errors.As(err, &exit) {
					return err
				}
				return conn.Remove(ctx, runDir+name+".yaml") // who would have removed it is gone
			})
		}
	}
	return waited, group.Wait()
}

// carryOut does the steps of a stage. After a failure no further step is begun; those that are under way come to their
// end.
func (w *work) carryOut(ctx context.Context, stage kubeadm.Stage) error {
	ctx = within(ctx, scope{stage: stage.Title, done: &w.done, total: w.total})
	if preparing := stepsOf(stage, kubeadm.Prepare); len(preparing) > 0 {
		if err := w.check(ctx, preparing); err != nil {
			return err
		}
	}
	var group errgroup.Group
	group.SetLimit(max(1, stage.Parallel))
	var mu sync.Mutex
	var errs []error
	failed := func() bool { mu.Lock(); defer mu.Unlock(); return len(errs) > 0 }
	for _, step := range stage.Steps {
		group.Go(func() error {
			if failed() || ctx.Err() != nil {
				return nil
			}
			if err := w.step(ctx, stage.Title, step, func(ctx context.Context) error { return w.do(ctx, step) }); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
			return nil
		})
	}
	_ = group.Wait() // the errors are collected
	if len(errs) == 0 {
		return ended(ctx)
	}
	return errors.Join(errs...)
}

// step carries out one step by do, and tells of its beginning and end.
func (w *work) step(ctx context.Context, title string, step kubeadm.Step, do func(context.Context) error) error {
	ctx = within(ctx, scope{stage: title, node: step.Node, done: &w.done, total: w.total})
	begin := time.Now()
	text := string(step.Action)
	if step.Words != "" {
		text += ": " + step.Words
	}
	w.tell(ctx, step.Node, text)
	if err := do(ctx); err != nil {
		return &StepError{step.Action, step.Node, withoutSecrets(err)}
	}
	w.done.Add(1)
	w.tell(ctx, step.Node, fmt.Sprintf("%s: done in %s", step.Action, time.Since(begin).Round(100*time.Millisecond)))
	return nil
}

func (w *work) do(ctx context.Context, step kubeadm.Step) error {
	switch step.Action {
	case kubeadm.Reset:
		return w.reset(ctx, step)
	case kubeadm.Prepare:
		return w.prepare(ctx, step)
	case kubeadm.Snapshot:
		_, err := w.snapshot(ctx, step.Node)
		return err
	case kubeadm.RemoveMember:
		return w.removeMembers(ctx, step.Members)
	case kubeadm.Init, kubeadm.FinishInit:
		return w.init(ctx, step)
	case kubeadm.Mark:
		return w.markJoined(ctx, step.Node)
	case kubeadm.JoinControlPlane, kubeadm.JoinWorker:
		return w.join(ctx, step)
	case kubeadm.UpgradeFirst, kubeadm.UpgradeNode:
		return w.upgrade(ctx, step)
	case kubeadm.Configure:
		return w.configure(ctx, step)
	case kubeadm.Certificate:
		return w.certificate(ctx, step)
	case kubeadm.VirtualAddress:
		return w.virtualAddress(ctx, step.Node)
	case kubeadm.ConfigureKubelet:
		return w.configureKubelet(ctx, step)
	case kubeadm.Store:
		return w.store(ctx)
	case kubeadm.Label:
		return w.label(ctx, step.Node)
	case kubeadm.Uncordon:
		return w.uncordon(ctx, step.Node)
	case kubeadm.Remove:
		return w.remove(ctx, step)
	case kubeadm.Await:
		return w.awaitReady(ctx, step.Node, "")
	}
	return fmt.Errorf("there is no way to do %q", step.Action)
}

func stepsOf(stage kubeadm.Stage, action kubeadm.Action) []kubeadm.Step {
	return slices.DeleteFunc(slices.Clone(stage.Steps), func(s kubeadm.Step) bool { return s.Action != action })
}

// planned is the node of the first step of the plan with an action, "" when there is none.
func (w *work) planned(action kubeadm.Action) string {
	for _, stage := range w.plan.Stages {
		for _, step := range stepsOf(stage, action) {
			return step.Node
		}
	}
	return ""
}
