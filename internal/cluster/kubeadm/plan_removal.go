package kubeadm

import (
	"cmp"
	"maps"
	"slices"
)

// leave plans the removal of every node that is not wanted any more, the one
// with the virtual address last.
func (p *planner) leave() {
	for _, name := range p.leaving() {
		machine := p.have.Machines[name]
		role := p.roleOf(name)
		switch {
		case p.absent(name):
			p.leaveDead(name, role)
		case role == Worker:
			p.work.removeWorkers = append(p.work.removeWorkers, Step{Action: Remove, Node: name, Role: role})
		default:
			p.work.removePlanes = append(p.work.removePlanes, Step{Action: Remove, Node: name, Role: role, Members: identifiers(p.membersOf(name))})
		}
		if len(machine.Jobs) > 0 {
			p.warnf("%s: a command of a run that was cut off is still at work there; the apply waits for it.", name)
		}
	}
	slices.SortStableFunc(p.work.removePlanes, func(a, b Step) int {
		return cmp.Compare(p.holds(a.Node), p.holds(b.Node))
	})
	p.orphans()
}

func (p *planner) holds(name string) int {
	if name == p.have.VIPHolder {
		return 1
	}
	return 0
}

// leaving are the nodes that nobody wants any more, by name: those whose
// machines were asked, because they were wanted before, and which are still
// nodes or carry our marker. A node that was joined by other hands is theirs.
func (p *planner) leaving() []string {
	var names []string
	for name, machine := range p.have.Machines {
		_, known := p.have.Nodes[name]
		ours := p.want.owns(machine) && !p.foreign(machine) && len(machine.leftovers()) > 0
		if _, wanted := p.want.Nodes[name]; !wanted && (known || ours) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (p *planner) roleOf(name string) Role {
	if p.have.Nodes[name].ControlPlane || p.have.Machines[name].runsAPIServer() || len(p.membersOf(name)) > 0 {
		return ControlPlane
	}
	return Worker
}

// absent reports whether there is no machine to be reset: it does not answer,
// has become part of another cluster, or is blank and not by our doing.
func (p *planner) absent(name string) bool {
	machine := p.have.Machines[name]
	begun := p.want.owns(machine) || p.have.Nodes[name].Cordoned
	return machine.Failure != "" || p.foreign(machine) || len(machine.leftovers()) == 0 && !begun
}

func (p *planner) leaveDead(name string, role Role) {
	if p.have.Nodes[name].Ready {
		p.refuse(Unreachable, name, "Make the machine reachable by SSH, or switch it off for good.",
			"it is to be removed and its kubelet is at work, but the machine cannot be reset: %s", cmp.Or(p.have.failure(name), "it is not the one the API knows"))
		return
	}
	p.takeOut(name, role)
	if p.have.failure(name) != "" {
		p.warnf("%s: the machine does not answer (%s). It is taken out of the cluster but not reset: wipe it before it is switched on again.", name, p.have.failure(name))
	}
}

// orphans takes out etcd members that belong to no node and are of no use:
// their machines are gone, and every one makes the next join fail.
func (p *planner) orphans() {
	for _, m := range p.have.Members {
		if p.claimed(m) {
			continue
		}
		name := cmp.Or(m.Name, m.host())
		if m.Healthy && !m.Learner {
			p.warnf("etcd: member %s belongs to no node of the cluster and is healthy. It is left alone.", name)
			continue
		}
		p.work.dead = append(p.work.dead, Step{Action: RemoveMember, Node: name, Role: ControlPlane, Members: []uint64{m.ID}})
	}
}

func (p *planner) claimed(m Member) bool {
	for _, name := range slices.Concat(p.leaving(), slices.Collect(maps.Keys(p.want.Nodes)), slices.Collect(maps.Keys(p.have.Nodes))) {
		if slices.Contains(p.membersOf(name), m) {
			return true
		}
	}
	return false
}
