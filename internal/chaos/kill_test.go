// Package chaos breaks whole runs of Terraform on purpose.
package chaos

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest/objecttest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
)

func TestMain(m *testing.M) { os.Exit(kubetest.Main(m)) }

// objects is how many objects are under way when the provider dies.
const objects = 50

// victim is a type of resource whose objects are under way.
type victim struct {
	system func(t *testing.T) (server *faulty.Handler, objects acctest.System, block string)
	kind   string // of the objects in the system
	create string // the request that creates one
	body   string // of the resource; NAME is one that the test's objects begin with, NET three octets that are free
}

var victims = map[string]victim{
	"onprem_harbor_label":   {harbor, harborsim.Label, "POST /api/v2.0/labels", `name = "NAME-${each.key}"`},
	"onprem_harbor_project": {harbor, harborsim.Project, "POST /api/v2.0/projects", `name = "NAME-${each.key}"`},
	"onprem_harbor_registry": {
		harbor, harborsim.Registry, "POST /api/v2.0/registries",
		"name = \"NAME-${each.key}\"\ntype = \"docker-hub\"\nurl = \"https://hub.docker.com\"",
	},
	"onprem_harbor_replication_policy": {
		harbor, harborsim.ReplicationPolicy, "POST /api/v2.0/replication/policies", "name = \"NAME-${each.key}\"\ndest_registry_id = 1",
	},
	"onprem_kong_service":               {kong, "services", "PUT /services/*", "name = \"NAME-${each.key}\"\nhost = \"svc.example.internal\""},
	"onprem_kong_route":                 {kong, "routes", "PUT /routes/*", "name = \"NAME-${each.key}\"\npaths = [\"/${each.key}\"]"},
	"onprem_guacamole_connection":       {guacamole, guacsim.KindConnection, "POST /api/session/data/*/connections", "name = \"NAME-${each.key}\"\nssh = { hostname = \"10.0.0.1\" }"},
	"onprem_guacamole_connection_group": {guacamole, guacsim.KindGroup, "POST /api/session/data/*/connectionGroups", `name = "NAME-${each.key}"`},
	"onprem_calico_bgp_configuration":   calico("bgpconfigurations", "name = \"node.NAME-${each.key}\"\nlisten_port = 1790"),
	"onprem_calico_bgp_peer":            calico("bgppeers", "name = \"NAME-${each.key}\"\npeer_ip = \"192.168.1.1\"\nas_number = 65001"),
	"onprem_calico_ip_pool":             calico("ippools", "name = \"NAME-${each.key}\"\ncidr = \"NET.${each.key}/32\"\nblock_size = 32"),
	"onprem_metallb_bfd_profile":        metallb("v1beta1", "bfdprofiles", `name = "NAME-${each.key}"`),
	"onprem_metallb_bgp_advertisement":  metallb("v1beta1", "bgpadvertisements", "name = \"NAME-${each.key}\"\nip_address_pools = [\"NAME\"]"),
	"onprem_metallb_bgp_peer": metallb("v1beta2", "bgppeers",
		"name = \"NAME-${each.key}\"\nmy_asn = 64512\npeer_asn = 65001\npeer_address = \"NET.${each.key}\""),
	"onprem_metallb_ip_address_pool":  metallb("v1beta1", "ipaddresspools", "name = \"NAME-${each.key}\"\naddresses = [\"NET.${each.key}/32\"]"),
	"onprem_metallb_l2_advertisement": metallb("v1beta1", "l2advertisements", "name = \"NAME-${each.key}\"\nip_address_pools = [\"NAME\"]"),
}

// spared are types of resources that the test does without, and why.
var spared = map[string]string{
	"onprem_kubernetes_cluster": "is one long job: package machines kills it on real machines",
}

func harbor(t *testing.T) (*faulty.Handler, acctest.System, string) {
	t.Helper()
	sim := harborsim.New()
	sim.AddRegistry("dockerhub", "docker-hub", "https://hub.docker.com") // for policies to push to
	return sim.Handler, sim, fmt.Sprintf(`harbor = { url = %q, username = "admin", password = "Harbor12345" }`, serve(t, sim))
}

func kong(t *testing.T) (*faulty.Handler, acctest.System, string) {
	t.Helper()
	sim := kongsim.New()
	return sim.Handler, sim, fmt.Sprintf(`kong = { admin_url = %q }`, serve(t, sim))
}

