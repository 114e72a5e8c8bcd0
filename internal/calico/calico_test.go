package calico_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

func TestMain(m *testing.M) { os.Exit(kubetest.Main(m)) }

// provider is the provider block for a cluster or for the proxy before one.
func provider(kubeconfig string) string {
	return fmt.Sprintf("provider \"onprem\" {\n  kubernetes = { config_path = %q }\n}\n", kubeconfig)
}

// objects are the objects of one kind as others see them.
type objects struct{ dynamic.ResourceInterface }

func kind(c *kubetest.Cluster, resource string) objects {
	return objects{c.Client().Resource(schema.GroupVersionResource{Group: "projectcalico.org", Version: "v3", Resource: resource})}
}

// patch changes an object by another hand.
func (o objects) patch(t *testing.T, name, manager, patch string) func() {
	t.Helper()
	return func() {
		_, err := o.Patch(t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: manager})
		if err != nil {
			t.Error(err)
		}
	}
}

func (o objects) delete(t *testing.T, name string) func() {
	t.Helper()
	return func() {
		if err := o.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	}
}

// create makes an object by another hand, which is gone after the test.
func (o objects) create(t *testing.T, kind, name string, spec map[string]any) {
	t.Helper()
	obj := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": map[string]any{"name": name}, "spec": spec,
	}}
	if _, err := o.Create(t.Context(), obj, metav1.CreateOptions{FieldManager: "kubectl-create"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Delete(context.Background(), name, metav1.DeleteOptions{}); err != nil && !errors.IsNotFound(err) {
			t.Error(err)
		}
	})
}

// has checks a field of the object in the cluster; nil means it is not there.
func (o objects) has(t *testing.T, name string, want any, path ...string) resource.TestCheckFunc {
	t.Helper()
	return func(*terraform.State) error {
		obj, err := o.Get(t.Context(), name, metav1.GetOptions{})
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

// gone checks that nothing is left over.
func (o objects) gone(t *testing.T, names ...string) resource.TestCheckFunc {
	t.Helper()
	return func(*terraform.State) error {
		for _, name := range names {
			if _, err := o.Get(context.Background(), name, metav1.GetOptions{}); !errors.IsNotFound(err) {
				return fmt.Errorf("%s is left over (%w)", name, err)
			}
		}
		return nil
	}
}

func is(address, attribute string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), want)
}

func action(address string, want plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, want)}}
}

// says matches words however Terraform breaks the lines.
func says(words string) *regexp.Regexp {
	return regexp.MustCompile(regexp.MustCompile(`\s+`).ReplaceAllString(regexp.QuoteMeta(words), `[\s│]+`))
}

// refused plans one resource for each body, and expects each of the messages.
// No cluster is needed for that.
func refused(t *testing.T, resourceType string, messages map[string]string) {
	t.Helper()
	config, found := provider("/no/such/kubeconfig"), false
	n := 0
	for body := range messages {
		n++
		config += fmt.Sprintf("resource %q \"r%d\" {\n  name = \"r%d\"\n%s\n}\n", resourceType, n, n, body)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		ErrorCheck: func(err error) error {
			found = true
			for body, want := range messages {
				if !says(want).MatchString(err.Error()) {
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
