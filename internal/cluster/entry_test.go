package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	test "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

// small is a cluster that exists.
func small(t *testing.T) *world {
	t.Helper()
	return &world{t: t, observed: settled(t, kubeadm.Cluster{
		Name: "seoul", Version: "1.34.4", Endpoint: "192.168.1.100:6443", PodCIDR: "10.244.0.0/16", ServiceCIDR: "10.96.0.0/12", DNSDomain: "cluster.local",
		DNS: true, Proxy: true,
		Nodes: map[string]kubeadm.Node{
			"cp-01":     {Role: kubeadm.ControlPlane, Address: "192.168.1.11"},
			"cp-02":     {Role: kubeadm.ControlPlane, Address: "192.168.1.12"},
			"worker-01": {Role: kubeadm.Worker, Address: "192.168.1.21"},
		},
	})}
}

func TestDataSource(t *testing.T) {
	t.Parallel()
	w := small(t)
	w.observed.VIPHolder = "cp-02"
	found := func(path tfjsonpath.Path, want knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.onprem_kubernetes_cluster.seoul", path, want)
	}
	test.UnitTest(t, test.TestCase{ProtoV6ProviderFactories: w.factories(), Steps: []test.TestStep{
		{
			Config: `data "onprem_kubernetes_cluster" "seoul" { address = "192.168.1.11" }`,
			ConfigStateChecks: []statecheck.StateCheck{
				found(tfjsonpath.New("name"), knownvalue.StringExact("seoul")),
				found(tfjsonpath.New("version"), knownvalue.StringExact("1.34.4")),
				found(tfjsonpath.New("pod_cidr"), knownvalue.StringExact("10.244.0.0/16")),
				found(tfjsonpath.New("virtual_ip_holder"), knownvalue.StringExact("cp-02")),
				found(tfjsonpath.New("certificates_expire_at"), knownvalue.NotNull()),
				found(tfjsonpath.New("nodes"), knownvalue.MapSizeExact(3)),
				found(tfjsonpath.New("nodes").AtMapKey("worker-01").AtMapKey("role"), knownvalue.StringExact("worker")),
				found(tfjsonpath.New("etcd_members").AtMapKey("cp-01").AtMapKey("healthy"), knownvalue.Bool(true)),
			},
		},
		{
			Config:      `data "onprem_kubernetes_cluster" "seoul" { address = "192.168.1.21" }`,
			ExpectError: says("Unable to read onprem_kubernetes_cluster", "no cluster was found through 192.168.1.21", "Give the SSH address of a control plane that runs."),
		},
	}})
}

func TestEphemeralResources(t *testing.T) {
	t.Parallel()
	w := small(t)
	factories := w.factories()
	factories["echo"] = echoprovider.NewProviderServer()
	echoed := func(path string, want string) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("echo.seen", tfjsonpath.New("data").AtMapKey(path), knownvalue.StringExact(want))
	}
	config := func(kind string) string {
		return fmt.Sprintf(`
			ephemeral "onprem_kubernetes_%[1]s" "seoul" { address = "192.168.1.11" }
			provider "echo" { data = ephemeral.onprem_kubernetes_%[1]s.seoul }
			resource "echo" "seen" {}`, kind)
	}
	for kind, checks := range map[string][]statecheck.StateCheck{
		"kubeconfig": {
			echoed("kubeconfig", testKubeconfig), echoed("host", "https://192.168.1.100:6443"), echoed("cluster_ca_certificate", "authority"),
			echoed("client_certificate", "certificate"), echoed("client_key", "key"),
		},
		"join_token": {
			echoed("token", "abcdef.0123456789abcdef"), echoed("ca_cert_hash", testCA), echoed("control_plane_endpoint", "192.168.1.100:6443"),
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test.UnitTest(t, test.TestCase{ProtoV6ProviderFactories: factories, Steps: []test.TestStep{{Config: config(kind), ConfigStateChecks: checks}}})
		})
	}
}

