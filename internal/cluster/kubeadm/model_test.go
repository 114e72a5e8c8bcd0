package kubeadm

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

const testCA = "sha256:c0ffee"

// world is a model of machines, API and etcd. It carries out the steps of plans
// in small effects, any of which can be the last one before a cut, and fails the
// test when one of them would hurt a real cluster.
type world struct {
	Observed

	t     *testing.T
	inits int
}

// cluster is a cluster as wanted: with so many control planes and workers.
func cluster(planes, workers int) Cluster {
	c := Cluster{
		Name: "prod", Version: "1.34.4", Endpoint: "192.0.2.100:6443",
		VirtualIP:   &VirtualIP{Address: "192.0.2.100", Interface: "bond0", Mode: "arp", Image: "ghcr.io/kube-vip/kube-vip:v0.8.9"},
		ServiceCIDR: "10.96.0.0/12", DNSDomain: "cluster.local", DNS: true, Proxy: true,
		Nodes: map[string]Node{},
	}
	for i := 1; i <= planes; i++ {
		c.Nodes[fmt.Sprintf("cp-%02d", i)] = Node{Role: ControlPlane, Address: fmt.Sprintf("192.0.2.%d", i)}
	}
	for i := 1; i <= workers; i++ {
		c.Nodes[fmt.Sprintf("worker-%02d", i)] = Node{Role: Worker, Address: fmt.Sprintf("192.0.2.%d", 50+i)}
	}
	return c
}

// with is a cluster with one thing changed.
func (c Cluster) with(change func(*Cluster)) Cluster {
	c.Nodes = maps.Clone(c.Nodes)
	change(&c)
	return c
}

// bare is a world of blank machines.
func bare(t *testing.T, want Cluster) *world {
	t.Helper()
	w := &world{t: t, Observed: Observed{Machines: map[string]Machine{}, Nodes: map[string]NodeObject{}}}
	w.deliver(want)
	return w
}

// deliver puts a blank machine for every node that has none.
func (w *world) deliver(want Cluster) {
	for name := range want.Nodes {
		if _, ok := w.Machines[name]; !ok {
			w.Machines[name] = Machine{}
		}
	}
}

// running is a world in which a cluster was made by plans.
func running(t *testing.T, want Cluster) *world {
	t.Helper()
	w := bare(t, want)
	w.apply(want, -1)
	return w
}

func (w *world) clone(t *testing.T) *world {
	t.Helper()
	text, err := json.Marshal(w.Observed)
	if err != nil {
		t.Fatal(err)
	}
	other := &world{t: t, inits: w.inits}
	if err := json.Unmarshal(text, &other.Observed); err != nil {
		t.Fatal(err)
	}
	return other
}

// apply makes a plan and carries out so many effects of it (all when negative).
// It reports whether the plan was finished.
func (w *world) apply(want Cluster, effects int) bool {
	w.t.Helper()
	plan, err := MakePlan(want, w.Observed)
	if err != nil {
		w.t.Fatalf("no plan: %v\n%s", err, w)
	}
	for _, stage := range plan.Stages {
		for _, step := range stage.Steps {
			for _, effect := range w.effects(want, step) {
				if effects == 0 {
					return false
				}
				effect()
				w.check(step)
				effects--
			}
		}
	}
	return true
}

// check is what must hold after every effect.
func (w *world) check(step Step) {
	w.t.Helper()
	e := newElectorate(w.Members)
	if w.Configuration != nil && Tolerates(e.healthy, e.members) < 0 {
		w.t.Fatalf("%s %s: etcd lost its quorum: %d of %d", step.Action, step.Node, e.healthy, e.members)
	}
	if w.inits > 1 {
		w.t.Fatalf("%s %s: the cluster was initialised twice", step.Action, step.Node)
	}
}

