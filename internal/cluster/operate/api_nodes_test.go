package operate

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

func TestMain(m *testing.M) { os.Exit(kubetest.Main(m)) }

// realAPI is a client of a real API server, and the clientset to look at it from
// the other side.
func realAPI(t *testing.T) (*api, *kubernetes.Clientset) {
	t.Helper()
	cluster := kubetest.Shared(t)
	config := cluster.Config()
	server, err := newAPIServer(t.Context(), "cp-1", config)
	if err != nil {
		t.Fatal(err)
	}
	return &api{o: newOperator(t), patience: time.Minute, server: server}, kubernetes.NewForConfigOrDie(cluster.Config())
}

// newNode makes a Node that goes with the test.
func newNode(t *testing.T, client *kubernetes.Clientset, node *corev1.Node) string {
	t.Helper()
	node.Name = kubetest.Name(t, "node")
	if _, err := client.CoreV1().Nodes().Create(t.Context(), node, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.CoreV1().Nodes().Delete(context.Background(), node.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	})
	return node.Name
}

func TestLabelNode(t *testing.T) {
	a, client := realAPI(t)
	name := newNode(t, client, &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Labels:      map[string]string{"theirs": "a", "former": "b"},
			Annotations: map[string]string{kubeadm.OwnedAnnotation: `{"labels":["former"],"taints":[{"key":"old","effect":"NoSchedule"}]}`},
		},
		Spec: corev1.NodeSpec{Taints: []corev1.Taint{{Key: "theirs", Effect: corev1.TaintEffectNoExecute}, {Key: "old", Effect: corev1.TaintEffectNoSchedule}}},
	})
	want := kubeadm.Node{
		Role: kubeadm.Worker, Labels: map[string]string{"rack": "r1"},
		Taints: []kubeadm.Taint{{Key: "new", Value: "x", Effect: "NoSchedule"}},
	}
	if err := a.labelNode(t.Context(), name, want); err != nil {
		t.Fatal(err)
	}
	node, err := a.node(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if _, former := node.Labels["former"]; former || node.Labels["theirs"] != "a" || node.Labels["rack"] != "r1" {
		t.Errorf("got labels %v", node.Labels)
	}
	keys := []string{}
	for _, taint := range node.Taints {
		keys = append(keys, taint.Key)
	}
	if slices.Contains(keys, "old") || !slices.Contains(keys, "theirs") || !slices.Contains(keys, "new") {
		t.Errorf("got taints %v", node.Taints)
	}
	if node.Owned == nil || !slices.Equal(node.Owned.Labels, []string{"rack"}) {
		t.Errorf("got owned %+v", node.Owned)
	}
}

func TestCordon(t *testing.T) {
	a, client := realAPI(t)
	name := newNode(t, client, &corev1.Node{})
	steps := []struct {
		name             string
		do               func() error
		cordoned, marked bool
	}{
		{"ours", func() error { return a.cordon(t.Context(), name, true) }, true, true},
		{"again", func() error { return a.cordon(t.Context(), name, true) }, true, true},
		{"ours ends", func() error { return a.uncordon(t.Context(), name, true) }, false, false},
		{"theirs", func() error { return a.cordon(t.Context(), name, false) }, true, false},
		{"ours beside theirs", func() error { return a.cordon(t.Context(), name, true) }, true, false},
		{"theirs stays", func() error { return a.uncordon(t.Context(), name, true) }, true, false},
		{"theirs ends", func() error { return a.uncordon(t.Context(), name, false) }, false, false},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		node, err := a.node(t.Context(), name)
		if err != nil || node.Unschedulable != step.cordoned || node.Cordoned != step.marked {
			t.Fatalf("%s: got %+v, %v", step.name, node, err)
		}
	}
}

