package kubetest_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

func TestMain(m *testing.M) { os.Exit(kubetest.Main(m)) }

var (
	crds     = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	peers    = schema.GroupVersionResource{Group: "projectcalico.org", Version: "v3", Resource: "bgppeers"}
	pools    = schema.GroupVersionResource{Group: "metallb.io", Version: "v1beta1", Resource: "ipaddresspools"}
	machines = schema.GroupVersionResource{Group: "kubevirt.io", Version: "v1", Resource: "virtualmachineinstances"}
	configs  = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
)

func TestDefinitionsAreEstablished(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	for _, name := range []string{
		"bgppeers.crd.projectcalico.org", "ippools.crd.projectcalico.org", "bgppeers.metallb.io", "ipaddresspools.metallb.io",
		"bgpsessionstates.frrk8s.metallb.io", "virtualmachineinstances.kubevirt.io",
	} {
		crd, err := c.Client().Resource(crds).Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		conditions, _, _ := unstructured.NestedSlice(crd.Object, "status", "conditions")
		if got := fmt.Sprint(conditions); !strings.Contains(got, "status:True type:Established") {
			t.Errorf("%s is not established: %s", name, got)
		}
	}
}

func TestCalicoServesAndRefuses(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	name := kubetest.Name(t, "peer")
	created, err := c.Client().Resource(peers).Create(t.Context(), bgpPeer(name, "192.0.2.1"), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, c.Client().Resource(peers), name) })
	if created.GetUID() == "" {
		t.Error("the answer has no uid")
	}

	_, err = c.Client().Resource(peers).Create(t.Context(), bgpPeer(name+"-2", "nowhere"), metav1.CreateOptions{})
	if !apierrors.IsInvalid(err) {
		t.Errorf("an address that is none: %v, want 422 Invalid", err)
	}
}

func TestWebhookRefusesOverlap(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	client := c.Client().Resource(pools).Namespace(kubetest.MetalLBNamespace)
	name, addresses := kubetest.Name(t, "pool"), c.Prefix(t).String()
	if _, err := client.Create(t.Context(), pool(name, addresses), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, client, name) })

	_, err := client.Create(t.Context(), pool(name+"-2", addresses), metav1.CreateOptions{})
	if err == nil || !strings.Contains(err.Error(), "overlaps") {
		t.Errorf("the second pool of the same addresses: %v, want a refusal", err)
	}
}

func TestBreakWebhook(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	client := c.Client().Resource(pools).Namespace(kubetest.MetalLBNamespace)
	name, addresses := kubetest.Name(t, "pool"), c.Prefix(t).String()

	restore := c.BreakWebhook(t, name)
	_, err := client.Create(t.Context(), pool(name, addresses), metav1.CreateOptions{})
	if !apierrors.IsInternalError(err) || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("with the webhook broken: %v, want 500 and connection refused", err)
	}
	others := kubetest.Name(t, "other")
	if _, err := client.Create(t.Context(), pool(others, addresses), metav1.CreateOptions{}); err != nil {
		t.Errorf("others notice: %v", err)
	}
	remove(t, client, others)

	restore()
	if _, err := client.Create(t.Context(), pool(name, addresses), metav1.CreateOptions{}); err != nil {
		t.Errorf("with the webhook restored: %v", err)
	}
	remove(t, client, name)
}

func TestVirtualMachinesCarryStatus(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	ns := c.Namespace(t)
	err := c.Create(t.Context(), strings.NewReader(fmt.Sprintf(`
apiVersion: kubevirt.io/v1
kind: VirtualMachineInstance
metadata: {name: vm1, namespace: %s}
spec: {domain: {devices: {}}}
status: {phase: Running, interfaces: [{name: default, ipAddress: 10.1.2.3}]}
`, ns)))
	if err != nil {
		t.Fatal(err)
	}
	vm, err := c.Client().Resource(machines).Namespace(ns).Get(t.Context(), "vm1", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if phase, _, _ := unstructured.NestedString(vm.Object, "status", "phase"); phase != "Running" {
		t.Errorf("phase is %q", phase)
	}
	remove(t, c.Client().Resource(machines).Namespace(ns), "vm1")
}

func TestProxyCountsAndFails(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	ns := c.Namespace(t)
	proxy := c.Proxy(t)
	config, err := clientcmd.BuildConfigFromFlags("", proxy.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.Timeout = 10 * time.Second
	dyn, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	client := dyn.Resource(configs).Namespace(ns)
	path := "/api/v1/namespaces/" + ns + "/configmaps"

	if _, err := client.List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := proxy.Count("GET " + path); n != 1 {
		t.Errorf("%d requests counted, want 1", n)
	}

	proxy.Fail("POST "+path, faulty.Status(http.StatusForbidden, `{"kind":"Status","status":"Failure","reason":"Forbidden","code":403}`), 1)
	if _, err := client.Create(t.Context(), configMap("forbidden"), metav1.CreateOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("got %v, want Forbidden", err)
	}
	proxy.Fail("POST "+path, faulty.Reset.After(), 1)
	if _, err := client.Create(t.Context(), configMap("lost"), metav1.CreateOptions{}); err == nil {
		t.Error("no error although the answer was lost")
	}
	if _, err := client.Get(t.Context(), "lost", metav1.GetOptions{}); err != nil {
		t.Errorf("the server did not act: %v", err)
	}
	const latency = 50 * time.Millisecond
	proxy.Latency(latency)
	begin := time.Now()
	if _, err := client.List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < latency {
		t.Errorf("took %v in spite of a latency of %v", took, latency)
	}
	remove(t, client, "lost")
}

func TestStartSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := kubetest.Start(t.Context(), kubetest.Options{Tools: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "make tools-test") {
		t.Errorf("got %v, want what to run", err)
	}
}

func bgpPeer(name, address string) *unstructured.Unstructured {
	return object("projectcalico.org/v3", "BGPPeer", name, map[string]any{"peerIP": address, "asNumber": int64(64512)})
}

func pool(name, addresses string) *unstructured.Unstructured {
	return object("metallb.io/v1beta1", "IPAddressPool", name, map[string]any{"addresses": []any{addresses}})
}

func configMap(name string) *unstructured.Unstructured { return object("v1", "ConfigMap", name, nil) }

func object(apiVersion, kind, name string, spec map[string]any) *unstructured.Unstructured {
	obj := &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"name": name}}}
	if spec != nil {
		obj.Object["spec"] = spec
	}
	return obj
}

func remove(t *testing.T, client dynamic.ResourceInterface, name string) {
	t.Helper()
	if err := client.Delete(context.Background(), name, metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
}
