package operate_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/nodesim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/operate"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

const vip = "10.77.0.10"

// site is a cluster that is wanted on simulated machines.
type site struct {
	*nodesim.Sim
	t        *testing.T
	machines map[string]*nodesim.Machine
	target   operate.Target
}

// newSite has no nodes yet.
func newSite(t *testing.T) *site {
	t.Helper()
	return &site{
		Sim: nodesim.New(t), t: t, machines: map[string]*nodesim.Machine{},
		target: operate.Target{
			Cluster: kubeadm.Cluster{
				Name: "site", Version: nodesim.Version, Endpoint: vip + ":6443",
				VirtualIP:   &kubeadm.VirtualIP{Address: vip, Interface: "eth0", Mode: "arp", Image: "ghcr.io/kube-vip/kube-vip:v1.0.1", LeaseDuration: 15, RenewDeadline: 10, RetryPeriod: 2},
				ServiceCIDR: "10.96.0.0/12", PodCIDR: "10.244.0.0/16", DNSDomain: "cluster.local", DNS: true, Proxy: true,
				Nodes: map[string]kubeadm.Node{},
			},
			Access:   map[string]remote.Config{},
			Packages: operate.Packages{Manage: true},
		},
	}
}

// standard is three control planes and a worker.
func standard(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	for _, name := range []string{"cp-01", "cp-02", "cp-03"} {
		s.want(name, kubeadm.ControlPlane)
	}
	s.want("worker-01", kubeadm.Worker)
	return s
}

// want adds a node on a machine of its own.
func (s *site) want(name string, role kubeadm.Role) {
	s.t.Helper()
	address := fmt.Sprintf("10.77.0.%d", 11+len(s.machines))
	s.machines[name] = s.Machine(name, address)
	s.target.Cluster.Nodes[name] = kubeadm.Node{Role: role, Address: address}
	s.target.Access[name] = s.machines[name].Access()
}

// unwant takes a node out of the configuration; its machine stays known.
func (s *site) unwant(name string) { delete(s.target.Cluster.Nodes, name) }

// try applies once and keeps what a state would.
func (s *site) try(ctx context.Context) error {
	o := operate.New(func(_ context.Context, e operate.Event) {
		s.t.Logf("[%d/%d] %s: %s: %s", e.Done, e.Total, e.Stage, e.Node, e.Text)
	})
	defer o.Close()
	seen, err := o.Apply(ctx, s.target)
	if err == nil {
		s.target.CAHash = seen.CAHash
	}
	return err
}