// TestTerraformInvokesActions: a change of another resource sets them off.
func TestTerraformInvokesActions(t *testing.T) {
	t.Parallel()
	w := small(t)
	test.UnitTest(t, test.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_14_0)},
		ProtoV6ProviderFactories: w.factories(),
		Steps: []test.TestStep{{Config: `
			action "onprem_kubernetes_etcd_snapshot" "seoul" {
				config {
					address      = "192.168.1.11"
					snapshot_dir = "/backup"
				}
			}
			action "onprem_kubernetes_node_drain" "worker_01" {
				config {
					address = "192.168.1.11"
					node    = "worker-01"
					timeout = "20m"
				}
			}
			action "onprem_kubernetes_certificate_renewal" "seoul" {
				config { address = "192.168.1.11" }
			}
			action "onprem_kubernetes_node_uncordon" "worker_01" {
				config {
					address = "192.168.1.11"
					node    = "worker-01"
				}
			}
			resource "terraform_data" "maintenance" {
				lifecycle {
					action_trigger {
						events = [after_create]
						actions = [
							action.onprem_kubernetes_etcd_snapshot.seoul, action.onprem_kubernetes_node_drain.worker_01,
							action.onprem_kubernetes_certificate_renewal.seoul, action.onprem_kubernetes_node_uncordon.worker_01,
						]
					}
				}
			}`}},
	})
	if want := []string{"snapshot", "drain worker-01 within 20m0s", "renew", "uncordon worker-01"}; !cmp.Equal(w.asked, want) {
		t.Errorf("asked for %q, want %q", w.asked, want)
	}
}

// TestActions invokes them without Terraform, whatever the tool under test knows.
func TestActions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		settings string
		failure  error
		asked    string // of the operator
		said     string // to the user, or the error
	}{
		{"node_drain", `, "node": "worker-01", "timeout": "20m"`, nil, "drain worker-01 within 20m0s", "drained"},
		{"node_drain", `, "node": "worker-01"`, errCut, "drain worker-01 within 0s", "the connection to cp-02 was lost"},
		{"node_drain", `, "node": "worker-09"`, nil, "", `the cluster has no node "worker-09"; it has ["cp-01" "cp-02" "worker-01"]`},
		{"node_uncordon", `, "node": "worker-01"`, nil, "uncordon worker-01", "uncordoned"},
		{"etcd_snapshot", `, "snapshot_dir": "/backup"`, nil, "snapshot", "saved cp-01:/backup/1.db"},
		{"certificate_renewal", "", nil, "renew", "certificates renewed"},
	} {
		t.Run(tt.name+" "+tt.said, func(t *testing.T) {
			t.Parallel()
			w := small(t)
			w.failure = tt.failure
			said := invoke(t, w, "onprem_kubernetes_"+tt.name, []byte(`{"address": "192.168.1.11"`+tt.settings+`}`))
			if got := strings.Join(w.asked, ", "); got != tt.asked {
				t.Errorf("asked for %q, want %q", got, tt.asked)
			}
			if last := said[len(said)-1]; last != tt.said {
				t.Errorf("said %q, want %q at the end", said, tt.said)
			}
			if tt.asked == "" {
				return
			}
			want := []string{"192.168.1.11"} // the way that was given
			if tt.name == "certificate_renewal" {
				want = []string{"cp-01", "cp-02"}
			}
			if got := sortedNames(w.targets[0].Access); !cmp.Equal(got, want) {
				t.Errorf("it may log in to %q, want %q", got, want)
			}
		})
	}
}

