package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	test "github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// TestExamples applies the documented examples.
func TestExamples(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{
		"cp-01": "192.168.1.11", "cp-02": "192.168.1.12", "cp-03": "192.168.1.13", "worker-01": "192.168.1.21", "worker-02": "192.168.1.22",
		"gpu-01": "192.168.1.31", "gpu-02": "192.168.1.32",
	})
	var texts [2]string
	for i, file := range []string{"resources/onprem_kubernetes_cluster/resource.tf", "data-sources/onprem_kubernetes_cluster/data-source.tf"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "examples", file))
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = strings.ReplaceAll(string(text), "bond0", "eth0") // the one that simulated machines have
	}
	unprotected := strings.Replace(texts[0], "  name ", "  deletion_protection = false\n  name ", 1)
	test.UnitTest(t, test.TestCase{ProtoV6ProviderFactories: factories(s.open), Steps: []test.TestStep{
		{Config: texts[0]}, {Config: texts[0] + texts[1]}, {Config: unprotected},
	}})
}