func guacamole(t *testing.T) (*faulty.Handler, acctest.System, string) {
	t.Helper()
	sim := guacsim.New()
	return sim.Handler, sim, fmt.Sprintf(`guacamole = { url = %q, username = "guacadmin", password = "guacadmin" }`, serve(t, sim))
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func calico(resource, body string) victim {
	return kubernetes(resource+".v3.projectcalico.org", "", "/apis/projectcalico.org/v3/"+resource, body)
}

func metallb(version, resource, body string) victim {
	path := "/apis/metallb.io/" + version + "/namespaces/" + kubetest.MetalLBNamespace + "/" + resource
	return kubernetes(resource+"."+version+".metallb.io", kubetest.MetalLBNamespace, path, body)
}

func kubernetes(kind, namespace, path, body string) victim {
	start := func(t *testing.T) (*faulty.Handler, acctest.System, string) {
		t.Helper()
		c := kubetest.Shared(t)
		proxy := c.Proxy(t)
		all := objecttest.In(c, namespace, []string{kind}, name(t), "node."+name(t))
		return proxy.Handler, all, fmt.Sprintf("kubernetes = { config_path = %q }", proxy.Kubeconfig)
	}
	return victim{start, kind, "PATCH " + path + "/*", body}
}

// name is what the names of a test's objects begin with.
func name(t *testing.T) string {
	t.Helper()
	return strings.ReplaceAll(strings.ToLower(filepath.Base(t.Name())), "_", "-") + run
}

var run = "-" + strings.ToLower(rand.Text()[:6])

// TestKilledProvider kills the provider (SIGKILL) in the middle of an apply of
// every type of resource. What its last requests made is unknown to Terraform;
// the next apply takes it in, or names what to import, and in the end there is
// each object once.
func TestKilledProvider(t *testing.T) {
	t.Parallel()
	tool, provider := programs(t)
	for _, resource := range acctest.Resources("") {
		v, known := victims[resource]
		switch reason, except := spared[resource]; {
		case except:
			t.Logf("%s is not killed: it %s", resource, reason)
			continue
		case !known:
			t.Errorf("%s is not among the victims", resource)
			continue
		}
		t.Run(resource, func(t *testing.T) {
			t.Parallel()
			v.die(t, tool, provider, resource)
		})
	}
}

func (v victim) die(t *testing.T, tool, provider, resource string) {
	t.Helper()
	h, system, block := v.system(t)
	count := func() int {
		n := 0
		for _, o := range system.Left() {
			if strings.HasPrefix(o, v.kind+" ") && strings.Contains(o, name(t)) {
				n++
			}
		}
		return n
	}
	body := strings.ReplaceAll(v.body, "NAME", name(t))
	if strings.Contains(body, "NET") {
		body = strings.ReplaceAll(body, "NET", strings.TrimSuffix(kubetest.Shared(t).Prefix(t).Addr().String(), ".0"))
	}
	config := fmt.Sprintf("provider \"onprem\" {\n%s\n}\nresource %q \"this\" {\nfor_each = toset([for i in range(%d) : tostring(i)])\n%s\n}\n",
		block, resource, objects, body)
	w, err := workspace.New(tool, t.TempDir(), provider, config)
	if err != nil {
		t.Fatal(err)
	}
	h.Latency(30 * time.Millisecond)
	kill := once(func(pids []int) bool {
		if h.Count(v.create) < objects/2 {
			return false
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		return len(pids) > 0
	})
	if _, _, err := w.Watch(t.Context(), 1, kill, "apply", "-auto-approve", "-no-color"); err != nil {
		t.Fatalf("the apply whose provider was killed: %v", err)
	}
	h.Latency(0)
	converge(t, w)
	if n := count(); n != objects {
		t.Errorf("%d objects in the end, want %d", n, objects)
	}
	if _, err := w.Run(t.Context(), 0, "plan", "-detailed-exitcode", "-no-color"); err != nil {
		t.Errorf("the plan after all is not empty: %v", err)
	}
	if _, err := w.Run(t.Context(), 0, "destroy", "-auto-approve", "-no-color"); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != 0 {
		t.Errorf("%d objects orphaned", n)
	}
}

// advice is the command that an error names for an object that is there
// already. Terraform folds long lines, so the text is unfolded first.
var advice = regexp.MustCompile(`terraform import\s+(\S+)\s+'?([^\s']*[^\s'.])`)

// converge applies again, doing what the errors say, as an operator would.
func converge(t *testing.T, w *workspace.Workspace) {
	t.Helper()
	_, err := w.Run(t.Context(), 0, "apply", "-auto-approve", "-no-color")
	var exit *workspace.ExitError
	if !errors.As(err, &exit) {
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	imports := advised(exit.Output)
	if len(imports) == 0 {
		t.Fatalf("the next apply neither converges nor names what to import:\n%v", err)
	}
	t.Logf("the next apply named %d objects to import", len(imports))
	for address, id := range imports {
		if _, err := w.Run(t.Context(), 0, "import", "-no-color", address, id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Run(t.Context(), 0, "apply", "-auto-approve", "-no-color"); err != nil {
		t.Fatalf("after the imports: %v", err)
	}
}

// advised reads "with <address>" and the import id out of each error.
func advised(output string) map[string]string {
	found := map[string]string{}
	with := regexp.MustCompile(`with (\S+),`)
	for _, e := range strings.Split(output, "Error: ")[1:] {
		address, command := with.FindStringSubmatch(e), advice.FindStringSubmatch(strings.NewReplacer("│", "", "\n", " ").Replace(e))
		if address != nil && command != nil {
			found[address[1]] = command[2]
		}
	}
	return found
}

// once calls f until it says that it is done.
func once(f func([]int) bool) func([]int) {
	var mu sync.Mutex
	done := false
	return func(pids []int) {
		mu.Lock()
		defer mu.Unlock()
		if !done {
			done = f(pids)
		}
	}
}

// programs returns the tool under test and the provider, built now.
func programs(t *testing.T) (tool, provider string) {
	t.Helper()
	tool = os.Getenv("TF_ACC_TERRAFORM_PATH")
	if tool == "" {
		var err error
		if tool, err = exec.LookPath("terraform"); err != nil {
			t.Skip("neither terraform on PATH nor TF_ACC_TERRAFORM_PATH: `make test` provides one")
		}
	}
	provider = filepath.Join(t.TempDir(), workspace.Provider)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", provider, "../..").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return tool, provider
}
