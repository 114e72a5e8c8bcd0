// Package objecttest has what the tests of those resources share that are
// objects in Kubernetes.
package objecttest

import (
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
)

// Provider is the provider block for a cluster or for the proxy before one.
func Provider(kubeconfig string) string {
	return fmt.Sprintf("provider \"onprem\" {\n  kubernetes = { config_path = %q }\n}\n", kubeconfig)
}

// Objects are the objects of one kind as others see them.
type Objects struct {
	API        dynamic.ResourceInterface
	apiVersion string
}

// Of returns the objects of a kind, in a namespace if it has them.
func Of(client dynamic.Interface, kind schema.GroupVersionResource, namespace string) Objects {
	return Objects{client.Resource(kind).Namespace(namespace), kind.GroupVersion().String()}
}

// Patch changes an object by another hand.
func (o Objects) Patch(t *testing.T, name, manager, patch string, subresources ...string) func() {
	t.Helper()
	return func() {
		_, err := o.API.Patch(t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: manager}, subresources...)
		if err != nil {
			t.Error(err)
		}
	}
}

// Delete deletes an object by another hand.
func (o Objects) Delete(t *testing.T, name string) func() {
	t.Helper()
	return func() {
		if err := o.API.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	}
}

// Create makes an object by another hand, which is gone after the test.
func (o Objects) Create(t *testing.T, kind, name string, spec map[string]any) {
	t.Helper()
	obj := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": o.apiVersion, "kind": kind, "metadata": map[string]any{"name": name}, "spec": spec,
	}}
	if _, err := o.API.Create(t.Context(), obj, metav1.CreateOptions{FieldManager: "kubectl-create"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.API.Delete(context.Background(), name, metav1.DeleteOptions{}); err != nil && !errors.IsNotFound(err) {
			t.Error(err)
		}
	})
}

// Has checks a field of the object in the cluster; nil means it is not there.
func (o Objects) Has(t *testing.T, name string, want any, path ...string) resource.TestCheckFunc {
	t.Helper()
	return func(*terraform.State) error {
		obj, err := o.API.Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		got, _, err := unstructured.NestedFieldNoCopy(obj.Object, path...)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("%s: %v is %v, want %v (%w)", name, path, got, want, err)
		}
		return nil
	}
}

// Gone checks that nothing is left over.
func (o Objects) Gone(t *testing.T, names ...string) resource.TestCheckFunc {
	t.Helper()
	return func(*terraform.State) error {
		for _, name := range names {
			if _, err := o.API.Get(context.Background(), name, metav1.GetOptions{}); !errors.IsNotFound(err) {
				return fmt.Errorf("%s is left over (%w)", name, err)
			}
		}
		return nil
	}
}

// Refused plans one resource for each body, and expects each of the messages.
// No cluster is needed for that.
func Refused(t *testing.T, resourceType string, messages map[string]string) {
	t.Helper()
	config, found, n := Provider("/no/such/kubeconfig"), false, 0
	for body := range messages {
		n++
		config += fmt.Sprintf("resource %q \"r%d\" {\n  name = \"r%d\"\n%s\n}\n", resourceType, n, n, body)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		ErrorCheck: func(err error) error {
			found = true
			for body, want := range messages {
				if !acctest.Says(want).MatchString(err.Error()) {
					t.Errorf("%s\nwants %q", body, want)
				}
			}
			if t.Failed() {
				t.Log(err)
			}
			return nil
		},
		Steps: []resource.TestStep{{Config: config, PlanOnly: true}},
	})
	if !found {
		t.Error("no message at all")
	}
}