// Two writers meet: the slower one reads again.
func TestChangeConfigMap(t *testing.T) {
	a, client := realAPI(t)
	configMaps := client.CoreV1().ConfigMaps(metav1.NamespaceSystem)
	name := kubetest.Name(t, "config")
	if _, err := configMaps.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"a": "1"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = configMaps.Delete(context.Background(), name, metav1.DeleteOptions{}) })
	tries := 0
	err := a.changeConfigMap(t.Context(), name, func(m *corev1.ConfigMap) error {
		if tries++; tries == 1 {
			other := m.DeepCopy()
			other.Data["b"] = "2"
			if _, err := configMaps.Update(t.Context(), other, metav1.UpdateOptions{}); err != nil {
				return err
			}
		}
		m.Data["c"] = "3"
		delete(m.Data, "a")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := a.configMap(t.Context(), name)
	if err != nil || tries != 2 || !maps.Equal(m.Data, map[string]string{"b": "2", "c": "3"}) {
		t.Errorf("got %v after %d tries, %v", m.Data, tries, err)
	}
	before := m.ResourceVersion
	if err := a.changeConfigMap(t.Context(), name, func(*corev1.ConfigMap) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if m, err = a.configMap(t.Context(), name); err != nil || m.ResourceVersion != before {
		t.Errorf("no change was sent: version %s became %s, %v", before, m.ResourceVersion, err)
	}
}

func TestJoinToken(t *testing.T) {
	a, client := realAPI(t)
	token, err := a.joinToken(t.Context(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	id, secret, _ := strings.Cut(token, ".")
	stored, err := client.CoreV1().Secrets(metav1.NamespaceSystem).Get(t.Context(), "bootstrap-token-"+id, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	end, err := time.Parse(time.RFC3339, string(stored.Data["expiration"]))
	if err != nil || time.Until(end) < 59*time.Minute || time.Until(end) > time.Hour {
		t.Errorf("it ends at %s, %v", end, err)
	}
	if string(stored.Data["token-secret"]) != secret || len(id) != 6 || len(secret) != 16 || stored.Type != corev1.SecretTypeBootstrapToken {
		t.Errorf("got %+v", stored)
	}
	for range 2 { // the second time it is gone already
		if err := a.revokeToken(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAwaitNode(t *testing.T) {
	a, client := realAPI(t)
	var told []string
	a.o = New(func(_ context.Context, e Event) { told = append(told, e.Text) })
	name := newNode(t, client, &corev1.Node{})
	if err := a.awaitNode(t.Context(), name, time.Minute, func(kubeadm.NodeObject) string { return "" }); err != nil {
		t.Error(err)
	}
	err := a.awaitNode(t.Context(), name, 100*time.Millisecond, func(n kubeadm.NodeObject) string { return notReady(n, true) })
	var late *NotReadyError
	if !errors.As(err, &late) || late.Missing || late.Reason != "its kubelet has not reported yet" {
		t.Errorf("got %v", err)
	}
	if !slices.Equal(told, []string{"waiting: its kubelet has not reported yet"}) {
		t.Errorf("told %q", told)
	}
	if err := a.deleteNode(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	err = a.awaitNode(t.Context(), name, 100*time.Millisecond, func(kubeadm.NodeObject) string { return "" })
	if !errors.As(err, &late) || !late.Missing {
		t.Errorf("got %v", err)
	}
}

// newPod makes a pod on a node. A grace period of 0 lets it go at once: there is
// no kubelet here that would stop it.
func newPod(t *testing.T, client *kubernetes.Clientset, namespace, node, owner string, change func(*corev1.Pod)) string {
	t.Helper()
	none := int64(0)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: kubetest.Name(t, "pod"), Labels: map[string]string{"app": "web"}},
		Spec: corev1.PodSpec{
			NodeName: node, TerminationGracePeriodSeconds: &none,
			Containers: []corev1.Container{{Name: "main", Image: "registry.example.internal/web:1"}},
		},
	}
	if owner != "" {
		yes := true
		pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: owner, Name: "web", UID: "1", Controller: &yes}}
	}
	if change != nil {
		change(pod)
	}
	if _, err := client.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.CoreV1().Pods(namespace).Delete(context.Background(), pod.Name, metav1.DeleteOptions{})
	})
	return namespace + "/" + pod.Name
}

func podsOf(t *testing.T, client *kubernetes.Clientset, namespace string) []string {
	t.Helper()
	list, err := client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, p := range list.Items {
		names = append(names, p.Namespace+"/"+p.Name)
	}
	return names
}

func TestDrain(t *testing.T) {
	a, client := realAPI(t)
	namespace := (kubetest.Shared(t)).Namespace(t)
	node, other := newNode(t, client, &corev1.Node{}), newNode(t, client, &corev1.Node{})
	newPod(t, client, namespace, node, "ReplicaSet", func(p *corev1.Pod) {
		p.Spec.Volumes = []corev1.Volume{{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	})
	daemon := newPod(t, client, namespace, node, "DaemonSet", nil)
	elsewhere := newPod(t, client, namespace, other, "ReplicaSet", nil)
	alone := newPod(t, client, namespace, node, "", nil)

	err := a.drain(t.Context(), node, drainOptions{Timeout: time.Minute})
	var unmanaged *UnmanagedPodsError
	if !errors.As(err, &unmanaged) || !slices.Equal(unmanaged.Pods, []string{alone}) {
		t.Fatalf("got %v", err)
	}
	if n := len(podsOf(t, client, namespace)); n != 4 {
		t.Fatalf("a drain that was refused has left %d of 4 pods", n)
	}
	if err := a.drain(t.Context(), node, drainOptions{Timeout: time.Minute, Force: true}); err != nil {
		t.Fatal(err)
	}
	left, want := podsOf(t, client, namespace), []string{daemon, elsewhere}
	slices.Sort(left)
	slices.Sort(want)
	if !slices.Equal(left, want) {
		t.Errorf("left are %v, want %v", left, want)
	}
}

func TestDrainRespectsBudgets(t *testing.T) {
	defer func(d time.Duration) { drainEvery = d }(drainEvery)
	drainEvery = 50 * time.Millisecond
	a, client := realAPI(t)
	namespace := (kubetest.Shared(t)).Namespace(t)
	node := newNode(t, client, &corev1.Node{})
	pod := newPod(t, client, namespace, node, "ReplicaSet", nil)
	budgets := client.PolicyV1().PodDisruptionBudgets(namespace)
	all := intstr.FromString("100%")
	budget, err := budgets.Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: &all, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	allow := func(n int32) { // as the controller would
		budget.Status = policyv1.PodDisruptionBudgetStatus{ObservedGeneration: budget.Generation, DisruptionsAllowed: n, CurrentHealthy: 1, DesiredHealthy: 1, ExpectedPods: 1}
		if budget, err = budgets.UpdateStatus(t.Context(), budget, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	allow(0)
	// The API server does not count pods that are not running.
	if _, err := client.CoreV1().Pods(namespace).Patch(t.Context(), pod[strings.Index(pod, "/")+1:], "application/merge-patch+json",
		[]byte(`{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}`), metav1.PatchOptions{}, "status"); err != nil {
		t.Fatal(err)
	}

	err = a.drain(t.Context(), node, drainOptions{Timeout: 2 * time.Second})
	var held *DrainError
	if !errors.As(err, &held) || !strings.Contains(held.Pods[pod], `disruption budget web needs 1 healthy pods and has 1`) {
		t.Fatalf("got %v", err)
	}
	a.o = New(func(_ context.Context, e Event) { // once it is told, there is room
		if strings.Contains(e.Text, "1 left") && budget.Status.DisruptionsAllowed == 0 {
			allow(1)
		}
	})
	if err := a.drain(t.Context(), node, drainOptions{Timeout: time.Minute}); err != nil {
		t.Error(err)
	}
	if left := podsOf(t, client, namespace); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

func TestNodeObject(t *testing.T) {
	tests := []struct {
		name, message, status string
		missing               bool
	}{
		{"only the network", "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized", "False", true},
		{"more than the network", "[container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady, PLEG is not healthy]", "False", false},
		{"gone silent", "Kubelet stopped posting node status.", "Unknown", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := nodeObject(&corev1.Node{Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{
				Type: corev1.NodeReady, Status: corev1.ConditionStatus(test.status), Message: test.message,
			}}}})
			if got.Ready || got.NetworkMissing != test.missing || got.NotReadyReason != test.message {
				t.Errorf("got %+v", got)
			}
			if reason := notReady(got, true); (reason == "") != test.missing {
				t.Errorf("waited for: %q", reason)
			}
		})
	}
	if got := nodeObject(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{kubeadm.OwnedAnnotation: "somebody's"}}}); got.Owned != nil {
		t.Errorf("got %+v", got.Owned)
	}
}

// What we do not know of an object stays as it is.
func TestMergePatch(t *testing.T) {
	have := &corev1.Node{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "7", Labels: map[string]string{"a": "1", "b": "2"}}}
	want := have.DeepCopy()
	delete(want.Labels, "a")
	patch, err := mergePatch(have, want)
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(patch, &got); err != nil {
		t.Fatal(err)
	}
	if text, _ := json.Marshal(got); string(text) != `{"metadata":{"labels":{"a":null},"resourceVersion":"7"}}` {
		t.Errorf("got %s", text)
	}
}
