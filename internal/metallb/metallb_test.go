package metallb_test

import (
	"os"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest/objecttest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

func TestMain(m *testing.M) { os.Exit(kubetest.Main(m)) }

func kind(c *kubetest.Cluster, version, resource string) objecttest.Objects {
	gvr := schema.GroupVersionResource{Group: "metallb.io", Version: version, Resource: resource}
	return objecttest.Of(c.Client(), gvr, kubetest.MetalLBNamespace)
}
