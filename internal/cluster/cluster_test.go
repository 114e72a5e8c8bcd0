package cluster

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	test "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
)

const address = "onprem_kubernetes_cluster.seoul"

// seoul is a configuration; changes are pairs of old and new text.
func seoul(changes ...string) string {
	return strings.NewReplacer(changes...).Replace(`
		resource "onprem_kubernetes_cluster" "seoul" {
			name                   = "seoul"
			version                = "1.34.4"
			control_plane_endpoint = "192.168.1.100:6443"
			virtual_ip             = { address = "192.168.1.100", interface = "bond0" }
			pod_cidr               = "10.244.0.0/16"
			deletion_protection    = false
			nodes = {
				cp-01     = { role = "control-plane", address = "192.168.1.11" }
				cp-02     = { role = "control-plane", address = "192.168.1.12" }
				cp-03     = { role = "control-plane", address = "192.168.1.13" }
				worker-01 = { role = "worker", address = "192.168.1.21" }
			}
		}`)
}

const worker01 = `worker-01 = { role = "worker", address = "192.168.1.21" }`

func actions(want map[string]string) test.ConfigPlanChecks {
	checks := map[string]knownvalue.Check{}
	for node, words := range want {
		checks[node] = knownvalue.StringExact(words)
	}
	return test.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectKnownValue(address, tfjsonpath.New("node_actions"), knownvalue.MapExact(checks)),
	}}
}

func is(attribute string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), want)
}

// says matches words, then further words, however Terraform breaks the lines.
func says(words ...string) *regexp.Regexp {
	for i, text := range words {
		words[i] = regexp.MustCompile(`\s+`).ReplaceAllString(regexp.QuoteMeta(text), `[\s│]+`)
	}
	return regexp.MustCompile("(?s)" + strings.Join(words, ".*"))
}

// TestClusterLife: every change is planned node by node, is an update in place,
// and leaves an empty plan.
func TestClusterLife(t *testing.T) {
	t.Parallel()
	w, tc := testCase(t,
		test.TestStep{
			Config: seoul(),
			ConfigPlanChecks: actions(map[string]string{
				"cp-01": "prepare, initialise the cluster", "cp-02": "prepare, join as control plane",
				"cp-03": "prepare, join as control plane", "worker-01": "prepare, join as worker",
			}),
			ConfigStateChecks: []statecheck.StateCheck{
				is("ca_hash", knownvalue.StringExact(testCA)), is("ca_certificate", knownvalue.StringExact("authority")), is("kubeconfig", knownvalue.Null()),
				is("service_cidr", knownvalue.StringExact("10.96.0.0/12")),
				is("node_status", knownvalue.MapPartial(map[string]knownvalue.Check{"cp-01": knownvalue.ObjectPartial(map[string]knownvalue.Check{
					"ready": knownvalue.Bool(true), "etcd_member": knownvalue.StringExact("healthy"), "version": knownvalue.StringExact("1.34.4"),
				})})),
			},
		},
		test.TestStep{
			Config:           seoul(worker01, worker01+"\n"+`gpu-01 = { role = "worker", address = "192.168.1.31" }`),
			ConfigPlanChecks: actions(map[string]string{"gpu-01": "prepare, join as worker"}),
		},
		test.TestStep{Config: seoul(), ConfigPlanChecks: actions(map[string]string{"gpu-01": "drain, remove from the cluster, reset"})},
		test.TestStep{
			Config:           seoul(`address = "192.168.1.21"`, `address = "192.168.1.21", labels = { disk = "ssd" }`),
			ConfigPlanChecks: actions(map[string]string{"worker-01": "labels +disk=ssd"}),
		},
		test.TestStep{Config: seoul(), ConfigPlanChecks: actions(map[string]string{"worker-01": "labels -disk"})},
		test.TestStep{
			Config: seoul("1.34.4", "1.34.5"),
			ConfigPlanChecks: test.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("node_actions").AtMapKey("cp-02"), knownvalue.StringExact("drain, upgrade 1.34.4 to 1.34.5, uncordon")),
				plancheck.ExpectUnknownValue(address, tfjsonpath.New("node_status")),
			}},
		},
		test.TestStep{
			Config:            seoul("1.34.4", "1.34.5", "deletion_protection", "store_kubeconfig = true\ndeletion_protection"),
			ConfigPlanChecks:  actions(nil),
			ConfigStateChecks: []statecheck.StateCheck{is("kubeconfig", knownvalue.StringExact(testKubeconfig))},
		},
	)
	tc.CheckDestroy = func(*terraform.State) error {
		if got := w.asked[len(w.asked)-1]; got != "destroy" {
			return fmt.Errorf("the last thing asked for is %q", got)
		}
		return nil
	}
	test.UnitTest(t, tc)
}

