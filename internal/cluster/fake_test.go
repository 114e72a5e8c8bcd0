package cluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	pschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	test "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"sigs.k8s.io/yaml"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/operate"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

const (
	testCA = "sha256:c0ffee"

	testKubeconfig = `apiVersion: v1
kind: Config
current-context: admin
contexts: [{name: admin, context: {cluster: seoul, user: admin}}]
clusters: [{name: seoul, cluster: {server: "https://192.168.1.100:6443", certificate-authority-data: YXV0aG9yaXR5}}]
users: [{name: admin, user: {client-certificate-data: Y2VydGlmaWNhdGU=, client-key-data: a2V5}}]
`
)

// world is a cluster without machines: what is to be seen, and what was asked
// for. An apply makes it what is wanted, as far as a real plan allows.
type world struct {
	t *testing.T

	mu       sync.Mutex
	observed kubeadm.Observed
	failure  error // of the next apply
	asked    []string
	targets  []operate.Target
}

func (w *world) note(what string, t operate.Target) {
	w.asked = append(w.asked, what)
	w.targets = append(w.targets, t)
}

// Observe implements operator.
func (w *world) Observe(_ context.Context, t operate.Target) (kubeadm.Observed, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := w.observed
	o.Machines = map[string]kubeadm.Machine{}
	for name, c := range t.Access {
		o.Machines[name] = w.machine(name, c.Host)
	}
	if !slices.ContainsFunc(slices.Collect(maps.Values(o.Machines)), func(m kubeadm.Machine) bool { return m.AdminConf }) {
		o.Configuration, o.CAHash, o.Nodes, o.Members = nil, t.CAHash, nil, nil
	}
	return o, nil
}

// machine finds one by its name, or as a door by its address.
func (w *world) machine(name, host string) kubeadm.Machine {
	for known, m := range w.observed.Machines {
		if known == name || w.observed.Nodes[known].InternalIP == host {
			return m
		}
	}
	return kubeadm.Machine{}
}

// Apply implements operator.
func (w *world) Apply(ctx context.Context, t operate.Target) (kubeadm.Observed, error) {
	o, _ := w.Observe(ctx, t)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note("apply", t)
	plan, err := kubeadm.MakePlan(t.Cluster, o)
	if err != nil {
		return o, err
	}
	if w.failure != nil {
		return o, w.failure
	}
	if len(plan.Stages) > 0 {
		w.observed = settled(w.t, t.Cluster)
	}
	return w.observed, nil
}

// Destroy implements operator.
func (w *world) Destroy(_ context.Context, t operate.Target) ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note("destroy", t)
	var gone []string
	for name, m := range w.observed.Machines {
		if m.Failure != "" {
			gone = append(gone, name)
		}
	}
	w.observed = kubeadm.Observed{}
	return gone, nil
}

// Kubeconfig implements operator.
func (w *world) Kubeconfig(context.Context, operate.Target) ([]byte, error) {
	return []byte(testKubeconfig), nil
}

// JoinToken implements operator.
func (w *world) JoinToken(_ context.Context, t operate.Target, ttl time.Duration) (operate.JoinToken, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note("token for "+ttl.String(), t)
	return operate.JoinToken{Token: "abcdef.0123456789abcdef", CAHash: testCA, Endpoint: "192.168.1.100:6443", Expires: time.Now().Add(ttl)}, nil
}

// Drain implements operator.
func (w *world) Drain(_ context.Context, t operate.Target, node string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note(fmt.Sprintf("drain %s within %s", node, t.DrainTimeout), t)
	return w.failure
}

// Uncordon implements operator.
func (w *world) Uncordon(_ context.Context, t operate.Target, node string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note("uncordon "+node, t)
	return nil
}

// Snapshot implements operator.
func (w *world) Snapshot(_ context.Context, t operate.Target) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note("snapshot", t)
	return "cp-01:" + t.SnapshotDir + "/1.db", nil
}

// RenewCertificates implements operator.
func (w *world) RenewCertificates(_ context.Context, t operate.Target) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note("renew", t)
	return nil
}

// Close implements operator.
func (w *world) Close() {}

// change changes what is to be seen, between two steps of a test.
func (w *world) change(f func(*kubeadm.Observed)) func() {
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		f(&w.observed)
	}
}

// breaks lets applies fail; nil lets them work again.
func (w *world) breaks(err error) func() {
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.failure = err
	}
}

func machine(name string, change func(*kubeadm.Machine)) func(*kubeadm.Observed) {
	return func(o *kubeadm.Observed) {
		m := o.Machines[name]
		change(&m)
		o.Machines[name] = m
	}
}

func object(name string, change func(*kubeadm.NodeObject)) func(*kubeadm.Observed) {
	return func(o *kubeadm.Observed) {
		n := o.Nodes[name]
		change(&n)
		o.Nodes[name] = n
	}
}

