package kubeadm

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// situation is a cluster that was made by plans, what happened to it since, and
// what is wanted now.
type situation struct {
	from   Cluster
	happen func(*world)
	to     func(*Cluster)
}

func (s situation) plan(t *testing.T) (Plan, error) {
	t.Helper()
	w := running(t, s.from)
	if s.happen != nil {
		s.happen(w)
	}
	to := s.from
	if s.to != nil {
		to = s.from.with(s.to)
	}
	w.deliver(to)
	return MakePlan(to, w.Observed)
}

func silence(names ...string) func(*world) {
	return func(w *world) {
		for _, name := range names {
			w.Machines[name] = Machine{Failure: "no route to host"}
			w.fail(name)
		}
	}
}

func wipe(names ...string) func(*world) {
	return func(w *world) {
		for _, name := range names {
			w.Machines[name] = Machine{}
			w.fail(name)
		}
	}
}

func drop(names ...string) func(*Cluster) {
	return func(c *Cluster) {
		for _, name := range names {
			delete(c.Nodes, name)
		}
	}
}

func add(name string, role Role, address string) func(*Cluster) {
	return func(c *Cluster) { c.Nodes[name] = Node{Role: role, Address: address} }
}

func all[T any](changes ...func(T)) func(T) {
	return func(v T) {
		for _, change := range changes {
			change(v)
		}
	}
}