// TestFailedCreateIsContinued: nothing is recorded, so nothing is destroyed
// before the next apply.
func TestFailedCreateIsContinued(t *testing.T) {
	t.Parallel()
	w, tc := testCase(t)
	tc.Steps = []test.TestStep{
		{PreConfig: w.breaks(errCut), Config: seoul(), ExpectError: says("Unable to create onprem_kubernetes_cluster")},
		{
			PreConfig: w.breaks(nil), Config: seoul(),
			ConfigPlanChecks: test.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate)}},
			Check: func(*terraform.State) error {
				if got := strings.Join(w.asked, ", "); got != "apply, apply" {
					return fmt.Errorf("asked for %s", got)
				}
				return nil
			},
		},
	}
	test.UnitTest(t, tc)
}

// TestFailedUpdateRecordsReality: a node that has not joined is not in state, and
// is planned again.
func TestFailedUpdateRecordsReality(t *testing.T) {
	t.Parallel()
	more := seoul(worker01, worker01+"\n"+`gpu-01 = { role = "worker", address = "192.168.1.31" }`)
	w, tc := testCase(t)
	tc.Steps = []test.TestStep{
		{Config: seoul()},
		{PreConfig: w.breaks(errCut), Config: more, ExpectError: says("Unable to update onprem_kubernetes_cluster", "the connection to cp-02 was lost")},
		{PreConfig: w.breaks(nil), Config: more, ConfigPlanChecks: actions(map[string]string{"gpu-01": "prepare, join as worker"})},
	}
	test.UnitTest(t, tc)
}

// TestUpdateCutOff: the run ended before state knew of a node that has joined, so
// nobody looked at its machine. The apply does.
func TestUpdateCutOff(t *testing.T) {
	t.Parallel()
	w, tc := testCase(t)
	tc.Steps = []test.TestStep{
		{Config: seoul()},
		{
			PreConfig: w.change(func(o *kubeadm.Observed) {
				o.Nodes["gpu-01"] = kubeadm.NodeObject{InternalIP: "192.168.1.31", Ready: true, KubeletVersion: "1.34.4"}
				o.Machines["gpu-01"] = o.Machines["worker-01"]
			}),
			Config: seoul(worker01, worker01+"\n"+`gpu-01 = { role = "worker", address = "192.168.1.31" }`),
			ConfigPlanChecks: test.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
				plancheck.ExpectUnknownValue(address, tfjsonpath.New("node_actions")),
			}},
		},
	}
	test.UnitTest(t, tc)
}

// TestDrift: what has changed behind Terraform's back is planned, whether an
// attribute shows it or not.
func TestDrift(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*kubeadm.Observed)
		want   map[string]string
	}{
		{"label lost", object("worker-01", func(n *kubeadm.NodeObject) { n.Labels = nil }), map[string]string{"worker-01": "labels +disk=ssd"}},
		{"kube-vip changed", machine("cp-02", func(m *kubeadm.Machine) { m.VirtualIPManifest = "edited" }), map[string]string{"cp-02": "write kube-vip"}},
		{"machine replaced by a blank one", func(o *kubeadm.Observed) {
			machine("worker-01", func(m *kubeadm.Machine) { *m = kubeadm.Machine{} })(o)
			object("worker-01", func(n *kubeadm.NodeObject) { n.Ready = false })(o)
		}, map[string]string{"worker-01": "prepare, remove from the cluster, join as worker, labels +disk=ssd"}},
		{"node deleted", func(o *kubeadm.Observed) {
			delete(o.Nodes, "worker-01")
			machine("worker-01", func(m *kubeadm.Machine) { *m = kubeadm.Machine{} })(o)
		}, map[string]string{"worker-01": "prepare, join as worker, labels +disk=ssd"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := seoul(`address = "192.168.1.21"`, `address = "192.168.1.21", labels = { disk = "ssd" }`)
			w, tc := testCase(t)
			tc.Steps = []test.TestStep{
				{Config: config},
				{PreConfig: w.change(tt.change), Config: config, ConfigPlanChecks: actions(tt.want)},
			}
			test.UnitTest(t, tc)
		})
	}
}

