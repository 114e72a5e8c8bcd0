package operate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
)

const (
	nodesPath = "/api/v1/nodes"
	// readyEvery is how often a node is looked at that is waited for.
	readyEvery   = 2 * time.Second
	readyTimeout = 5 * time.Minute

	controlPlaneLabel = "node-role.kubernetes.io/control-plane"
)

// nodes returns all Nodes.
func (a *api) nodes(ctx context.Context) (map[string]kubeadm.NodeObject, error) {
	var list corev1.NodeList
	if err := a.get(ctx, &list, nodesPath); err != nil {
		return nil, err
	}
	nodes := make(map[string]kubeadm.NodeObject, len(list.Items))
	for i := range list.Items {
		nodes[list.Items[i].Name] = nodeObject(&list.Items[i])
	}
	return nodes, nil
}

// node returns one Node.
func (a *api) node(ctx context.Context, name string) (kubeadm.NodeObject, error) {
	var node corev1.Node
	err := a.get(ctx, &node, nodesPath, name)
	return nodeObject(&node), err
}

// deleteNode removes a Node, which may be gone already.
func (a *api) deleteNode(ctx context.Context, name string) error {
	return a.delete(ctx, nodesPath, name)
}

// labelNode carries out what a node's labels and taints need.
func (a *api) labelNode(ctx context.Context, name string, want kubeadm.Node) error {
	return a.changeNode(ctx, name, func(n *corev1.Node) error {
		return applyLabels(n, kubeadm.LabelsOf(want, nodeObject(n)))
	})
}

func applyLabels(n *corev1.Node, c kubeadm.LabelChange) error {
	owned, err := json.Marshal(c.Owned)
	if err != nil {
		return err
	}
	if n.Labels == nil {
		n.Labels = map[string]string{}
	}
	maps.Copy(n.Labels, c.Set)
	for _, key := range c.Unset {
		delete(n.Labels, key)
	}
	n.Spec.Taints = slices.DeleteFunc(n.Spec.Taints, func(have corev1.Taint) bool {
		return slices.ContainsFunc(slices.Concat(c.Untaint, c.Taint), func(t kubeadm.Taint) bool {
			return t.Key == have.Key && t.Effect == string(have.Effect)
		})
	})
	for _, t := range c.Taint {
		n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: t.Key, Value: t.Value, Effect: corev1.TaintEffect(t.Effect)})
	}
	metav1.SetMetaDataAnnotation(&n.ObjectMeta, kubeadm.OwnedAnnotation, string(owned))
	return nil
}

// cordon keeps new pods off a node. With mark, for our own work, it leaves the
// annotation by which a next run knows to undo it; a node that somebody else has
// cordoned stays theirs.
func (a *api) cordon(ctx context.Context, name string, mark bool) error {
	return a.changeNode(ctx, name, func(n *corev1.Node) error {
		if mark && !n.Spec.Unschedulable {
			metav1.SetMetaDataAnnotation(&n.ObjectMeta, kubeadm.CordonedAnnotation, "true")
		}
		n.Spec.Unschedulable = true
		return nil
	})
}

// uncordon lets pods onto a node again. With marked, only where we have kept
// them off.
func (a *api) uncordon(ctx context.Context, name string, marked bool) error {
	return a.changeNode(ctx, name, func(n *corev1.Node) error {
		if _, ours := n.Annotations[kubeadm.CordonedAnnotation]; marked && !ours {
			return nil
		}
		delete(n.Annotations, kubeadm.CordonedAnnotation)
		n.Spec.Unschedulable = false
		return nil
	})
}

func (a *api) changeNode(ctx context.Context, name string, mutate func(*corev1.Node) error) error {
	return change(ctx, a, mutate, nodesPath, name)
}

// configMap returns a ConfigMap of kube-system.
func (a *api) configMap(ctx context.Context, name string) (*corev1.ConfigMap, error) {
	var m corev1.ConfigMap
	err := a.get(ctx, &m, configMapsPath, name)
	return &m, err
}

const configMapsPath = "/api/v1/namespaces/kube-system/configmaps"

// changeConfigMap changes a ConfigMap of kube-system.
func (a *api) changeConfigMap(ctx context.Context, name string, mutate func(*corev1.ConfigMap) error) error {
	return change(ctx, a, mutate, configMapsPath, name)
}

// object is a pointer to a kind of object.
type object[T any] interface {
	*T
	runtime.Object
	metav1.Object
}

// change reads an object, has it mutated and sends what has changed. When
// somebody else was faster it starts again, so that mutate may be called more
// than once.
func change[T any, P object[T]](ctx context.Context, a *api, mutate func(P) error, path ...string) error {
	return a.do(ctx, "changing "+last(path), func(ctx context.Context, c rest.Interface) error {
		have := P(new(T))
		if err := c.Get().AbsPath(path...).Do(ctx).Into(have); err != nil {
			return err
		}
		want, ok := have.DeepCopyObject().(P)
		if !ok {
			return fmt.Errorf("the copy of a %T is none", have)
		}
		if err := mutate(want); err != nil {
			return err
		}
		patch, err := mergePatch(have, want)
		if err != nil || patch == nil {
			return err
		}
		return c.Patch(types.MergePatchType).AbsPath(path...).Body(patch).Do(ctx).Error()
	})
}

