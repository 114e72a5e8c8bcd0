package kubeadm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// MakePlan decides what brings a cluster from what was observed to what is
// wanted. It returns a *Refusal when that cannot be done safely, and beside it
// what would be done to the nodes that it is not about.
//
// The order of the work: what was half done is undone; every new machine is
// prepared, so that all that is wrong with them is known before anything
// changes; dead members leave etcd; the nodes that stay are upgraded and
// configured; new nodes join before others leave, so that etcd's quorum never
// shrinks on the way.
func MakePlan(want Cluster, have Observed) (Plan, error) {
	p := planner{want: want, have: have}
	if have.Configuration == nil {
		p.create()
	} else {
		p.change()
	}
	p.label()
	p.saveEtcd()
	p.checkMembership()
	p.warn()
	plan := Plan{Stages: p.work.stages(), Warnings: p.warnings}
	if len(p.reasons) > 0 {
		return plan, &Refusal{Reasons: p.reasons}
	}
	return plan, nil
}

// planner gathers the work, the warnings, and what stands against it all.
type planner struct {
	want Cluster
	have Observed

	staying  []string // wanted nodes that are members, by name
	arriving []string // wanted nodes that are to join
	silent   []string // wanted nodes that are members and do not answer

	work     work
	warnings []string
	reasons  []Reason
}

// work is the steps of a plan by their stage.
type work struct {
	reset, prepare, snapshot, dead, initial     []Step
	upgradeFirst, upgradePlanes, upgradeWorkers []Step
	configure, kubelets, store                  []Step
	joinPlanes, joinWorkers, settle             []Step
	removeWorkers, removePlanes, await          []Step
	workerBatch                                 int
}

// stages puts the steps in order. What changes etcd or a control plane is done
// one by one.
func (w work) stages() []Stage {
	const all = 0
	var stages []Stage
	for _, stage := range []Stage{
		{"Undo what was half done", 1, w.reset},
		{"Prepare machines", all, w.prepare},
		{"Save etcd", 1, w.snapshot},
		{"Take out dead machines", 1, w.dead},
		{"Initialise the first control plane", 1, w.initial},
		{"Upgrade the first control plane", 1, w.upgradeFirst},
		{"Upgrade control planes", 1, w.upgradePlanes},
		{"Upgrade workers", max(w.workerBatch, 1), w.upgradeWorkers},
		{"Configure control planes", 1, w.configure},
		{"Configure kubelets", max(w.workerBatch, 1), w.kubelets},
		{"Store the configuration", 1, w.store},
		{"Join control planes", 1, w.joinPlanes},
		{"Join workers", all, w.joinWorkers},
		{"Uncordon and label nodes", all, w.settle},
		{"Remove workers", all, w.removeWorkers},
		{"Remove control planes", 1, w.removePlanes},
		{"Wait for nodes", all, w.await},
	} {
		if stage.Parallel == all {
			stage.Parallel = len(stage.Steps)
		}
		if len(stage.Steps) > 0 {
			stages = append(stages, stage)
		}
	}
	return stages
}

func (p *planner) refuse(kind Kind, node, hint, format string, args ...any) {
	p.reasons = append(p.reasons, Reason{Kind: kind, Node: node, Text: fmt.Sprintf(format, args...), Hint: hint})
}

func (p *planner) warnf(format string, args ...any) {
	p.warnings = append(p.warnings, fmt.Sprintf(format, args...))
}

// step is a step for a wanted node.
func (p *planner) step(action Action, node string) Step {
	return Step{Action: action, Node: node, Role: p.want.Nodes[node].Role}
}

// create plans a cluster from nothing, or from an init that was cut off.
func (p *planner) create() {
	if p.exists() {
		p.refuse(Unreachable, "", "Bring the control planes back, then run this again. Nothing is initialised or reset while the cluster is known to exist.",
			"the cluster exists, but its API cannot be asked: %s", p.have.apiFailure())
		return
	}
	for _, name := range slices.Sorted(maps.Keys(p.want.Nodes)) {
		switch p.condition(name) {
		case silent:
			p.refuseSilent(name)
		case blank:
			p.arrive(name)
		case halfDone, member:
			p.resume(name)
		}
	}
	p.join()
}

