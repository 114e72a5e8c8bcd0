// Package objecttest has what the tests of those resources share that are
// objects in Kubernetes.
package objecttest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

// Nowhere is the provider block for what is refused before anything is asked.
var Nowhere = Provider("/no/such/kubeconfig")

// Provider is the provider block for a cluster or for the proxy before one,
// with more settings if need be.
func Provider(kubeconfig string, more ...string) string {
	settings := append([]string{fmt.Sprintf("config_path = %q", kubeconfig)}, more...)
	return fmt.Sprintf("provider \"onprem\" {\n  kubernetes = { %s }\n}\n", strings.Join(settings, ", "))
}

// Objects are the objects of one test as others see them. It implements
// acctest.System with kinds as kubectl writes them ("bgppeers.v3.projectcalico.org")
// and the fields of an object's spec, to which its labels and annotations are added.
type Objects struct {
	client    dynamic.Interface
	namespace string
	kinds     []string
	names     []string // with which those of the test begin
}

var _ acctest.System = Objects{}

// In returns the objects of these kinds whose names begin with one of names,
// in a namespace if they have one.
func In(c *kubetest.Cluster, namespace string, kinds []string, names ...string) Objects {
	return Objects{c.Client(), namespace, kinds, names}
}

// of are the objects of a kind, of all tests.
func (o Objects) of(kind string) dynamic.ResourceInterface {
	if !slices.Contains(o.kinds, kind) {
		panic(fmt.Sprintf("the test knows no kind %q", kind))
	}
	gvr, _ := schema.ParseResourceArg(kind)
	return o.client.Resource(*gvr).Namespace(o.namespace)
}

// View implements acctest.System.
func (o Objects) View(kind, name string) map[string]any {
	obj, err := o.of(kind).Get(context.Background(), name, metav1.GetOptions{})
	if err != nil {
		return nil
	}
	spec, _ := obj.Object["spec"].(map[string]any)
	fields := maps.Clone(spec)
	if fields == nil {
		fields = map[string]any{}
	}
	fields["labels"], fields["annotations"] = obj.GetLabels(), obj.GetAnnotations()
	return fields
}

// Edit implements acctest.System: somebody uses kubectl edit.
func (o Objects) Edit(kind, name string, changes map[string]any) error {
	return o.Patch(kind, name, "kubectl-edit", changes)
}

// Patch is Edit by a manager, on a subresource if one is named.
func (o Objects) Patch(kind, name, manager string, changes map[string]any, subresources ...string) error {
	metadata, spec := map[string]any{}, maps.Clone(changes)
	for _, field := range []string{"labels", "annotations"} {
		if value, given := changes[field]; given {
			metadata[field] = value
			delete(spec, field)
		}
	}
	part := append(slices.Clone(subresources), "spec")[0]
	patch, err := json.Marshal(map[string]any{"metadata": metadata, part: spec})
	if err != nil {
		return err
	}
	_, err = o.of(kind).Patch(context.Background(), name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: manager}, subresources...)
	return err
}

// Forget implements acctest.System.
func (o Objects) Forget(kind, name string) bool {
	return o.of(kind).Delete(context.Background(), name, metav1.DeleteOptions{}) == nil
}

// Left implements acctest.System.
func (o Objects) Left() []string {
	var out []string
	for _, kind := range o.kinds {
		list, err := o.of(kind).List(context.Background(), metav1.ListOptions{})
		if err != nil {
			out = append(out, fmt.Sprintf("%s: %v", kind, err))
			continue
		}
		for _, item := range list.Items {
			if slices.ContainsFunc(o.names, func(name string) bool { return strings.HasPrefix(item.GetName(), name) }) {
				out = append(out, kind+" "+item.GetName())
			}
		}
	}
	return out
}

// Create makes an object by another hand, which is gone after the test.
func (o Objects) Create(t *testing.T, kind, name string, spec map[string]any) {
	t.Helper()
	list, err := o.of(kind).List(t.Context(), metav1.ListOptions{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	obj := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": list.GetAPIVersion(), "kind": strings.TrimSuffix(list.GetKind(), "List"),
		"metadata": map[string]any{"name": name}, "spec": spec,
	}}
	if _, err := o.of(kind).Create(t.Context(), obj, metav1.CreateOptions{FieldManager: "kubectl-create"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Forget(kind, name) })
}

// Apply makes an object as a run of the provider would.
func (o Objects) Apply(t *testing.T, kind, manifest, name string) {
	t.Helper()
	_, err := o.of(kind).Patch(t.Context(), name, types.ApplyPatchType, []byte(manifest), metav1.PatchOptions{FieldManager: "terraform-provider-onprem"})
	if err != nil {
		t.Fatal(err)
	}
}

// Life is the life of an object that the provider takes back from whoever
// changes it: a configuration is made of the body of its resource, to Full of
// which take_ownership is added.
func (o Objects) Life(kind, name, address, block string, full, bare string, l acctest.Life) acctest.Life {
	config := func(body, name string) string {
		parts := strings.Split(address, ".")
		return fmt.Sprintf("resource %q %q {\n  name = %q\n%s\n}\n", parts[0], parts[1], name, body)
	}
	l.System, l.Kind, l.Name, l.Address, l.Block = o, kind, name, address, block
	l.Full, l.Bare = config(full+"\n  take_ownership = true", name), config(bare, name)
	l.Replaced = config(bare, name+"-new")
	l.Unread = append(l.Unread, "take_ownership")
	if o.namespace != "" {
		l.Identity = []string{"namespace"}
	}
	l.Identity = append(l.Identity, "name")
	l.Steady = maps.Clone(l.Steady)
	if l.Steady == nil {
		l.Steady = map[string]string{}
	}
	for _, attribute := range l.Identity {
		l.Steady[attribute] = "Kubernetes has no way to rename"
	}
	l.Steady["take_ownership"], l.Steady["timeouts"] = "the provider's own", "the provider's own"
	return l
}