// settled is how a cluster looks that is as wanted.
func settled(t *testing.T, c kubeadm.Cluster) kubeadm.Observed {
	t.Helper()
	configuration := storedConfiguration(t, c)
	o := kubeadm.Observed{
		At: time.Now(), CAHash: testCA, Configuration: &configuration,
		Machines: map[string]kubeadm.Machine{}, Nodes: map[string]kubeadm.NodeObject{},
	}
	for name, n := range c.Nodes {
		m := kubeadm.Machine{
			Owner:  &kubeadm.Owner{Cluster: c.Name, Endpoint: c.Endpoint, Joined: true},
			CAHash: testCA, KubeletConf: true, Kubeadm: c.Version, Kubelet: c.Version,
		}
		object := kubeadm.NodeObject{
			InternalIP: n.Address, ControlPlane: n.Role == kubeadm.ControlPlane, Ready: true, KubeletVersion: c.Version, Labels: n.Labels,
			Taints: n.Taints, Owned: &kubeadm.Owned{Labels: slices.Sorted(maps.Keys(n.Labels)), Taints: n.Taints},
		}
		if n.Role == kubeadm.ControlPlane {
			becomeControlPlane(t, c, &m)
			if n.Taints == nil {
				object.Taints = []kubeadm.Taint{{Key: "node-role.kubernetes.io/control-plane", Effect: "NoSchedule"}}
			}
			o.VIPHolder = name
			o.Members = append(o.Members, kubeadm.Member{ID: uint64(len(o.Members) + 1), Name: name, PeerURL: "https://" + n.Address + ":2380", Healthy: true})
		}
		o.Machines[name], o.Nodes[name] = m, object
	}
	return o
}

func becomeControlPlane(t *testing.T, c kubeadm.Cluster, m *kubeadm.Machine) {
	t.Helper()
	m.AdminConf, m.EtcdData = true, true
	m.Manifests = []string{"etcd.yaml", "kube-apiserver.yaml", "kube-controller-manager.yaml", "kube-scheduler.yaml"}
	m.StaticPods = map[string]string{"kube-apiserver": c.Version, "kube-controller-manager": c.Version, "kube-scheduler": c.Version}
	m.CertificateSANs = c.CertificateSANs
	m.Arguments = map[string][]kubeadm.Argument{
		"kube-apiserver": c.APIServer.ExtraArgs, "kube-controller-manager": c.ControllerManager.ExtraArgs, "kube-scheduler": c.Scheduler.ExtraArgs,
		"etcd": c.Etcd.ExtraArgs,
	}
	m.Expiry = time.Now().AddDate(1, 0, 0).Truncate(time.Second)
	if c.VirtualIP != nil {
		manifest, err := kubeadm.VirtualIPManifest(*c.VirtualIP, c.BindPort(), kubeadm.AdminConf)
		if err != nil {
			t.Fatal(err)
		}
		hash := sha256.Sum256(manifest)
		m.VirtualIPManifest = hex.EncodeToString(hash[:])
		m.Manifests = append(m.Manifests, "kube-vip.yaml")
	}
}

// storedConfiguration is what kubeadm would store after an init with our document.
func storedConfiguration(t *testing.T, c kubeadm.Cluster) kubeadm.Configuration {
	t.Helper()
	first := slices.Sorted(maps.Keys(c.Nodes))[0]
	documents, err := kubeadm.InitDocument(c, first, kubeadm.InitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for document := range bytes.SplitSeq(documents, []byte("\n---\n")) {
		var kind struct{ Kind string }
		if err := yaml.Unmarshal(document, &kind); err != nil || kind.Kind != "ClusterConfiguration" {
			continue
		}
		configuration, err := kubeadm.ParseConfiguration(document)
		if err != nil {
			t.Fatal(err)
		}
		return configuration
	}
	t.Fatalf("no ClusterConfiguration in\n%s", documents)
	return kubeadm.Configuration{}
}

func (w *world) open(progress func(context.Context, operate.Event)) operator {
	progress(context.Background(), operate.Event{At: time.Now(), Stage: "Join workers", Node: "worker-01", Text: "joined", Done: 1, Total: 2})
	return w
}

// testProvider offers what this package has, over other operators.
type testProvider struct{ open opener }

func (p testProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "onprem"
}

func (p testProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = pschema.Schema{}
}

func (p testProvider) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	set := clients.New(clients.Settings{SSH: func() (remote.Config, error) {
		return remote.Config{User: "ubuntu", Port: 22, PrivateKeys: []string{"provider's"}}, nil
	}})
	resp.ResourceData, resp.DataSourceData, resp.EphemeralResourceData, resp.ActionData = set, set, set, set
}

func (p testProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &clusterResource{open: p.open} }}
}

func (p testProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newClusterDataSource(p.open)}
}

func (p testProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		func() ephemeral.EphemeralResource { return &kubeconfigEphemeral{open: p.open} },
		func() ephemeral.EphemeralResource { return &joinTokenEphemeral{open: p.open} },
	}
}

func (p testProvider) Actions(context.Context) []func() action.Action {
	var all []func() action.Action
	for _, newAction := range []func() action.Action{NewNodeDrain, NewNodeUncordon, NewEtcdSnapshot, NewCertificateRenewal} {
		all = append(all, func() action.Action {
			a, _ := newAction().(*clusterAction)
			a.open = p.open
			return a
		})
	}
	return all
}

func (w *world) factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return factories(w.open)
}

func factories(open opener) map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){"onprem": providerserver.NewProtocol6WithError(testProvider{open})}
}

// testCase is a test on a world of bare machines.
func testCase(t *testing.T, steps ...test.TestStep) (*world, test.TestCase) {
	t.Helper()
	w := &world{t: t}
	return w, test.TestCase{ProtoV6ProviderFactories: w.factories(), Steps: steps}
}

var errCut = errors.New("the connection to cp-02 was lost")

// fileMode is the mode of a file, and its content.
func fileMode(t *testing.T, name string) (os.FileMode, string) {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm(), string(text)
}