// exists reports whether there is a cluster although its configuration could
// not be read. Only when there is none may a machine with a control plane on
// it be reset: an init that was cut off leaves one machine, never marked as
// joined.
func (p *planner) exists() bool {
	planes := 0
	for _, machine := range p.have.Machines {
		if p.want.owns(machine) && (machine.runsAPIServer() || machine.EtcdData) {
			planes++
			if machine.Owner.Joined {
				return true
			}
		}
	}
	return p.have.CAHash != "" || len(p.have.Nodes) > 1 || planes > 1
}

func (o Observed) apiFailure() string {
	if o.APIFailure != "" {
		return o.APIFailure
	}
	return "no control plane answered"
}

// change plans what an existing cluster needs.
func (p *planner) change() {
	p.checkImmutable()
	for _, name := range slices.Sorted(maps.Keys(p.want.Nodes)) {
		if p.conflicts(name) {
			continue
		}
		if p.initUnfinished(name) {
			p.staying = append(p.staying, name)
			p.work.initial = append(p.work.initial, p.step(FinishInit, name))
			continue
		}
		switch p.condition(name) {
		case silent:
			p.leaveAlone(name)
		case blank:
			p.replace(name)
		case halfDone:
			p.resume(name)
		case member:
			p.stay(name)
		}
	}
	p.leave()
	p.upgrade()
	p.configure()
	p.join()
}

// stay keeps a node, and notes that it has joined where a run was cut off
// before it could.
func (p *planner) stay(name string) {
	p.staying = append(p.staying, name)
	if machine := p.have.Machines[name]; p.want.owns(machine) && !machine.Owner.Joined {
		p.work.settle = append(p.work.settle, p.step(Mark, name))
	}
}

// initUnfinished reports whether an init was cut off after it had stored the
// cluster's configuration. What kubeadm does from there on can be repeated.
func (p *planner) initUnfinished(name string) bool {
	machine := p.have.Machines[name]
	_, known := p.have.Nodes[name]
	return p.want.owns(machine) && !machine.Owner.Joined && machine.runsAPIServer() && known && len(p.have.Nodes) == 1
}

func (p *planner) checkImmutable() {
	for _, d := range p.have.Configuration.Differences(p.want) {
		if d.Immutable {
			p.refuse(Immutable, "", "Set it back, or make a new cluster beside this one.",
				"%s is %q and cannot become %q: kubeadm cannot change it once a cluster is made", d.Setting, d.Have, d.Want)
		}
	}
}

// conflicts reports, and refuses, a wanted node that is something else by now.
func (p *planner) conflicts(name string) bool {
	machine, node, want := p.have.Machines[name], p.have.Nodes[name], p.want.Nodes[name]
	_, known := p.have.Nodes[name]
	const rename = "Remove the node from `nodes`, apply, then add it again."
	switch {
	case p.foreign(machine):
		p.refuse(OtherCA, name, "Check the address. If the machine is to leave its cluster, run kubeadm reset on it.",
			"the machine belongs to another cluster: its certificate authority is %s, not %s", machine.CAHash, p.have.CAHash)
	case p.want.owns(machine) && machine.Owner.Node != "" && machine.Owner.Node != name && len(machine.leftovers()) > 0:
		p.refuse(Conflict, name, "Check its addresses, `ssh.address` too. A node keeps its name: to give it another one, take it out of the cluster first.",
			"the machine is node %s of this cluster, as /etc/kubernetes/onprem.json there says", machine.Owner.Node)
	case known && machine.KubeletConf && node.InternalIP != "" && node.InternalIP != want.Address:
		p.refuse(Conflict, name, rename, "its address is %s and cannot become %s: certificates and etcd know it by its address", node.InternalIP, want.Address)
	case known && want.Role == Worker && (node.ControlPlane || machine.runsAPIServer()):
		p.refuse(Conflict, name, rename, "it is a control plane and cannot become a worker in place")
	case known && want.Role == ControlPlane && p.worksAsWorker(name):
		p.refuse(Conflict, name, rename, "it is a worker and cannot become a control plane in place")
	default:
		return false
	}
	return true
}

