package calico_test

import (
	"os"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest/objecttest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

func TestMain(m *testing.M) { os.Exit(kubetest.Main(m)) }

func kind(c *kubetest.Cluster, resource string) objecttest.Objects {
	return objecttest.Of(c.Client(), schema.GroupVersionResource{Group: "projectcalico.org", Version: "v3", Resource: resource}, "")
}
