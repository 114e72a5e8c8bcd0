package nodesim

import (
	"errors"
	"slices"
	"time"
)

// OnCommand does something when the nth command from now on (the first is 1), on whatever machine, is about to run,
// or has just ended when after is true. The command is not carried out, or its end not told, when do returns false:
// the connection is cut instead.
func (s *Sim) OnCommand(n int, after bool, do func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, &hook{at: len(s.commands) + n, after: after, do: do})
}

type hook struct {
	at    int
	after bool
	do    func() bool
}

// admit notes a command. before and after are what is to happen around it.
func (m *Machine) admit(line string) (before, after func() bool) {
	s := m.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = append(s.commands, Command{m.name, line})
	before = func() bool { return true }
	after = before
	for _, h := range s.hooks {
		switch {
		case h.at != len(s.commands):
		case h.after:
			after = h.do
		default:
			before = h.do
		}
	}
	return before, after
}

// OnPhase does something when kubeadm on the machine comes to a phase ("wait-control-plane", "etcd-join", …), once.
// kubeadm fails with the error it returns.
func (m *Machine) OnPhase(phase string, do func() error) {
	m.sim.mu.Lock()
	defer m.sim.mu.Unlock()
	m.phases[phase] = do
}

// enter gives others their turn at the beginning of a phase.
func (k *command) enter(phase string) error {
	do := k.phases[phase]
	delete(k.phases, phase)
	power := k.power
	var err error
	k.wait(func() bool {
		if do != nil {
			err = do()
		}
		return true
	})
	if k.power != power || k.ctx.Err() != nil {
		return errStopped
	}
	return err
}

// FillDisk leaves no byte free on the machine's disk, or frees it again.
func (m *Machine) FillDisk(full bool) { m.set(func() { m.diskFull = full }) }

// SetClock makes the machine's clock wrong by so much.
func (m *Machine) SetClock(ahead time.Duration) { m.set(func() { m.clock = ahead }) }

// full are the folders in which nothing can be written.
func (m *Machine) full() []string {
	if m.diskFull {
		return []string{"/etc", "/opt", "/usr/local", "/var"}
	}
	return nil
}

// Listen lets a program hold a port.
func (m *Machine) Listen(port int, program string) { m.set(func() { m.ports[port] = program }) }

// NeverReady keeps the machine's node from becoming Ready, for the reason that its kubelet will give; "" ends that.
func (m *Machine) NeverReady(reason string) { m.set(func() { m.unready = reason }) }

// set changes the machine.
func (m *Machine) set(change func()) {
	m.sim.mu.Lock()
	defer m.sim.mu.Unlock()
	change()
	m.sim.observe()
}

// Occupy lets a stranger in the LAN have an address.
func (s *Sim) Occupy(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.occupied[address] = true
}

// Protect makes a pod on a node that no eviction may take, since its disruption budget allows none.
func (s *Sim) Protect(node, pod string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.newest()
	if c == nil {
		return errors.New("there is no cluster")
	}
	labels := map[string]any{"app": pod}
	c.store.put("pods", &object{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": pod, "namespace": "default", "labels": labels, "ownerReferences": []any{
			map[string]any{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": pod, "uid": "1", "controller": true},
		}},
		"spec":   map[string]any{"nodeName": node, "containers": []any{map[string]any{"name": pod, "image": pod}}},
		"status": map[string]any{"phase": "Running"},
	}})
	c.store.put("poddisruptionbudgets", &object{Object: map[string]any{
		"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": map[string]any{"name": pod, "namespace": "default"},
		"spec":   map[string]any{"minAvailable": int64(1), "selector": map[string]any{"matchLabels": labels}},
		"status": map[string]any{"disruptionsAllowed": int64(0), "currentHealthy": int64(1), "desiredHealthy": int64(1), "expectedPods": int64(1)},
	}})
	return nil
}

// newest is the cluster that came about last.
func (s *Sim) newest() *cluster {
	if len(s.clusters) == 0 {
		return nil
	}
	return s.clusters[len(s.clusters)-1]
}

// Node is what the API has of a node.
type Node struct {
	Name, Version       string
	Ready, ControlPlane bool
	Unschedulable       bool
	Labels              map[string]string
	Taints              []string // key=value:effect
}

// Nodes returns the nodes of the newest cluster by the order of their names.
func (s *Sim) Nodes() []Node {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observe()
	c := s.newest()
	if c == nil {
		return nil
	}
	var nodes []Node
	for _, o := range c.store.list("nodes", "") {
		n := c.store.node(o.GetName())
		_, controlPlane := n.Labels[controlPlaneLabel]
		node := Node{n.Name, n.Status.NodeInfo.KubeletVersion, isReady(n), controlPlane, n.Spec.Unschedulable, n.Labels, nil}
		for _, t := range n.Spec.Taints {
			node.Taints = append(node.Taints, t.Key+"="+t.Value+":"+string(t.Effect))
		}
		nodes = append(nodes, node)
	}
	return nodes
}

// Member is a member of etcd.
type Member struct {
	Name             string
	Healthy, Learner bool
}

// Members returns the members of the newest cluster's etcd by the order of their names.
func (s *Sim) Members() []Member {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observe()
	c := s.newest()
	if c == nil {
		return nil
	}
	var members []Member
	for _, e := range c.members {
		members = append(members, Member{e.name, e.healthy(), e.learner})
	}
	slices.SortFunc(members, func(a, b Member) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return members
}