// TestNothingToDo: what changes by itself makes no plan.
func TestNothingToDo(t *testing.T) {
	t.Parallel()
	everything := func(change func(*kubeadm.Machine)) func(*kubeadm.Observed) {
		return func(o *kubeadm.Observed) {
			for name := range o.Machines {
				machine(name, change)(o)
			}
		}
	}
	w, tc := testCase(t, test.TestStep{Config: seoul()})
	for _, tt := range []struct {
		name   string
		change func(*kubeadm.Observed)
	}{
		{"virtual IP moved", func(o *kubeadm.Observed) { o.VIPHolder = "cp-02" }},
		{"labels of others", object("worker-01", func(n *kubeadm.NodeObject) { n.Labels = map[string]string{"nvidia.com/gpu": "1"} })},
		{"a node that others joined", func(o *kubeadm.Observed) {
			o.Nodes["spot-01"] = kubeadm.NodeObject{InternalIP: "192.168.1.99", Ready: true, KubeletVersion: "1.33.1"}
		}},
		{"one machine does not answer", machine("worker-01", func(m *kubeadm.Machine) { *m = kubeadm.Machine{Failure: "no route to the machine"} })},
		{"no machine answers", everything(func(m *kubeadm.Machine) { *m = kubeadm.Machine{Failure: "no route to the machine"} })},
		{"certificates renewed", everything(func(m *kubeadm.Machine) { m.Expiry = m.Expiry.AddDate(1, 0, 0) })},
	} {
		before := &kubeadm.Observed{}
		tc.Steps = append(tc.Steps,
			test.TestStep{PreConfig: func() { w.change(func(o *kubeadm.Observed) { *before = clone(*o); tt.change(o) })() }, Config: seoul(), PlanOnly: true},
			test.TestStep{PreConfig: w.change(func(o *kubeadm.Observed) { *o = *before }), Config: seoul(), PlanOnly: true},
		)
	}
	test.UnitTest(t, tc)
}

func clone(o kubeadm.Observed) kubeadm.Observed {
	o.Machines, o.Nodes = maps.Clone(o.Machines), maps.Clone(o.Nodes)
	return o
}

// TestGone: only when every machine answers, and none is of the cluster.
func TestGone(t *testing.T) {
	t.Parallel()
	w, tc := testCase(t)
	tc.Steps = []test.TestStep{
		{Config: seoul()},
		{
			PreConfig: w.change(func(o *kubeadm.Observed) { *o = kubeadm.Observed{} }), Config: seoul(),
			ConfigPlanChecks: test.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate)}},
		},
	}
	test.UnitTest(t, tc)
}

// TestRefusedAtPlan: what cannot be done fails at plan, at its attribute, and
// nothing is replaced.
func TestRefusedAtPlan(t *testing.T) {
	t.Parallel()
	_, tc := testCase(t, test.TestStep{Config: seoul()})
	for _, tt := range []struct {
		name    string
		changes []string
		want    string
	}{
		{"pod CIDR", []string{"10.244.0.0/16", "10.245.0.0/16"}, `pod_cidr is "10.244.0.0/16", and would become "10.245.0.0/16". kubeadm has no way to change that`},
		{"name", []string{`"seoul"
			version`, `"tokyo"
			version`}, `name is "seoul", and would become "tokyo"`},
		{"address of a node", []string{"192.168.1.12", "192.168.1.14"}, `cp-02 has the address "192.168.1.12", and etcd and the certificates know it by that`},
		{"a node renamed", []string{"worker-01 =", "worker-02 ="}, "Keep the name. If it is to have another one, take worker-01 out and apply"},
		{"two nodes on one machine", []string{`address = "192.168.1.12" }`, `address = "192.168.1.12", ssh = { address = "10.0.0.1" } }`,
			`address = "192.168.1.13" }`, `address = "192.168.1.13", ssh = { address = "10.0.0.1" } }`}, "cp-02 and cp-03 are both logged in to at 10.0.0.1"},
		{"packages that nobody installs", []string{"deletion_protection", "manage_packages = false\npackages = { repository = \"https://packages.example.internal/%s/\" }\ndeletion_protection"},
			"Nothing is installed"},
		{"a repository with credentials", []string{"deletion_protection", "packages = { repository = \"https://a:b@packages.example.internal/%s/\" }\ndeletion_protection"},
			"Credentials in a URL"},
		{"downgrade", []string{"1.34.4", "1.34.3"}, "This cannot be done safely"},
		{"two minor releases", []string{"1.34.4", "1.36.0"}, "This cannot be done safely"},
		{"two nodes with one address", []string{"192.168.1.12", "192.168.1.11"}, "192.168.1.11 is the address of node"},
		{"virtual IP is not the endpoint", []string{`address = "192.168.1.100"`, `address = "192.168.1.101"`}, "kube-vip has to serve that address"},
		{"virtual IP taken away", []string{`virtual_ip             =`, `# virtual_ip           =`}, "The virtual address is not taken away"},
		{"no control plane", []string{`"control-plane"`, `"worker"`}, `no node has the role "control-plane"`},
	} {
		tc.Steps = append(tc.Steps, test.TestStep{Config: seoul(tt.changes...), ExpectError: says(tt.want), PlanOnly: true})
	}
	test.UnitTest(t, tc)
}