// apply applies, and looks again: nothing may be left to do.
func (s *site) apply() {
	s.t.Helper()
	if err := s.try(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	s.settled()
}

// plan is what an apply would do now.
func (s *site) plan() (kubeadm.Plan, error) {
	s.t.Helper()
	o := operate.New(nil)
	defer o.Close()
	seen, err := o.Observe(s.t.Context(), s.target)
	if err != nil {
		s.t.Fatal(err)
	}
	return kubeadm.MakePlan(s.target.Cluster, seen)
}

func (s *site) settled() {
	s.t.Helper()
	plan, err := s.plan()
	if err != nil {
		s.t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{}, plan.NodeActions()); diff != "" {
		s.t.Errorf("an apply would still do (-want +got):\n%s", diff)
	}
	var names []string
	for _, n := range s.Nodes() {
		names = append(names, n.Name)
		if !n.Ready || n.Unschedulable || n.Version != "v"+s.target.Cluster.Version {
			s.t.Errorf("the node is not as it should be: %+v", n)
		}
	}
	var wanted, members []string
	var healthy []nodesim.Member
	for name, n := range s.target.Cluster.Nodes {
		wanted = append(wanted, name)
		if n.Role == kubeadm.ControlPlane {
			members = append(members, name)
		}
	}
	slices.Sort(wanted)
	slices.Sort(members)
	for _, name := range members {
		healthy = append(healthy, nodesim.Member{Name: name, Healthy: true})
	}
	if diff := cmp.Diff(wanted, names); diff != "" {
		s.t.Errorf("nodes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(healthy, s.Members()); diff != "" {
		s.t.Errorf("members of etcd (-want +got):\n%s", diff)
	}
	for name, m := range s.machines {
		if strings.Contains(m.File("/run/onprem"), "yaml") {
			s.t.Errorf("%s: a configuration with secrets was left", name)
		}
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	s := standard(t)
	s.apply()
	if got := s.Inits(); len(got) != 1 {
		t.Errorf("initialised on %v", got)
	}
}

func TestNodesComeAndGo(t *testing.T) {
	t.Parallel()
	s := standard(t)
	s.apply()
	s.want("worker-02", kubeadm.Worker)
	s.apply()
	s.unwant("worker-01")
	s.apply()
	if m := s.machines["worker-01"]; m.Exists("/etc/kubernetes/onprem.json") || m.Exists("/etc/kubernetes/kubelet.conf") {
		t.Error("the machine of the node that was removed still looks like one of the cluster")
	}
	delete(s.target.Access, "worker-01")
	s.unwant("cp-01") // any control plane may go, also the one that was first
	s.want("cp-04", kubeadm.ControlPlane)
	s.apply()
	if got := s.Inits(); len(got) != 1 {
		t.Errorf("initialised on %v", got)
	}
}

func TestDeadControlPlaneIsReplaced(t *testing.T) {
	t.Parallel()
	s := standard(t)
	s.apply()
	s.machines["cp-02"].Off()
	s.unwant("cp-02")
	s.want("cp-04", kubeadm.ControlPlane)
	plan, err := s.plan()
	if err != nil {
		t.Fatal(err)
	}
	if got := plan.NodeActions()["cp-02"]; !strings.Contains(got, "remove") {
		t.Errorf("the plan says of the dead machine: %q", got)
	}
	if err := s.try(t.Context()); err != nil {
		t.Fatal(err)
	}
	delete(s.target.Access, "cp-02")
	s.settled()
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	s := standard(t)
	s.target.Cluster.Kubelet = []byte(`{"maxPods": 64}`)
	s.apply()
	s.target.Cluster.Version = "1.34.5"
	s.apply()
	for _, name := range []string{"cp-01", "cp-02", "cp-03"} {
		if m := s.machines[name]; !strings.Contains(m.File("/etc/kubernetes/manifests/kube-apiserver.yaml"), ":v1.34.5") {
			t.Errorf("%s still runs the old API server", name)
		}
	}
}

func TestArchive(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.want("cp-01", kubeadm.ControlPlane)
	s.target.Packages.Archive = s.Archive(nodesim.Version)
	s.apply()
	if m := s.machines["cp-01"]; !m.Exists("/usr/local/bin/kubeadm") || m.Exists("/usr/bin/kubeadm") {
		t.Error("kubeadm is not from the archive")
	}
}

func TestDestroyAndCreateAgain(t *testing.T) {
	t.Parallel()
	s := standard(t)
	s.apply()
	s.machines["worker-01"].Off()
	o := operate.New(nil)
	defer o.Close()
	gone, err := o.Destroy(t.Context(), s.target)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"worker-01"}, gone); diff != "" {
		t.Errorf("machines that did not answer (-want +got):\n%s", diff)
	}
	for _, name := range []string{"cp-01", "cp-02", "cp-03"} {
		if m := s.machines[name]; m.Exists("/etc/kubernetes/onprem.json") || m.Exists("/etc/kubernetes/pki") || m.Exists("/var/lib/etcd/member") {
			t.Errorf("%s still has something of the cluster", name)
		}
	}
	s.machines["worker-01"].Wipe()
	s.target.CAHash = ""
	s.apply()
	if got := s.Inits(); len(got) != 2 {
		t.Errorf("initialised on %v", got)
	}
}

// The process ends after a few commands, the next one after some more, and so on, until one comes to its end.
func TestCutOff(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it creates a cluster many times over")
	}
	for name, after := range map[string]bool{"before a command": false, "after a command": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.want("cp-01", kubeadm.ControlPlane)
			s.want("cp-02", kubeadm.ControlPlane)
			s.want("worker-01", kubeadm.Worker)
			for n := 1; !s.cut(n, after); n += 3 {
				if n > 200 {
					t.Fatal("it does not come to an end")
				}
			}
			s.settled()
			if got := s.Inits(); len(got) != 1 {
				t.Errorf("initialised on %v", got)
			}
		})
	}
}