// mergePatch is what differs, for the very version that was read; nil when
// nothing does. Fields that a newer API has and we do not know stay as they are.
func mergePatch(have, want metav1.Object) ([]byte, error) {
	version := have.GetResourceVersion()
	before, err := json.Marshal(have)
	if err != nil {
		return nil, err
	}
	after, err := json.Marshal(want)
	if err != nil {
		return nil, err
	}
	patch, err := jsonpatch.CreateMergePatch(before, after)
	if err != nil || string(patch) == "{}" {
		return nil, err
	}
	return jsonpatch.MergeMergePatches(patch, fmt.Appendf(nil, `{"metadata":{"resourceVersion":%q}}`, version))
}

// awaitNode waits until accept has nothing against a node any more. What it has
// is told while it lasts.
func (a *api) awaitNode(ctx context.Context, name string, timeout time.Duration, accept func(kubeadm.NodeObject) string) error {
	if timeout == 0 {
		timeout = readyTimeout
	}
	waiting, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	failed := &NotReadyError{Node: name, Waited: timeout}
	for {
		reason, missing, err := a.standsAgainst(waiting, name, accept)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case waiting.Err() != nil && failed.Reason != "":
			return failed
		case err != nil:
			return err
		case reason == "":
			return nil
		}
		failed.Missing = missing
		if reason != failed.Reason {
			failed.Reason = reason
			a.o.tell(ctx, name, "waiting: "+reason)
		}
		select {
		case <-waiting.Done():
		case <-time.After(readyEvery):
		}
	}
}

func (a *api) standsAgainst(ctx context.Context, name string, accept func(kubeadm.NodeObject) string) (reason string, missing bool, err error) {
	node, err := a.node(ctx, name)
	if apierrors.IsNotFound(err) {
		return "there is no Node of this name", true, nil
	}
	if err != nil {
		return "", false, err
	}
	return accept(node), false, nil
}

// notReady is what stands against a node being Ready; the missing network, which
// is the user's to bring, may be let pass.
func notReady(n kubeadm.NodeObject, networkMayMiss bool) string {
	if n.Ready || networkMayMiss && n.NetworkMissing {
		return ""
	}
	return n.NotReadyReason
}

// nodeObject is what a plan needs of a Node.
func nodeObject(n *corev1.Node) kubeadm.NodeObject {
	o := kubeadm.NodeObject{
		KubeletVersion: strings.TrimPrefix(n.Status.NodeInfo.KubeletVersion, "v"),
		Unschedulable:  n.Spec.Unschedulable,
		Labels:         n.Labels,
		NotReadyReason: "its kubelet has not reported yet",
	}
	_, o.ControlPlane = n.Labels[controlPlaneLabel]
	_, o.Cordoned = n.Annotations[kubeadm.CordonedAnnotation]
	for _, address := range n.Status.Addresses {
		if address.Type == corev1.NodeInternalIP && o.InternalIP == "" {
			o.InternalIP = address.Address
		}
	}
	for _, t := range n.Spec.Taints {
		o.Taints = append(o.Taints, kubeadm.Taint{Key: t.Key, Value: t.Value, Effect: string(t.Effect)})
	}
	for _, condition := range n.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			addReadiness(&o, condition)
		}
	}
	if text, ok := n.Annotations[kubeadm.OwnedAnnotation]; ok {
		var owned kubeadm.Owned
		if json.Unmarshal([]byte(text), &owned) == nil { // else somebody wrote it: nothing is ours
			o.Owned = &owned
		}
	}
	return o
}

func addReadiness(o *kubeadm.NodeObject, condition corev1.NodeCondition) {
	o.Ready, o.NotReadyReason = condition.Status == corev1.ConditionTrue, ""
	if o.Ready {
		return
	}
	o.NotReadyReason, o.NotReadySince = condition.Message, condition.LastTransitionTime.Time
	// Of several faults the kubelet makes a list: "[container runtime network not ready: …, PLEG is not healthy: …]".
	o.NetworkMissing = condition.Status == corev1.ConditionFalse && strings.HasPrefix(condition.Message, "container runtime network not ready")
}

// awaitLive waits until an API server answers at an address, asked from a
// machine: the virtual address before a join, a control plane's own after its
// manifests were replaced.
func (a *api) awaitLive(ctx context.Context, via, address string, timeout time.Duration) error {
	return wait(ctx, "the API at "+address+", asked from "+via, timeout, func(ctx context.Context) (bool, string) {
		return reasonOf(a.live(ctx, via, address))
	})
}

// live asks an API server once whether it is alive. One that does not speak with
// strangers is.
func (a *api) live(ctx context.Context, via, address string) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	server, err := a.connect(ctx)
	if err != nil {
		return err
	}
	conn, err := a.o.conn(ctx, a.t, via)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(server.ca)
	client := &http.Client{Transport: &http.Transport{
		DialContext:       conn.DialContext,
		TLSClientConfig:   &tls.Config{RootCAs: roots, ServerName: apiName, MinVersion: tls.VersionTLS12},
		DisableKeepAlives: true,
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+"/livez", nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("it answers %s", answer.Status)
	}
	return nil
}