// TestUnknownInputs: values of the same run leave node_actions open.
func TestUnknownInputs(t *testing.T) {
	t.Parallel()
	_, tc := testCase(t, test.TestStep{
		Config: `resource "terraform_data" "address" { input = "192.168.1.21" }` + seoul(`"192.168.1.21"`, "terraform_data.address.output"),
		ConfigPlanChecks: test.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectUnknownValue(address, tfjsonpath.New("node_actions")),
		}},
	})
	test.UnitTest(t, tc)
}

func TestDeletionProtection(t *testing.T) {
	t.Parallel()
	guarded := seoul("deletion_protection    = false", "")
	_, tc := testCase(t,
		test.TestStep{Config: guarded},
		test.TestStep{Config: guarded, Destroy: true, ExpectError: says("If that is meant, set `deletion_protection = false`, apply, and destroy then.")},
		test.TestStep{Config: seoul(), ConfigPlanChecks: actions(nil)},
	)
	test.UnitTest(t, tc)
}

// TestDestroyOfDeadCluster: control planes that are gone do not keep Terraform
// from taking apart the rest, and changing what is Terraform's alone asks none.
func TestDestroyOfDeadCluster(t *testing.T) {
	t.Parallel()
	w, tc := testCase(t)
	tc.Steps = []test.TestStep{
		{Config: seoul("deletion_protection    = false", "")},
		{PreConfig: w.change(func(o *kubeadm.Observed) {
			for _, name := range []string{"cp-01", "cp-02", "cp-03"} {
				o.Machines[name] = kubeadm.Machine{Failure: "no route to the machine"}
			}
		}), Config: seoul()},
	}
	tc.CheckDestroy = func(*terraform.State) error {
		if got := strings.Join(w.asked, " "); got != "apply destroy" {
			return fmt.Errorf("asked for %s", got)
		}
		return nil
	}
	test.UnitTest(t, tc)
}

// TestImport: a cluster made by other hands, described without frills, has an
// empty plan; the test framework fails an import that plans anything.
func TestImport(t *testing.T) {
	t.Parallel()
	plain := seoul("deletion_protection    = false", "", `virtual_ip             = { address = "192.168.1.100", interface = "bond0" }`, "",
		`address = "192.168.1.21"`, `address = "192.168.1.21", labels = { disk = "ssd" }, taints = [{ key = "gpu", effect = "NoSchedule" }]`)
	w, tc := testCase(t)
	tc.Steps = []test.TestStep{
		{Config: plain},
		{
			PreConfig: w.change(func(o *kubeadm.Observed) {
				for name := range o.Machines {
					machine(name, func(m *kubeadm.Machine) { m.Owner = nil })(o)
					object(name, func(n *kubeadm.NodeObject) { n.Owned = nil })(o)
				}
				object("worker-01", func(n *kubeadm.NodeObject) { n.Labels["kubernetes.io/os"] = "linux" })(o)
			}),
			Config: plain, ResourceName: address, ImportState: true, ImportStateId: "192.168.1.12", ImportStateKind: test.ImportBlockWithID,
		},
		{
			Config: plain, ResourceName: address, ImportState: true, ImportStateId: "192.168.1.12", ImportStateVerify: true,
			ImportStateVerifyIdentifierAttribute: "name", ImportStateVerifyIgnore: []string{"node_actions"},
		},
		{
			Config: plain, ResourceName: address, ImportState: true, ImportStateId: "192.168.1.99",
			ExpectError: says("no cluster was found through 192.168.1.99: it has no cluster made by kubeadm"),
		},
		{
			PreConfig: w.change(func(o *kubeadm.Observed) { o.Configuration.Endpoint = "" }),
			Config:    plain, ResourceName: address, ImportState: true, ImportStateId: "192.168.1.12", ExpectError: says("The cluster has no endpoint"),
		},
		{PreConfig: w.change(func(o *kubeadm.Observed) { o.Configuration.Endpoint = "192.168.1.100:6443" }), Config: seoul()},
	}
	test.UnitTest(t, tc)
}

// TestProgressFile: one line a thing, for its owner alone.
func TestProgressFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "seoul.log")
	_, tc := testCase(t, test.TestStep{
		Config: seoul("deletion_protection", fmt.Sprintf("progress_file = %q\ndeletion_protection", file)),
		Check: func(*terraform.State) error {
			mode, text := fileMode(t, file)
			if mode != 0o600 || !regexp.MustCompile(`^\d\d:\d\d:\d\d \[1/2\] Join workers: worker-01: joined\n$`).MatchString(text) {
				return fmt.Errorf("%v: %q", mode, text)
			}
			return nil
		},
	}, test.TestStep{
		Config:      seoul("deletion_protection", `progress_file = "/nonexistent/seoul.log"`+"\ndeletion_protection", "1.34.4", "1.34.5"),
		ExpectError: says("Unable to write the progress file"),
	})
	test.UnitTest(t, tc)
}
