package operate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
)

const (
	drainTimeout = 10 * time.Minute
	// evictions is how many pods are asked to leave at once.
	evictions = 10
)

// drainEvery is the time between two rounds. A variable so that tests need not
// wait.
var drainEvery = 2 * time.Second

// drainOptions say how a node is drained.
type drainOptions struct {
	Timeout time.Duration // 10 minutes when 0
	// Force also evicts pods that nothing will start again elsewhere.
	Force bool
}

// drain makes the pods of a node leave: all but those of DaemonSets and those
// that the kubelet itself started. Disruption budgets are respected; emptyDir
// volumes go with their pods. The node should be cordoned before.
//
// Each round looks at what is there, so that a drain continues where another
// stopped, and the API may go away in between.
func (a *api) drain(ctx context.Context, node string, options drainOptions) error {
	if options.Timeout == 0 {
		options.Timeout = drainTimeout
	}
	draining, cancel := context.WithTimeout(ctx, options.Timeout)
	defer cancel()
	held := &DrainError{Node: node, Timeout: options.Timeout}
	for {
		pods, err := a.movable(draining, node)
		if err == nil && len(pods) > 0 {
			pods, err = a.leaving(draining, node, pods)
		}
		if err == nil && !options.Force {
			err = refuseUnmanaged(node, pods)
		}
		if err == nil {
			held.Pods, err = a.evictAll(draining, pods)
		}
		switch {
		case err == nil && len(pods) == 0:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case draining.Err() != nil && len(held.Pods) > 0:
			return held
		case err != nil:
			return err
		}
		a.o.tell(ctx, node, "draining: "+held.summary())
		select {
		case <-draining.Done():
		case <-time.After(drainEvery):
		}
	}
}

// movable are the pods of a node that a drain is about.
func (a *api) movable(ctx context.Context, node string) ([]corev1.Pod, error) {
	var list corev1.PodList
	err := a.do(ctx, "listing the pods of "+node, func(ctx context.Context, c rest.Interface) error {
		return c.Get().AbsPath("/api/v1/pods").Param("fieldSelector", "spec.nodeName="+node).Do(ctx).Into(&list)
	})
	return slices.DeleteFunc(list.Items, func(p corev1.Pod) bool {
		_, mirror := p.Annotations[corev1.MirrorPodAnnotationKey]
		owner := metav1.GetControllerOf(&p)
		return mirror || owner != nil && owner.Kind == "DaemonSet"
	}), err
}

// leaving are those of the pods that can be waited for: a kubelet that is dead
// never tells that a pod has ended.
func (a *api) leaving(ctx context.Context, node string, pods []corev1.Pod) ([]corev1.Pod, error) {
	n, err := a.node(ctx, node)
	if err != nil || n.Ready {
		return pods, err
	}
	return slices.DeleteFunc(pods, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil }), nil
}

func refuseUnmanaged(node string, pods []corev1.Pod) error {
	var alone []string
	for _, p := range pods {
		finished := p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
		if metav1.GetControllerOf(&p) == nil && !finished && p.DeletionTimestamp == nil {
			alone = append(alone, p.Namespace+"/"+p.Name)
		}
	}
	if len(alone) == 0 {
		return nil
	}
	slices.Sort(alone)
	return &UnmanagedPodsError{Node: node, Pods: alone}
}

// evictAll asks pods to leave and returns what keeps those that are still there.
func (a *api) evictAll(ctx context.Context, pods []corev1.Pod) (map[string]string, error) {
	var mu sync.Mutex
	held := map[string]string{}
	var group errgroup.Group
	group.SetLimit(evictions)
	for _, p := range pods {
		group.Go(func() error {
			reason, err := "is shutting down", error(nil)
			if p.DeletionTimestamp == nil {
				reason, err = a.evict(ctx, p)
			}
			mu.Lock()
			defer mu.Unlock()
			held[p.Namespace+"/"+p.Name] = reason
			return err
		})
	}
	err := group.Wait()
	return held, err
}

// evict asks one pod to leave. That a budget holds it, or that it has just been
// replaced, is an answer and no error: the next round looks again.
func (a *api) evict(ctx context.Context, p corev1.Pod) (reason string, err error) {
	body, err := json.Marshal(&policyv1.Eviction{
		TypeMeta:      metav1.TypeMeta{APIVersion: "policy/v1", Kind: "Eviction"},
		ObjectMeta:    metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(p.UID))},
	})
	if err != nil {
		return "", err
	}
	reason = "was asked to leave"
	err = a.do(ctx, "evicting "+p.Namespace+"/"+p.Name, func(ctx context.Context, c rest.Interface) error {
		err := c.Post().AbsPath("/api/v1/namespaces", p.Namespace, "pods", p.Name, "eviction").
			SetHeader("Content-Type", runtime.ContentTypeJSON).Body(body).MaxRetries(0).Do(ctx).Error()
		switch {
		case apierrors.IsNotFound(err), apierrors.IsConflict(err):
			return nil
		case apierrors.IsTooManyRequests(err), isTwoBudgets(err), apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
			reason = whyHeld(err)
			return nil
		}
		return err
	})
	return reason, err
}

// isTwoBudgets recognises a pod that more than one budget selects, which the API
// server answers with an error of its own.
func isTwoBudgets(err error) bool {
	return apierrors.IsInternalError(err) && strings.Contains(err.Error(), "more than one PodDisruptionBudget")
}

// whyHeld is the API server's explanation, with the name of the budget.
func whyHeld(err error) string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return err.Error()
	}
	if s := status.Status(); s.Code == http.StatusTooManyRequests && s.Details != nil {
		for _, cause := range s.Details.Causes {
			if cause.Type == policyv1.DisruptionBudgetCause {
				return cause.Message
			}
		}
	}
	return status.Status().Message
}

// DrainError is a node that some pods have not left in time.
type DrainError struct {
	Node    string
	Timeout time.Duration
	Pods    map[string]string // why it is still there, by namespace/name
}

// Error gives each pod a line.
func (e *DrainError) Error() string {
	lines := []string{fmt.Sprintf("%s: not drained within %s:", e.Node, e.Timeout)}
	for _, pod := range slices.Sorted(maps.Keys(e.Pods)) {
		lines = append(lines, fmt.Sprintf("  %s: %s", pod, e.Pods[pod]))
	}
	return strings.Join(lines, "\n")
}

// Hint implements the hint of an error.
func (e *DrainError) Hint() string {
	return "The node stays cordoned, and the next run continues. A pod that a disruption budget holds leaves once its other replicas are healthy: " +
		"check them, start more of them, or loosen the budget. A pod that is shutting down needs longer than the timeout allows, or has a finalizer."
}

// summary is for progress: how many pods are left, and one of the reasons.
func (e *DrainError) summary() string {
	if len(e.Pods) == 0 {
		return "done"
	}
	first := slices.Sorted(maps.Keys(e.Pods))[0]
	return fmt.Sprintf("%d left (%s: %s)", len(e.Pods), first, e.Pods[first])
}

// UnmanagedPodsError is a node with pods that nothing would start again
// elsewhere.
type UnmanagedPodsError struct {
	Node string
	Pods []string // namespace/name
}

func (e *UnmanagedPodsError) Error() string {
	return fmt.Sprintf("%s: nothing would start these pods again elsewhere: %s", e.Node, strings.Join(e.Pods, ", "))
}

// Hint implements the hint of an error.
func (e *UnmanagedPodsError) Hint() string {
	return "Delete the pods that are not needed, or let a Deployment or a StatefulSet run them, then run again."
}