// cut applies until the nth command, and reports whether there were so many.
func (s *site) cut(n int, after bool) (finished bool) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	before := len(s.Commands())
	s.OnCommand(n, after, func() bool {
		cancel()
		return false
	})
	err := s.try(ctx)
	if err != nil && ctx.Err() == nil {
		s.t.Fatalf("cut at command %d: %v", n, err)
	}
	return err == nil && len(s.Commands())-before < n
}

func TestMachineRestartsDuringInit(t *testing.T) {
	t.Parallel()
	for _, phase := range []string{"certs", "control-plane", "wait-control-plane", "upload-config", "mark-control-plane"} {
		t.Run(phase, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.want("cp-01", kubeadm.ControlPlane)
			m := s.machines["cp-01"]
			m.OnPhase(phase, func() error {
				m.Reboot()
				return nil
			})
			if err := s.try(t.Context()); err == nil {
				t.Fatal("it succeeded")
			}
			s.apply()
			if got := s.Inits(); len(got) > 1 {
				t.Errorf("initialised on %v", got)
			}
		})
	}
}

func TestFaultsAreNamed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault func(*site, *nodesim.Machine)
		want  []string
	}{
		"machine off":       {func(_ *site, m *nodesim.Machine) { m.Off() }, []string{"cp-01", "connection refused"}},
		"host key":          {func(_ *site, m *nodesim.Machine) { m.Rekey() }, []string{"cp-01", "host key is not the expected one"}},
		"sudo password":     {(*site).wrongSudo, []string{"cp-01", "sudo does not take the password"}},
		"disk full":         {func(_ *site, m *nodesim.Machine) { m.FillDisk(true) }, []string{"cp-01", "/var/lib"}},
		"clock":             {func(_ *site, m *nodesim.Machine) { m.SetClock(time.Hour) }, []string{"cp-01", "clock"}},
		"port":              {func(_ *site, m *nodesim.Machine) { m.Listen(6443, "haproxy") }, []string{"cp-01", "6443", "haproxy"}},
		"leftovers":         {(*site).leftovers, []string{"cp-01", "/etc/kubernetes/manifests/etcd.yaml", "etcd data"}},
		"another cluster":   {(*site).otherOwner, []string{"cp-01", `"other"`}},
		"virtual IP in use": {func(s *site, _ *nodesim.Machine) { s.Occupy(vip) }, []string{"cp-01", vip + " is in use"}},
		"never ready":       {func(_ *site, m *nodesim.Machine) { m.NeverReady("PLEG is not healthy") }, []string{"cp-01", "PLEG is not healthy"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.want("cp-01", kubeadm.ControlPlane)
			s.target.ReadyTimeout = 3 * time.Second
			tc.fault(s, s.machines["cp-01"])
			err := s.try(t.Context())
			if err == nil {
				t.Fatal("it succeeded")
			}
			for _, words := range tc.want {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("the error does not say %q:\n%v", words, err)
				}
			}
			if got := s.Inits(); name != "never ready" && len(got) > 0 {
				t.Errorf("initialised on %v", got)
			}
		})
	}
}

func (s *site) wrongSudo(m *nodesim.Machine) {
	m.Sudo("admin", "secret")
	access := m.Access()
	access.SudoPassword = "wrong"
	s.target.Access["cp-01"] = access
}

func (s *site) leftovers(m *nodesim.Machine) {
	s.put(m, "/var/lib/etcd/member/snap/db", "data")
	s.put(m, "/etc/kubernetes/manifests/etcd.yaml", "kind: Pod\n")
}

func (s *site) otherOwner(m *nodesim.Machine) {
	s.leftovers(m)
	s.put(m, "/etc/kubernetes/onprem.json", `{"cluster":"other","endpoint":"10.77.0.20:6443"}`)
}

func (s *site) put(m *nodesim.Machine, path, content string) {
	if err := m.WriteFile(path, content); err != nil {
		s.t.Fatal(err)
	}
}
