package kubetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
)

// KubeconfigVariable is the environment variable with the kubeconfig of a running cluster for all tests.
const KubeconfigVariable = "ONPREM_TEST_KUBECONFIG"

// BGPConfiguration is the name to borrow Calico's BGPConfiguration "default" by, which is for the whole cluster.
const BGPConfiguration = "bgpconfiguration-default"

// turn is how long a package waits until the clusters of others have ended.
const turn = 10 * time.Minute

// started is the cluster that Shared started, for Main to stop.
var started atomic.Pointer[Cluster]

var shared = sync.OnceValues(func() (*Cluster, error) {
	if kubeconfig := os.Getenv(KubeconfigVariable); kubeconfig != "" {
		return connect(kubeconfig)
	}
	ctx, cancel := context.WithTimeout(context.Background(), turn)
	defer cancel()
	c, err := Start(ctx, Options{})
	started.Store(c)
	return c, err
})

// Shared is the cluster of all tests: the one that runs already when ONPREM_TEST_KUBECONFIG names it, else one that
// is started for the tests of the package. Where it has not been built the test is skipped, in CI it fails.
//
// Tests run side by side in it: use [Cluster.Namespace], [Name] and [Cluster.Prefix], and stop it with [Main].
func Shared(t testing.TB) *Cluster {
	t.Helper()
	c, err := shared()
	if errors.Is(err, ErrNotBuilt) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Main runs the tests of a package and stops the cluster that [Shared] started for them:
//
//	func TestMain(m *testing.M) { os.Exit(kubetest.Main(m)) }
func Main(m *testing.M) int {
	defer func() {
		if c := started.Load(); c != nil {
			c.Stop()
		}
	}()
	return m.Run()
}

// Name makes a name that no other test uses.
func Name(t testing.TB, prefix string) string {
	t.Helper()
	return prefix + "-" + strings.ToLower(rand.Text()[:8])
}

// Namespace makes a namespace for a test, which goes with the test.
func (c *Cluster) Namespace(t testing.TB) string {
	t.Helper()
	name := Name(t, "test")
	if err := c.create(t.Context(), namespace(name)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.deleteNamespace(context.Background(), name); err != nil {
			t.Errorf("deleting namespace %s: %v", name, err)
		}
	})
	return name
}

// deleteNamespace does the work of the controller that does not run here: it lets a namespace go that is being deleted.
func (c *Cluster) deleteNamespace(ctx context.Context, name string) error {
	client, err := kubernetes.NewForConfig(c.config)
	if err != nil {
		return err
	}
	if err := client.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		return err
	}
	ns, err := client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	ns.Spec.Finalizers = nil
	_, err = client.CoreV1().Namespaces().Finalize(ctx, ns, metav1.UpdateOptions{})
	return err
}

// Prefix lends a test a /24 that no other test has, for pools that may not overlap. A ConfigMap notes the loan, so
// that it holds across the packages that share a cluster.
func (c *Cluster) Prefix(t testing.TB) netip.Prefix {
	t.Helper()
	for {
		var b [2]byte
		_, _ = rand.Read(b[:])
		loan := object("v1", "ConfigMap", fmt.Sprintf("prefix-10.%d.%d", b[0], b[1]), nil)
		loan.SetNamespace(metav1.NamespaceDefault)
		_, err := c.resource(loan).Create(t.Context(), loan, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.delete(t, loan) })
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, b[0], b[1], 0}), 24)
	}
}

// Borrow lends a test, until its end, what a cluster has only one of; others that want it wait. A ConfigMap notes the
// loan, so that it holds across the packages that share a cluster.
func (c *Cluster) Borrow(t testing.TB, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), turn)
	defer cancel()
	loan := object("v1", "ConfigMap", name, nil)
	loan.SetNamespace(metav1.NamespaceDefault)
	err := poll(ctx, func() error {
		_, err := c.resource(loan).Create(ctx, loan, metav1.CreateOptions{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.delete(t, loan) })
}

func (c *Cluster) delete(t testing.TB, obj *unstructured.Unstructured) {
	t.Helper()
	err := c.resource(obj).Delete(context.Background(), obj.GetName(), metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Errorf("deleting %s %s: %v", obj.GetKind(), obj.GetName(), err)
	}
}

// BreakWebhook makes MetalLB's webhook unreachable for objects whose name begins with prefix, until restore is called
// or the test ends. Other tests do not notice: the server goes on, and a second registration leads these objects to
// a port where nobody listens.
func (c *Cluster) BreakWebhook(t testing.TB, prefix string) (restore func()) {
	t.Helper()
	broken, err := c.brokenWebhook(t.Context(), prefix)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.resource(broken).Create(t.Context(), broken, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	restore = sync.OnceFunc(func() {
		c.delete(t, broken)
		c.awaitWebhook(t, prefix, false)
	})
	t.Cleanup(restore)
	c.awaitWebhook(t, prefix, true)
	return restore
}

// brokenWebhook copies the registration that is there, so that names and rules in messages stay MetalLB's.
func (c *Cluster) brokenWebhook(ctx context.Context, prefix string) (*unstructured.Unstructured, error) {
	obj := object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", webhookConfiguration, nil)
	original, err := c.resource(obj).Get(ctx, obj.GetName(), metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	obj.SetName("broken-" + prefix)
	obj.Object["webhooks"] = original.Object["webhooks"]
	for webhook, client := range webhooks(obj) {
		client["url"] = strings.Replace(client["url"].(string), fmt.Sprint(webhookPort), "1", 1)
		webhook["matchConditions"] = []any{map[string]any{"name": "of-this-test", "expression": fmt.Sprintf("request.name.startsWith(%q)", prefix)}}
	}
	return obj, nil
}

// awaitWebhook waits until kube-apiserver has noticed a changed registration, which takes it a moment.
func (c *Cluster) awaitWebhook(t testing.TB, prefix string, broken bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err := poll(ctx, func() error {
		err := c.probeWebhook(ctx, prefix)
		if unreachable := err != nil && strings.Contains(err.Error(), "failed calling webhook"); unreachable != broken {
			return fmt.Errorf("unreachable: %v, want %v: %w", unreachable, broken, err)
		}
		return nil
	})
	if err != nil {
		t.Errorf("MetalLB's webhook: %v", err)
	}
}