func TestNodeActions(t *testing.T) {
	version := func(v string) func(*Cluster) { return func(c *Cluster) { c.Version = v } }
	label := func(c *Cluster) {
		c.Nodes["worker-01"] = Node{Role: Worker, Address: "192.0.2.51", Labels: map[string]string{"zone": "a"}}
	}
	labelled := cluster(3, 1)
	labelled.Nodes["worker-01"] = Node{Role: Worker, Address: "192.0.2.51", Labels: map[string]string{"disk": "ssd"}}
	const drained = "drain, upgrade 1.34.4 to 1.34.5, uncordon"
	tests := map[string]struct {
		situation
		want map[string]string
	}{
		"nothing": {situation{from: cluster(3, 1)}, nil},
		"upgrade": {
			situation{from: cluster(3, 1), to: version("1.34.5")},
			map[string]string{"cp-01": "save etcd, " + drained, "cp-02": drained, "cp-03": drained, "worker-01": drained},
		},
		"upgrade half done": {
			situation{from: cluster(3, 1), to: version("1.34.5"), happen: func(w *world) {
				w.Configuration.Version = "1.34.5"
				w.Machines["cp-01"] = w.with("cp-01", func(m *Machine) { m.StaticPods = map[string]string{"kube-apiserver": "1.34.5"} })
			}},
			map[string]string{"cp-01": "save etcd, " + drained, "cp-02": drained, "cp-03": drained, "worker-01": drained},
		},
		"nodes added": {
			situation{from: cluster(3, 1), to: all(add("cp-04", ControlPlane, "192.0.2.4"), add("worker-02", Worker, "192.0.2.52"))},
			map[string]string{"cp-04": "prepare, join as control plane", "worker-02": "prepare, join as worker"},
		},
		"nodes removed": {
			situation{from: cluster(3, 1), to: drop("cp-02", "worker-01")},
			map[string]string{
				"cp-01": "save etcd", "cp-02": "drain, remove from etcd and the cluster, reset",
				"worker-01": "drain, remove from the cluster, reset",
			},
		},
		"a dead control plane replaced": {
			situation{from: cluster(3, 0), happen: silence("cp-02"), to: all(drop("cp-02"), add("cp-04", ControlPlane, "192.0.2.4"))},
			map[string]string{"cp-01": "save etcd", "cp-02": "remove from etcd, remove from the cluster", "cp-04": "prepare, join as control plane"},
		},
		"a fresh machine under the name of a dead one": {
			situation{from: cluster(3, 0), happen: wipe("cp-02")},
			map[string]string{"cp-01": "save etcd", "cp-02": "prepare, remove from etcd, remove from the cluster, join as control plane"},
		},
		"labels": {situation{from: labelled, to: label}, map[string]string{"worker-01": "labels +zone=a -disk"}},
		"labels of a new node": {
			situation{from: cluster(1, 0), to: label},
			map[string]string{"worker-01": "prepare, join as worker, labels +zone=a"},
		},
		"cordoned by a run that was cut off": {
			situation{from: cluster(1, 1), happen: func(w *world) {
				w.node("worker-01", func(n *NodeObject) { n.Unschedulable, n.Cordoned = true, true })()
				w.node("cp-01", func(n *NodeObject) { n.Unschedulable = true })()
			}},
			map[string]string{"worker-01": "uncordon"},
		},
		"NotReady": {
			situation{from: cluster(1, 1), happen: func(w *world) { w.node("worker-01", func(n *NodeObject) { n.Ready = false })() }},
			map[string]string{"worker-01": "wait until Ready"},
		},
		"no network anywhere": {
			situation{from: cluster(1, 0), happen: func(w *world) { w.node("cp-01", func(n *NodeObject) { n.Ready, n.NetworkMissing = false, true })() }},
			nil,
		},
		"settings": {
			situation{from: cluster(1, 1), to: func(c *Cluster) {
				c.APIServer.ExtraArgs = []Argument{{"v", "2"}}
				c.CertificateSANs = []string{"k8s.example.internal"}
				c.Kubelet = []byte(`{"maxPods":200}`)
			}},
			map[string]string{
				"cp-01": "save etcd, configure apiServer.extraArgs, renew the API server's certificate, configure kubelet configuration, " +
					"store the configuration (apiServer.certSANs, apiServer.extraArgs, kubelet)",
				"worker-01": "configure kubelet configuration",
			},
		},
		"kube-vip left with super-admin.conf": {
			situation{from: cluster(1, 0), happen: func(w *world) {
				w.Machines["cp-01"] = w.with("cp-01", func(m *Machine) { m.VirtualIPManifest = "0000" })
			}},
			map[string]string{"cp-01": "write kube-vip"},
		},
		"made by other hands": {
			situation{from: labelled, happen: func(w *world) {
				for name := range w.Machines {
					w.Machines[name] = w.with(name, func(m *Machine) { m.Owner = nil })
				}
				w.node("worker-01", func(n *NodeObject) { n.Owned = nil })()
			}},
			nil,
		},
		"an etcd member without a node": {
			situation{from: cluster(3, 0), happen: func(w *world) {
				w.Members = append(w.Members, Member{ID: 9, PeerURL: "https://192.0.2.9:2380", Learner: true})
			}},
			map[string]string{"192.0.2.9": "remove from etcd", "cp-01": "save etcd"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			plan, err := test.plan(t)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, plan.NodeActions(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// with is a machine with one thing changed.
func (w *world) with(name string, change func(*Machine)) Machine {
	m := w.Machines[name]
	change(&m)
	return m
}

func TestStages(t *testing.T) {
	s := situation{
		from: cluster(3, 3), happen: all(silence("cp-03"), func(w *world) { w.VIPHolder = "cp-01" }),
		to: all(everything, drop("cp-01", "cp-02", "cp-03", "worker-03"), func(c *Cluster) {
			c.WorkerBatch = 2
			for i, name := range []string{"cp-04", "cp-05", "cp-06"} {
				c.Nodes[name] = Node{Role: ControlPlane, Address: "192.0.2." + string(rune('4'+i))}
			}
			c.Nodes["cp-02"] = Node{Role: ControlPlane, Address: "192.0.2.2"}
			c.Version = "1.34.5"
		}),
	}
	plan, err := s.plan(t)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, stage := range plan.Stages {
		var nodes []string
		for _, step := range stage.Steps {
			nodes = append(nodes, string(step.Action)+" "+step.Node)
		}
		got = append(got, stage.Title+": "+strings.Join(nodes, ", "))
	}
	want := []string{
		"Prepare machines: prepare cp-04, prepare cp-05, prepare cp-06",
		"Save etcd: snapshot cp-02",
		"Take out dead machines: remove-member cp-03, remove cp-03",
		"Upgrade the first control plane: upgrade-first cp-02",
		"Upgrade workers: upgrade-node worker-01, upgrade-node worker-02",
		"Configure control planes: configure cp-02, certificate cp-02, virtual-ip cp-02",
		"Configure kubelets: configure-kubelet cp-02, configure-kubelet worker-01, configure-kubelet worker-02",
		"Store the configuration: store-configuration cp-02",
		"Join control planes: join-control-plane cp-04, join-control-plane cp-05, join-control-plane cp-06",
		"Uncordon and label nodes: label worker-01, label worker-02",
		"Remove workers: remove worker-03",
		"Remove control planes: remove cp-01",
		"Wait for nodes: await cp-04, await cp-05, await cp-06",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, stage := range plan.Stages {
		for _, step := range stage.Steps {
			if stage.Parallel != 1 && len(step.Members) > 0 {
				t.Errorf("%s changes etcd's members beside other steps", stage.Title)
			}
		}
	}
}

func TestWarnings(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		situation
		want []string
	}{
		"nothing": {situation{from: cluster(3, 1)}, nil},
		"an even number": {
			situation{from: cluster(3, 0), to: drop("cp-03")},
			[]string{
				"etcd: 3 members, all healthy, tolerates the loss of 1 -> (remove cp-03) 2 members, tolerates none",
				"An even number of control planes (2) tolerates the loss of 0, as 1 would: use an odd number.",
			},
		},
		"a control plane replaced": {
			situation{from: cluster(3, 0), to: all(drop("cp-02"), add("cp-04", ControlPlane, "192.0.2.4"))},
			[]string{"etcd: 3 members, all healthy, tolerates the loss of 1 -> (join cp-04) 4 members, tolerates the loss of 1 -> (remove cp-02) 3 members, tolerates the loss of 1"},
		},
		"a dead control plane replaced": {
			situation{from: cluster(3, 0), happen: silence("cp-02"), to: all(drop("cp-02"), add("cp-04", ControlPlane, "192.0.2.4"))},
			[]string{
				"cp-02: the machine does not answer (no route to host). It is taken out of the cluster but not reset: wipe it before it is switched on again.",
				"etcd: 3 members, 2 healthy, tolerates none -> (remove cp-02) 2 members, tolerates none -> (join cp-04) 3 members, tolerates the loss of 1",
			},
		},
		"a control plane that does not answer": {
			situation{from: cluster(3, 0), happen: all(silence("cp-02"), func(w *world) {
				w.node("cp-02", func(n *NodeObject) { n.NotReadySince = at.Add(-time.Hour) })()
			})},
			[]string{"cp-02: the machine does not answer (no route to host), the node is NotReady since 2026-03-01 11:00 UTC, its etcd member is unhealthy. " +
				"Nothing is done to it. Bring it back, remove it from `nodes` to have it taken out, or give a fresh machine its name and address."},
		},
		"a change that a silent node cannot take over": {
			situation{from: cluster(3, 0), happen: silence("cp-02"), to: func(c *Cluster) { c.CertificateSANs = []string{"k8s.example.internal"} }},
			[]string{
				"cp-02: the machine does not answer (no route to host), the node is NotReady, its etcd member is unhealthy. " +
					"Nothing is done to it. Bring it back, remove it from `nodes` to have it taken out, or give a fresh machine its name and address.",
				"cp-02: it does not answer and cannot take over apiServer.certSANs. The change stays in the plan until the machine is back or removed.",
			},
		},
		"certificates about to end": {
			situation{from: cluster(1, 0), happen: func(w *world) {
				w.At = at
				w.Machines["cp-01"] = w.with("cp-01", func(m *Machine) { m.Expiry = at.Add(29 * 24 * time.Hour) })
			}},
			[]string{"cp-01: a certificate ends on 2026-03-30. An upgrade renews the certificates, and so does the action that renews them."},
		},
		"an unhealthy member": {
			situation{from: cluster(3, 0), happen: func(w *world) { w.Members[1].Healthy = false }},
			[]string{"cp-02: its etcd member is unhealthy."},
		},
		"a command still at work": {
			situation{from: cluster(1, 0), happen: func(w *world) {
				w.Machines["cp-01"] = w.with("cp-01", func(m *Machine) { m.Jobs = []string{"onprem-upgrade"} })
			}},
			[]string{"cp-01: a command of a run that was cut off is still at work there; the apply waits for it."},
		},
		"a healthy member without a node": {
			situation{from: cluster(3, 0), happen: func(w *world) {
				w.Members = append(w.Members, Member{ID: 9, Name: "other", PeerURL: "https://192.0.2.9:2380", Healthy: true})
			}},
			[]string{"etcd: member other belongs to no node of the cluster and is healthy. It is left alone."},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			plan, err := test.plan(t)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, plan.Warnings, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	const other = "sha256:dead"
	version := func(v string) func(*Cluster) { return func(c *Cluster) { c.Version = v } }
	machine := func(name string, m Machine) func(*world) { return func(w *world) { w.Machines[name] = m } }
	forgotten := func(name string) func(*world) {
		return func(w *world) { delete(w.Nodes, name) }
	}
	unmarked := func(name string) func(*world) {
		return func(w *world) { w.Machines[name] = w.with(name, func(m *Machine) { m.Owner = nil }) }
	}
	tests := map[string]struct {
		situation
		want []string // kind, node and text of every reason
	}{
		"the API is silent": {
			situation{from: cluster(3, 0), happen: func(w *world) { w.Configuration, w.APIFailure = nil, "connection refused" }},
			[]string{"unreachable: the cluster exists, but its API cannot be asked: connection refused"},
		},
		"the API is silent and its identity unknown": {
			situation{from: cluster(1, 0), happen: func(w *world) { w.Configuration, w.CAHash, w.Nodes = nil, "", nil }},
			[]string{"unreachable: the cluster exists, but its API cannot be asked: no control plane answered"},
		},
		"a new machine is silent": {
			situation{from: cluster(1, 0), happen: machine("worker-01", Machine{Failure: "connection refused"}), to: add("worker-01", Worker, "192.0.2.51")},
			[]string{"unreachable worker-01: the machine does not answer: connection refused"},
		},
		"leftovers of others": {
			situation{
				from: cluster(1, 0), to: add("worker-01", Worker, "192.0.2.51"),
				happen: machine("worker-01", Machine{KubeletConf: true, EtcdData: true, Manifests: []string{"etcd.yaml", "kube-vip.yaml"}}),
			},
			[]string{`leftovers worker-01: the machine has what this provider did not put there for cluster "prod": ` +
				"/etc/kubernetes/manifests/etcd.yaml, /etc/kubernetes/kubelet.conf, the etcd data folder"},
		},
		"a node deleted by hand from a cluster made by hand": {
			situation{from: cluster(1, 1), happen: all(forgotten("worker-01"), unmarked("worker-01"))},
			[]string{`leftovers worker-01: the machine has what this provider did not put there for cluster "prod": /etc/kubernetes/pki/ca.crt, /etc/kubernetes/kubelet.conf`},
		},
		"a machine of another cluster": {
			situation{from: cluster(1, 0), to: add("worker-01", Worker, "192.0.2.51"), happen: machine("worker-01", Machine{KubeletConf: true, CAHash: other})},
			[]string{"other-ca worker-01: the machine belongs to another cluster: its certificate authority is sha256:dead, not sha256:c0ffee"},
		},
		"an address changed": {
			situation{from: cluster(1, 1), to: add("worker-01", Worker, "192.0.2.99")},
			[]string{"conflict worker-01: its address is 192.0.2.51 and cannot become 192.0.2.99: certificates and etcd know it by its address"},
		},
		"a node with another name": {
			situation{from: cluster(1, 1), to: all(drop("worker-01"), add("worker-02", Worker, "192.0.2.51")), happen: func(w *world) {
				w.Machines["worker-02"] = w.Machines["worker-01"]
			}},
			[]string{"conflict worker-02: the machine is node worker-01 of this cluster, as /etc/kubernetes/onprem.json there says"},
		},
		"a node with another name in a cluster made by hand": {
			situation{from: cluster(1, 1), to: all(drop("worker-01"), add("worker-02", Worker, "192.0.2.51")), happen: all(unmarked("worker-01"), func(w *world) {
				w.Machines["worker-02"] = w.Machines["worker-01"]
			})},
			[]string{"conflict worker-02: the machine at 192.0.2.51 is node worker-01 of the cluster"},
		},
		"etcd restarted beside a dead member": {
			situation{from: cluster(3, 0), happen: silence("cp-02"), to: func(c *Cluster) { c.Etcd.ExtraArgs = []Argument{{"quota-backend-bytes", "1"}} }},
			[]string{
				"quorum cp-01: etcd is to be restarted there, and would lose its quorum: 3 members, 2 healthy, tolerates none",
				"quorum cp-03: etcd is to be restarted there, and would lose its quorum: 3 members, 2 healthy, tolerates none",
			},
		},
		"a role changed": {
			situation{from: cluster(3, 1), to: all(add("worker-01", ControlPlane, "192.0.2.51"), add("cp-03", Worker, "192.0.2.3"))},
			[]string{
				"conflict cp-03: it is a control plane and cannot become a worker in place",
				"conflict worker-01: it is a worker and cannot become a control plane in place",
			},
		},
		"a blank machine under a name that is in use": {
			situation{from: cluster(1, 1), happen: machine("worker-01", Machine{})},
			[]string{"conflict worker-01: the machine at 192.0.2.51 is blank, but a node of this name is Ready at 192.0.2.51"},
		},
		"what cannot change": {
			situation{from: cluster(1, 0), to: func(c *Cluster) { c.PodCIDR, c.DNS = "10.244.0.0/16", false }},
			[]string{
				`immutable: networking.podSubnet is "" and cannot become "10.244.0.0/16": kubeadm cannot change it once a cluster is made`,
				`immutable: dns.disabled is "false" and cannot become "true": kubeadm cannot change it once a cluster is made`,
			},
		},
		"downgrade": {
			situation{from: cluster(1, 0), to: version("1.34.3")},
			[]string{"skew: version 1.34.4 cannot go back to 1.34.3: kubeadm has no downgrade; set the version to 1.34.4 or newer"},
		},
		"a kubelet too old": {
			situation{from: cluster(1, 1), to: version("1.35.0"), happen: func(w *world) { w.node("worker-01", func(n *NodeObject) { n.KubeletVersion = "1.31.9" })() }},
			[]string{"skew worker-01: its kubelet 1.31.9 is more than 3 minor versions older than Kubernetes 1.35.0"},
		},
		"a kubelet too new": {
			situation{from: cluster(1, 1), happen: func(w *world) { w.node("worker-01", func(n *NodeObject) { n.KubeletVersion = "1.34.9" })() }},
			[]string{"skew worker-01: its kubelet 1.34.9 is newer than Kubernetes 1.34.4"},
		},
		"upgrade beside a dead control plane": {
			situation{from: cluster(3, 0), to: version("1.34.5"), happen: silence("cp-02")},
			[]string{"unreachable cp-02: control planes cannot be upgraded while this one does not answer: no route to host"},
		},
		"upgrade and replacement of all": {
			situation{from: cluster(1, 0), to: all(version("1.34.5"), drop("cp-01"), add("cp-02", ControlPlane, "192.0.2.2"))},
			[]string{"conflict: the version cannot change while every control plane that answers is replaced"},
		},
		"removal below the quorum": {
			situation{from: cluster(3, 0), happen: silence("cp-02"), to: drop("cp-03")},
			[]string{"quorum cp-03: removing it would leave etcd with 2 members of which 1 healthy, and 2 are needed"},
		},
		"the quorum is lost": {
			situation{from: cluster(3, 0), happen: silence("cp-02", "cp-03"), to: drop("cp-03")},
			[]string{"quorum: etcd has lost its quorum: 1 of 3 members are healthy, 2 are needed"},
		},
		"a join beside an unhealthy member": {
			situation{from: cluster(3, 0), happen: silence("cp-02"), to: add("cp-04", ControlPlane, "192.0.2.4")},
			[]string{"quorum cp-04: it cannot join: etcd takes in no member while another is unhealthy, and 2 of 3 are healthy"},
		},
		"the last control plane that answers": {
			situation{from: cluster(2, 0), happen: func(w *world) { w.Machines["cp-02"] = Machine{Failure: "connection refused"} }, to: drop("cp-01")},
			[]string{"quorum cp-01: it is the last control plane that answers"},
		},
		"etcd is silent": {
			situation{from: cluster(3, 0), happen: func(w *world) { w.Members = nil }, to: add("cp-04", ControlPlane, "192.0.2.4")},
			[]string{"unreachable: control planes are to change, but etcd could not be asked for its members"},
		},
		"a node to be removed works but cannot be reset": {
			situation{from: cluster(1, 1), happen: machine("worker-01", Machine{Failure: "permission denied"}), to: drop("worker-01")},
			[]string{"unreachable worker-01: it is to be removed and its kubelet is at work, but the machine cannot be reset: permission denied"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := test.plan(t)
			var refusal *Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("got %v, want a refusal", err)
			}
			var got []string
			for _, reason := range refusal.Reasons {
				got = append(got, strings.TrimSpace(string(reason.Kind)+" "+reason.Node)+": "+reason.Text)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestCreateRefuses has everything that is wrong with all machines in one answer.
func TestCreateRefuses(t *testing.T) {
	want := cluster(3, 1)
	w := bare(t, want)
	w.Machines["cp-02"] = Machine{Failure: "connection refused"}
	w.Machines["cp-03"] = Machine{EtcdData: true, Owner: &Owner{Cluster: "stage", Endpoint: want.Endpoint}}
	delete(w.Machines, "worker-01")
	_, err := MakePlan(want, w.Observed)
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v, want a refusal", err)
	}
	text := "cp-02: the machine does not answer: connection refused\n" +
		"cp-03: the machine belongs to cluster \"stage\" at " + want.Endpoint + ", as /etc/kubernetes/onprem.json there says\n" +
		"worker-01: the machine does not answer: there is no access to it"
	hint := "Check that the machine runs, its address, and the SSH settings.\n" +
		"Take it out of that cluster, or choose another machine. If that cluster is gone, run kubeadm reset on the machine and remove that file."
	if diff := cmp.Diff([]string{text, hint}, []string{refusal.Error(), refusal.Hint()}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if refusal.Only(Unreachable) {
		t.Error("all reasons are said to be machines that do not answer")
	}
	refusal.Reasons = slices.DeleteFunc(refusal.Reasons, func(r Reason) bool { return r.Kind != Unreachable })
	if !refusal.Only(Unreachable) {
		t.Error("machines that do not answer are said to be something else")
	}
}

func TestHolderOfTheAddressLeavesLast(t *testing.T) {
	s := situation{from: cluster(3, 0), happen: func(w *world) { w.VIPHolder = "cp-01" }, to: drop("cp-01", "cp-02")}
	plan, err := s.plan(t)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, step := range plan.Stages[len(plan.Stages)-1].Steps {
		got = append(got, step.Node)
	}
	if diff := cmp.Diff([]string{"cp-02", "cp-01"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