func (w *world) String() string {
	text, err := yaml.Marshal(w.Observed)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (w *world) machine(name string, change func(*Machine)) func() {
	return func() {
		m := w.Machines[name]
		change(&m)
		w.Machines[name] = m
	}
}

func (w *world) node(name string, change func(*NodeObject)) func() {
	return func() {
		n, ok := w.Nodes[name]
		if !ok {
			w.t.Fatalf("there is no Node %s\n%s", name, w)
		}
		change(&n)
		w.Nodes[name] = n
	}
}

// effects are the parts of a step, in the order in which they come about.
func (w *world) effects(want Cluster, step Step) []func() {
	w.t.Helper()
	if m := w.Machines[step.Node]; m.Failure != "" && !step.Gone && step.Action != RemoveMember {
		w.t.Fatalf("%s on %s, which does not answer", step.Action, step.Node)
	}
	switch step.Action {
	case Prepare:
		return []func(){w.machine(step.Node, func(m *Machine) { m.Owner = &Owner{Cluster: want.Name, Endpoint: want.Endpoint, Node: step.Node} })}
	case Init:
		return w.initialise(want, step.Node)
	case FinishInit:
		return []func(){
			w.node(step.Node, func(n *NodeObject) { n.ControlPlane, n.Taints = true, want.Nodes[step.Node].afterJoin().Taints }),
			w.markJoined(want, step.Node),
		}
	case JoinControlPlane:
		return w.joinPlane(want, step.Node)
	case JoinWorker:
		return slices.Concat(w.kubelet(want, step.Node), []func(){w.markJoined(want, step.Node)})
	case UpgradeFirst, UpgradeNode:
		return w.upgrade(want, step)
	case Remove, Reset, RemoveMember:
		return w.remove(step)
	case Snapshot:
		return nil
	}
	return w.settle(want, step)
}

func (w *world) initialise(want Cluster, name string) []func() {
	return slices.Concat(
		w.plane(want, name, strings.Repeat("0", 64)),
		[]func(){
			w.machine(name, func(m *Machine) {
				m.KubeletConf, m.KubeletConfig = true, merged(w.t, want, `{"maxPods":110}`, nil)
				m.KubeletArgs = arguments(want.Nodes[name].KubeletArgs)
			}),
			func() { w.register(want, name) },
			func() {
				if w.Configuration != nil {
					w.t.Fatal("init in a cluster that exists")
				}
				c := want.configuration()
				w.Configuration, w.CAHash = &c, testCA
				w.Kubelet = merged(w.t, want, `{"maxPods":110}`, nil)
				w.Members = []Member{{ID: w.id(), Name: name, PeerURL: "https://" + want.Nodes[name].Address + ":2380", Healthy: true}}
				w.inits++
			},
			w.node(name, func(n *NodeObject) { n.ControlPlane, n.Taints = true, want.Nodes[name].afterJoin().Taints }),
			w.machine(name, func(m *Machine) { m.VirtualIPManifest, _ = want.virtualIPHash() }),
			w.markJoined(want, name),
		})
}

// plane is what kubeadm writes for a control plane before the kubelet starts.
func (w *world) plane(want Cluster, name, virtualIP string) []func() {
	return []func(){
		w.machine(name, func(m *Machine) { m.CAHash = testCA }),
		w.machine(name, func(m *Machine) {
			m.AdminConf, m.EtcdData, m.VirtualIPManifest = true, true, virtualIP
			m.Manifests = []string{"etcd.yaml", "kube-apiserver.yaml", "kube-controller-manager.yaml", "kube-scheduler.yaml", "kube-vip.yaml"}
			m.StaticPods = map[string]string{"kube-apiserver": want.Version}
			m.CertificateSANs = append([]string{"kubernetes"}, want.CertificateSANs...)
			m.Arguments = map[string][]Argument{"kube-apiserver": want.APIServer.ExtraArgs}
		}),
	}
}

func (w *world) joinPlane(want Cluster, name string) []func() {
	hash, err := want.virtualIPHash()
	if err != nil {
		w.t.Fatal(err)
	}
	url := "https://" + want.Nodes[name].Address + ":2380"
	id := uint64(0)
	return slices.Concat(
		w.plane(want, name, hash),
		w.kubelet(want, name),
		[]func(){
			func() {
				for _, m := range w.Members {
					if !m.Healthy || m.PeerURL == url {
						w.t.Fatalf("etcd takes in no member beside %+v", m)
					}
				}
				id = w.id()
				w.Members = append(w.Members, Member{ID: id, PeerURL: url, Learner: true})
			},
			func() {
				i := slices.IndexFunc(w.Members, func(m Member) bool { return m.ID == id })
				w.Members[i] = Member{ID: id, Name: name, PeerURL: url, Healthy: true}
			},
			w.node(name, func(n *NodeObject) { n.ControlPlane, n.Taints = true, want.Nodes[name].afterJoin().Taints }),
			w.markJoined(want, name),
		})
}

// id is one that no member has.
func (w *world) id() uint64 {
	id := uint64(1)
	for _, m := range w.Members {
		id = max(id, m.ID+1)
	}
	return id
}

// kubelet is a kubelet that joins: its files, then its Node.
func (w *world) kubelet(want Cluster, name string) []func() {
	return []func(){
		w.machine(name, func(m *Machine) { m.CAHash = testCA }),
		w.machine(name, func(m *Machine) {
			m.KubeletConf, m.KubeletConfig = true, w.Kubelet
			m.KubeletArgs = arguments(want.Nodes[name].KubeletArgs)
		}),
		func() { w.register(want, name) },
	}
}

func (w *world) register(want Cluster, name string) {
	if _, exists := w.Nodes[name]; exists {
		w.t.Fatalf("Node %s exists", name)
	}
	n := want.Nodes[name].afterJoin()
	n.ControlPlane, n.KubeletVersion = false, want.Version
	w.Nodes[name] = n
}

func (w *world) markJoined(want Cluster, name string) func() {
	return w.machine(name, func(m *Machine) {
		m.Owner = &Owner{Cluster: want.Name, Endpoint: want.Endpoint, Node: name, Joined: true, KubeletArgs: names(want.Nodes[name].KubeletArgs)}
	})
}

func arguments(args []Argument) string {
	return strings.Join(append([]string{"--node-ip=192.0.2.1"}, strings.Fields(flags(args))...), " ")
}

func names(args []Argument) []string {
	var found []string
	for _, arg := range args {
		found = append(found, arg.Name)
	}
	return found
}

func (w *world) upgrade(want Cluster, step Step) []func() {
	var effects []func()
	if step.Role == ControlPlane {
		effects = append(effects, w.machine(step.Node, func(m *Machine) { m.StaticPods = map[string]string{"kube-apiserver": want.Version} }))
	}
	if step.Action == UpgradeFirst {
		effects = append(effects, func() { w.Configuration.Version = want.Version })
	} else if w.Configuration.Version != want.Version && step.Role == Worker {
		w.t.Fatalf("%s upgraded before the first control plane", step.Node)
	}
	return append(effects,
		w.node(step.Node, func(n *NodeObject) { n.Unschedulable, n.Cordoned = true, true }),
		w.node(step.Node, func(n *NodeObject) { n.KubeletVersion, n.Ready = want.Version, false }),
		w.node(step.Node, func(n *NodeObject) { n.Ready = true }),
		w.node(step.Node, func(n *NodeObject) { n.Unschedulable, n.Cordoned = false, false }))
}

func (w *world) remove(step Step) []func() {
	members := func() {
		w.Members = slices.DeleteFunc(w.Members, func(m Member) bool { return slices.Contains(step.Members, m.ID) })
	}
	forget := func() { delete(w.Nodes, step.Node) }
	wipe := w.machine(step.Node, func(m *Machine) {
		owner := m.Owner
		if owner != nil {
			owner = &Owner{Cluster: owner.Cluster, Endpoint: owner.Endpoint, Node: owner.Node}
		}
		*m = Machine{Owner: owner}
	})
	switch {
	case step.Action == RemoveMember:
		return []func(){members}
	case step.Gone:
		return []func(){members, forget}
	case step.Action == Reset:
		return []func(){members, wipe, forget}
	}
	cordon := func() {
		if _, known := w.Nodes[step.Node]; known {
			w.node(step.Node, func(n *NodeObject) { n.Unschedulable, n.Cordoned = true, true })()
		}
	}
	return []func(){cordon, members, wipe, forget, w.machine(step.Node, func(m *Machine) { m.Owner = nil })}
}

// settle carries out what changes nodes of the cluster in place.
func (w *world) settle(want Cluster, step Step) []func() {
	switch step.Action {
	case Configure:
		return []func(){w.machine(step.Node, func(m *Machine) { m.Arguments = map[string][]Argument{"kube-apiserver": want.APIServer.ExtraArgs} })}
	case Certificate:
		return []func(){w.machine(step.Node, func(m *Machine) { m.CertificateSANs = append([]string{"kubernetes"}, want.CertificateSANs...) })}
	case VirtualAddress:
		return []func(){w.machine(step.Node, func(m *Machine) { m.VirtualIPManifest, _ = want.virtualIPHash() })}
	case ConfigureKubelet:
		return []func(){w.machine(step.Node, func(m *Machine) {
			m.KubeletConfig = merged(w.t, want, string(m.KubeletConfig), w.KubeletOwned)
			m.KubeletArgs = arguments(want.Nodes[step.Node].KubeletArgs)
			if m.Owner != nil {
				m.Owner.KubeletArgs = names(want.Nodes[step.Node].KubeletArgs)
			}
		})}
	case Store:
		return []func(){func() {
			c := want.configuration()
			w.Configuration = &c
			w.Kubelet = merged(w.t, want, string(w.Kubelet), w.KubeletOwned)
			w.KubeletOwned, _ = KubeletFields(want.Kubelet)
		}}
	case Label:
		return []func(){w.node(step.Node, func(n *NodeObject) { relabel(want.Nodes[step.Node], n) })}
	case Mark:
		return []func(){w.machine(step.Node, func(m *Machine) {
			m.Owner.Joined, m.Owner.KubeletArgs = true, names(want.Nodes[step.Node].KubeletArgs)
		})}
	case Uncordon:
		return []func(){w.node(step.Node, func(n *NodeObject) { n.Unschedulable, n.Cordoned = false, false })}
	case Await:
		return []func(){w.node(step.Node, func(n *NodeObject) { n.Ready = true })}
	}
	w.t.Fatalf("the model does not know %s", step.Action)
	return nil
}

func relabel(want Node, n *NodeObject) {
	change := LabelsOf(want, *n)
	n.Labels = maps.Clone(n.Labels)
	if n.Labels == nil {
		n.Labels = map[string]string{}
	}
	maps.Copy(n.Labels, change.Set)
	n.ControlPlane = want.Role == ControlPlane
	for _, key := range change.Unset {
		delete(n.Labels, key)
	}
	n.Taints = slices.DeleteFunc(slices.Clone(n.Taints), func(t Taint) bool {
		return containsTaint(change.Untaint, t) || containsTaint(change.Taint, t)
	})
	n.Taints = append(n.Taints, change.Taint...)
	n.Owned = &change.Owned
}

func merged(t *testing.T, want Cluster, stored string, owned []string) json.RawMessage {
	t.Helper()
	document, err := MergeKubelet([]byte(stored), want.Kubelet, owned)
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.YAMLToJSON(document)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestPlanConverges cuts every plan after every effect, twice, and has the next
// plans finish the work: the last one is empty, nothing is initialised twice,
// and etcd never loses its quorum.
func TestPlanConverges(t *testing.T) {
	t.Parallel()
	three := cluster(3, 2)
	tests := map[string]struct {
		from   *Cluster
		happen func(*world)
		to     Cluster
	}{
		"one control plane from nothing":                    {to: cluster(1, 0)},
		"three control planes and two workers from nothing": {to: three.with(everything)},
		"nodes added":                     {from: &three, to: cluster(5, 3)},
		"nodes removed":                   {from: &three, to: cluster(1, 1)},
		"the first control plane removed": {from: &three, to: three.with(func(c *Cluster) { delete(c.Nodes, "cp-01") })},
		"upgrade by a patch release":      {from: &three, to: three.with(func(c *Cluster) { c.Version, c.WorkerBatch = "1.34.5", 2 })},
		"upgrade by a minor release":      {from: &three, to: three.with(func(c *Cluster) { c.Version = "1.35.0" })},
		"settings changed":                {from: &three, to: three.with(everything)},
		"settings removed":                {from: ptr(three.with(everything)), to: three},
		"a control plane dead and replaced by another": {
			from: &three, happen: silence("cp-02"),
			to: three.with(func(c *Cluster) {
				delete(c.Nodes, "cp-02")
				c.Nodes["cp-04"] = Node{Role: ControlPlane, Address: "192.0.2.4"}
			}),
		},
		"a fresh control plane under the name of a dead one": {from: &three, happen: wipe("cp-01"), to: three},
		"a fresh worker under the name of a dead one":        {from: &three, happen: wipe("worker-01"), to: three},
		"a control plane replaced by another": {
			from: ptr(cluster(1, 0)),
			to: cluster(1, 0).with(func(c *Cluster) {
				delete(c.Nodes, "cp-01")
				c.Nodes["cp-02"] = Node{Role: ControlPlane, Address: "192.0.2.2"}
			}),
		},
		"a dead worker removed": {from: &three, happen: silence("worker-02"), to: cluster(3, 1)},
		"everything at once": {
			from: &three, happen: silence("cp-03", "worker-02"),
			to: cluster(4, 4).with(func(c *Cluster) {
				everything(c)
				c.Version = "1.34.5"
				delete(c.Nodes, "cp-01")
				delete(c.Nodes, "cp-03")
				delete(c.Nodes, "worker-02")
				c.Nodes["cp-05"] = Node{Role: ControlPlane, Address: "192.0.2.5"}
			}),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := bare(t, test.to)
			if test.from != nil {
				start = running(t, *test.from)
				start.deliver(test.to)
			}
			if test.happen != nil {
				test.happen(start)
			}
			for cut := 0; ; cut++ {
				w := start.clone(t)
				finished := w.apply(test.to, cut)
				for again := 1; again < 8 && !finished; again += 5 {
					w.clone(t).finish(test.to, again)
				}
				w.finish(test.to, -1)
				if finished {
					return
				}
			}
		})
	}
}

// finish cuts once more, then carries on to the end.
func (w *world) finish(want Cluster, cut int) {
	w.t.Helper()
	w.apply(want, cut)
	w.apply(want, -1)
	plan, err := MakePlan(want, w.Observed)
	if err != nil {
		w.t.Fatal(err)
	}
	if diff := cmp.Diff(0, len(plan.Stages)); diff != "" {
		w.t.Fatalf("the plan after an apply has work: %+v\n%s", plan.Stages, w)
	}
	for name := range want.Nodes {
		if n := w.Nodes[name]; !n.Ready || n.Unschedulable {
			w.t.Errorf("%s: %+v", name, n)
		}
	}
}

// fail is the death of a machine as API and etcd see it.
func (w *world) fail(name string) {
	n := w.Nodes[name]
	n.Ready = false
	w.Nodes[name] = n
	for i := range w.Members {
		if w.Members[i].Name == name {
			w.Members[i].Healthy = false
		}
	}
}

// everything sets whatever can change in a cluster that exists.
func everything(c *Cluster) {
	c.CertificateSANs = []string{"k8s.example.internal"}
	c.APIServer.ExtraArgs = []Argument{{"audit-log-maxage", "30"}}
	c.ImageRepository = "registry.example.internal/k8s"
	c.Kubelet = json.RawMessage(`{"maxPods":200,"evictionHard":{"memory.available":"500Mi"},"streamingConnectionIdleTimeout":"5m"}`)
	c.VirtualIP = ptr(*c.VirtualIP)
	c.VirtualIP.LeaseDuration, c.VirtualIP.RenewDeadline, c.VirtualIP.RetryPeriod = 5, 3, 1
	for name, node := range c.Nodes {
		node.Labels = map[string]string{"example.com/rack": "r" + strconv.Itoa(len(name))}
		node.KubeletArgs = []Argument{{"v", "4"}}
		node.Taints = []Taint{{Key: "dedicated", Value: "db", Effect: "NoSchedule"}}
		c.Nodes[name] = node
	}
}

func ptr[T any](v T) *T { return &v }