// invoke returns what an action says, its error at the end. Its settings are JSON.
func invoke(t *testing.T, w *world, name string, settings []byte) []string {
	t.Helper()
	server, err := w.factories()["onprem"]()
	if err != nil {
		t.Fatal(err)
	}
	none := tftypes.Object{AttributeTypes: map[string]tftypes.Type{}}
	empty, err := tfprotov6.NewDynamicValue(none, tftypes.NewValue(none, map[string]tftypes.Value{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: &empty}); err != nil {
		t.Fatal(err)
	}
	invoker, ok := server.(interface {
		InvokeAction(context.Context, *tfprotov6.InvokeActionRequest) (*tfprotov6.InvokeActionServerStream, error)
	})
	if !ok {
		t.Fatal("the server has no actions")
	}
	stream, err := invoker.InvokeAction(t.Context(), &tfprotov6.InvokeActionRequest{ActionType: name, Config: &tfprotov6.DynamicValue{JSON: settings}})
	if err != nil {
		t.Fatal(err)
	}
	return messages(stream)
}

func messages(stream *tfprotov6.InvokeActionServerStream) []string {
	var said []string
	for event := range stream.Events {
		switch e := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			said = append(said, e.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			for _, d := range e.Diagnostics {
				said = append(said, d.Detail)
			}
		}
	}
	return said
}

// TestAccess: the node's settings lie over the cluster's, and those over the
// provider's.
func TestAccess(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("of the file"), 0o600); err != nil {
		t.Fatal(err)
	}
	provider := remote.Config{User: "ubuntu", Port: 2222, PrivateKeys: []string{"provider's"}, SudoPassword: "s", KnownHostsFile: "known_hosts", Agent: true}
	m := &cluster{
		SSH: &ssh{User: types.StringValue("ops"), Bastion: &bastion{Host: types.StringValue("203.0.113.2"), HostKey: types.StringValue("SHA256:b")}},
		Nodes: map[string]node{
			"cp-01": {Address: semtype.NewAddress("192.168.1.11")},
			"cp-02": {Address: semtype.NewAddress("192.168.1.12"), SSH: &nodeSSH{
				ssh:     ssh{User: types.StringValue("root"), Port: types.Int64Value(22), PrivateKeyFile: types.StringValue(key)},
				Address: types.StringValue("cp-02.example.internal"), HostKey: types.StringValue("SHA256:n"),
			}},
		},
	}
	before := &cluster{Nodes: map[string]node{"cp-02": {Address: semtype.NewAddress("192.168.1.2")}, "gpu-01": {Address: semtype.NewAddress("192.168.1.31")}}}
	got, err := m.access(provider, before)
	if err != nil {
		t.Fatal(err)
	}
	through := &remote.Config{Host: "203.0.113.2", User: "ops", PrivateKeys: []string{"provider's"}, HostKeys: []string{"SHA256:b"}, KnownHostsFile: "known_hosts", Agent: true}
	login := remote.Config{Host: "192.168.1.11", User: "ops", Port: 2222, PrivateKeys: []string{"provider's"}, SudoPassword: "s", KnownHostsFile: "known_hosts", Agent: true, Bastion: through}
	other := login
	other.Host, other.User, other.Port = "cp-02.example.internal", "root", 22
	other.PrivateKeys, other.HostKeys = []string{"of the file"}, []string{"SHA256:n"}
	leaving := login
	leaving.Host = "192.168.1.31"
	want := map[string]remote.Config{"cp-01": login, "cp-02": other, "gpu-01": leaving}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	m.SSH.PrivateKeyFile = types.StringValue("/nonexistent/key")
	if _, err := m.access(provider, nil); err == nil || !strings.Contains(err.Error(), "the private key cannot be read") {
		t.Errorf("a key that is not there: %v", err)
	}
}

func TestAttributePath(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{
		"endpoint":                       `control_plane_endpoint`,
		"virtual_ip bgp peers 1 address": `virtual_ip.bgp.peers[1].address`,
		"nodes cp-01.seoul address":      `nodes["cp-01.seoul"].address`,
		"nodes 7 kubelet_args":           `nodes["7"].kubelet_extra_args`,
		"nodes cp-01 labels 5":           `nodes["cp-01"].labels["5"]`,
		"nodes cp-01 taints 0 effect":    `nodes["cp-01"].taints[0].effect`,
		"kubelet":                        `kubelet_configuration`,
	} {
		if got := attributePath(strings.Fields(words)).String(); got != want {
			t.Errorf("%s: got %s, want %s", words, got, want)
		}
	}
}

func TestAdoptTaints(t *testing.T) {
	t.Parallel()
	usual := kubeadm.Taint{Key: "node-role.kubernetes.io/control-plane", Effect: "NoSchedule"}
	passing := kubeadm.Taint{Key: "node.kubernetes.io/not-ready", Effect: "NoSchedule"}
	gpu := kubeadm.Taint{Key: "gpu", Effect: "NoSchedule"}
	for _, tt := range []struct {
		name   string
		plane  bool
		taints []kubeadm.Taint
		want   []kubeadm.Taint
	}{
		{"worker without", false, nil, nil},
		{"worker that is not ready", false, []kubeadm.Taint{passing}, nil},
		{"worker with its own", false, []kubeadm.Taint{gpu}, []kubeadm.Taint{gpu}},
		{"control plane as usual", true, []kubeadm.Taint{passing, usual}, nil},
		{"control plane for everybody", true, nil, []kubeadm.Taint{}},
		{"control plane with another", true, []kubeadm.Taint{usual, gpu}, []kubeadm.Taint{usual, gpu}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := node{Taints: adoptTaints(kubeadm.NodeObject{ControlPlane: tt.plane, Taints: tt.taints})}.desired().Taints
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