// worksAsWorker tells a worker from a control plane whose join was cut off: the
// latter has its manifests before the kubelet registers.
func (p *planner) worksAsWorker(name string) bool {
	machine := p.have.Machines[name]
	return machine.KubeletConf && !machine.runsAPIServer() && !p.have.Nodes[name].ControlPlane
}

// leaveAlone plans nothing for a machine that does not answer, and says what is
// known of it. One that the cluster does not know either cannot be added.
func (p *planner) leaveAlone(name string) {
	node, known := p.have.Nodes[name]
	members := p.membersOf(name)
	if !known && len(members) == 0 {
		p.refuseSilent(name)
		return
	}
	p.silent = append(p.silent, name)
	facts := []string{"the machine does not answer (" + p.have.failure(name) + ")"}
	switch {
	case !known:
		facts = append(facts, "the API has no such node")
	case node.Ready:
		facts = append(facts, "the API calls the node Ready")
	case node.NotReadySince.IsZero():
		facts = append(facts, "the node is NotReady")
	default:
		facts = append(facts, "the node is NotReady since "+node.NotReadySince.UTC().Format("2006-01-02 15:04 MST"))
	}
	for _, m := range members {
		if !m.Healthy {
			facts = append(facts, "its etcd member is unhealthy")
		}
	}
	p.warnf("%s: %s. Nothing is done to it. Bring it back, remove it from `nodes` to have it taken out, or give a fresh machine its name and address.",
		name, strings.Join(facts, ", "))
}

func (p *planner) refuseSilent(name string) {
	p.refuse(Unreachable, name, "Check that the machine runs, its address, and the SSH settings.",
		"the machine does not answer: %s", p.have.failure(name))
}

func (o Observed) failure(name string) string {
	if machine, asked := o.Machines[name]; asked {
		return machine.Failure
	}
	return "there is no access to it"
}

// replace takes in a blank machine, and first takes out the node that had its
// name before.
func (p *planner) replace(name string) {
	node, known := p.have.Nodes[name]
	resetByUs := p.want.owns(p.have.Machines[name]) && node.InternalIP == p.want.Nodes[name].Address
	if known && node.Ready && !resetByUs {
		p.refuse(Conflict, name, "Check the address in `nodes`. If this is a new machine in place of one that has only just died, plan again in a minute, when the cluster has noticed.",
			"the machine at %s is blank, but a node of this name is Ready at %s", p.want.Nodes[name].Address, node.InternalIP)
		return
	}
	p.takeOut(name, p.want.Nodes[name].Role)
	p.arrive(name)
}

// takeOut removes a node whose machine is gone: first from etcd, whose quorum
// it burdens, then from the API.
func (p *planner) takeOut(name string, role Role) {
	if members := p.membersOf(name); len(members) > 0 {
		p.work.dead = append(p.work.dead, Step{Action: RemoveMember, Node: name, Role: ControlPlane, Members: identifiers(members)})
	}
	if _, known := p.have.Nodes[name]; known {
		p.work.dead = append(p.work.dead, Step{Action: Remove, Node: name, Role: role, Gone: true})
	}
}

// resume undoes what a run that was cut off left, if it was ours.
func (p *planner) resume(name string) {
	machine := p.have.Machines[name]
	if other := p.otherNodeAt(name); other != "" {
		p.refuse(Conflict, name, "Give it the name that it has. If it is to have another one, take the node out of the cluster first.",
			"the machine at %s is node %s of the cluster", p.want.Nodes[name].Address, other)
		return
	}
	switch {
	case p.want.owns(machine):
	case machine.Owner != nil:
		p.refuse(Leftovers, name, "Take it out of that cluster, or choose another machine. If that cluster is gone, run kubeadm reset on the machine and remove that file.",
			"the machine belongs to cluster %q at %s, as /etc/kubernetes/onprem.json there says", machine.Owner.Cluster, machine.Owner.Endpoint)
		return
	default:
		p.refuse(Leftovers, name, "If nothing there is needed, run kubeadm reset on the machine and remove these files.",
			"the machine has what this provider did not put there for cluster %q: %s", p.want.Name, strings.Join(machine.leftovers(), ", "))
		return
	}
	step := p.step(Reset, name)
	step.Members = identifiers(p.membersOf(name))
	p.work.reset = append(p.work.reset, step)
	p.arrive(name)
}

// otherNodeAt is the node of another name that has the address of a wanted one,
// "" for none.
func (p *planner) otherNodeAt(name string) string {
	for _, other := range slices.Sorted(maps.Keys(p.have.Nodes)) {
		if other != name && p.have.Nodes[other].InternalIP == p.want.Nodes[name].Address {
			return other
		}
	}
	return ""
}

func (p *planner) arrive(name string) {
	p.arriving = append(p.arriving, name)
	p.work.prepare = append(p.work.prepare, p.step(Prepare, name))
}

// join adds the new nodes; the first control plane of a new cluster is
// initialised.
func (p *planner) join() {
	for _, name := range p.arriving {
		switch {
		case p.want.Nodes[name].Role == Worker:
			p.work.joinWorkers = append(p.work.joinWorkers, p.step(JoinWorker, name))
		case p.have.Configuration == nil && len(p.work.initial) == 0:
			p.work.initial = append(p.work.initial, p.step(Init, name))
			p.storeKubelet(name)
		default:
			p.work.joinPlanes = append(p.work.joinPlanes, p.step(JoinControlPlane, name))
		}
	}
}

// storeKubelet notes after an init which kubelet settings are this provider's.
func (p *planner) storeKubelet(node string) {
	if len(p.want.Kubelet) > 0 {
		step := p.step(Store, node)
		step.Words = "kubelet"
		p.work.store = append(p.work.store, step)
	}
}

// label plans what comes last to every node that answers: labels, taints, and
// the end of a cordon that was left.
func (p *planner) label() {
	upgraded := map[string]bool{}
	for _, step := range slices.Concat(p.work.upgradeFirst, p.work.upgradePlanes, p.work.upgradeWorkers) {
		upgraded[step.Node] = true
	}
	for _, name := range p.staying {
		node := p.have.Nodes[name]
		if node.Cordoned && !upgraded[name] { // a mark that is left on a schedulable node would make a later cordon ours
			p.work.settle = append(p.work.settle, p.step(Uncordon, name))
		}
		p.labelNode(name, node)
		if !node.Ready && (!node.NetworkMissing || p.have.hasNetwork()) {
			p.work.await = append(p.work.await, p.step(Await, name))
		}
	}
	for _, name := range p.arriving {
		p.labelNode(name, p.want.Nodes[name].afterJoin())
		p.work.await = append(p.work.await, p.step(Await, name))
	}
}

// labelNode plans a change of labels. On a machine with our marker, what we own
// is noted, too; on one that was joined by other hands, only with a change.
func (p *planner) labelNode(name string, node NodeObject) {
	change := LabelsOf(p.want.Nodes[name], node)
	arriving := slices.Contains(p.arriving, name)
	unnoted := (arriving || p.want.owns(p.have.Machines[name])) && !change.Owned.equal(node.Owned)
	if change.Empty() && !unnoted {
		return
	}
	step := p.step(Label, name)
	step.Words = change.String()
	p.work.settle = append(p.work.settle, step)
}

// afterJoin is a node as kubeadm join leaves it.
func (n Node) afterJoin() NodeObject {
	taints := n.Taints
	if taints == nil && n.Role == ControlPlane {
		taints = []Taint{planeTaint}
	}
	return NodeObject{InternalIP: n.Address, ControlPlane: n.Role == ControlPlane, Taints: taints}
}

// hasNetwork reports whether a network plugin works anywhere in the cluster.
func (o Observed) hasNetwork() bool {
	for _, node := range o.Nodes {
		if node.Ready {
			return true
		}
	}
	return false
}
