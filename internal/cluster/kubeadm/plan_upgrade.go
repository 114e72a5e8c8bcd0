package kubeadm

import (
	"fmt"
	"maps"
	"slices"
)

// upgrade plans the way of the staying nodes to the wanted version: kubeadm
// upgrade apply on one control plane, the other control planes one by one, then
// workers. kubeadm notes the version in its configuration at the end of apply,
// so a cluster that has it there needs no second one.
func (p *planner) upgrade() {
	have, want := p.have.Configuration.Version, p.want.Version
	if err := CheckUpgrade(have, want); err != nil {
		p.refuse(Skew, "", "", "%v", err)
		return
	}
	p.checkSkew()
	planes, workers := p.outdated()
	if !sameVersion(have, want) {
		planes = p.upgradeApply(planes)
	}
	for _, name := range planes {
		p.work.upgradePlanes = append(p.work.upgradePlanes, p.upgradeStep(UpgradeNode, name))
	}
	for _, name := range workers {
		p.work.upgradeWorkers = append(p.work.upgradeWorkers, p.upgradeStep(UpgradeNode, name))
	}
	p.work.workerBatch = p.want.WorkerBatch
	if len(p.work.upgradeFirst)+len(p.work.upgradePlanes) > 0 {
		p.checkAllAnswer()
	}
}

// upgradeApply plans kubeadm upgrade apply on the control plane where a run
// that was cut off began it, else on the first by name. It returns the other
// control planes.
func (p *planner) upgradeApply(planes []string) []string {
	var first string
	for _, name := range p.stayingPlanes() {
		begun := sameVersion(p.have.Machines[name].StaticPods["kube-apiserver"], p.want.Version)
		if first == "" || begun {
			first = name
		}
		if begun {
			break
		}
	}
	if first == "" {
		p.refuse(Conflict, "", "Upgrade first, then replace them, or the other way round.",
			"the version cannot change while every control plane that answers is replaced")
		return nil
	}
	p.work.upgradeFirst = append(p.work.upgradeFirst, p.upgradeStep(UpgradeFirst, first))
	return slices.DeleteFunc(planes, func(name string) bool { return name == first })
}

// stayingPlanes are the control planes that stay, by name.
func (p *planner) stayingPlanes() []string {
	return slices.DeleteFunc(slices.Clone(p.staying), func(name string) bool { return p.want.Nodes[name].Role != ControlPlane })
}

// outdated are the staying nodes that have not the wanted version.
func (p *planner) outdated() (planes, workers []string) {
	for _, name := range p.staying {
		kubelet := p.have.Nodes[name].KubeletVersion
		server, hasServer := p.have.Machines[name].StaticPods["kube-apiserver"]
		current := sameVersion(kubelet, p.want.Version)
		switch {
		case p.want.Nodes[name].Role == Worker && !current:
			workers = append(workers, name)
		case p.want.Nodes[name].Role == ControlPlane && (!current || hasServer && !sameVersion(server, p.want.Version)):
			planes = append(planes, name)
		}
	}
	return planes, workers
}

func (p *planner) upgradeStep(action Action, name string) Step {
	step := p.step(action, name)
	step.From, step.To = p.have.Nodes[name].KubeletVersion, p.want.Version
	return step
}

// checkSkew refuses versions that do not work together once the API server is
// upgraded, also on nodes that do not answer.
func (p *planner) checkSkew() {
	for _, name := range slices.Sorted(maps.Keys(p.have.Nodes)) {
		if _, wanted := p.want.Nodes[name]; !wanted {
			continue
		}
		if fault := checkKubelet(p.have.Nodes[name].KubeletVersion, p.want.Version); fault != "" {
			p.refuse(Skew, name, fmt.Sprintf("Set a version that is at least the newest and at most %d minor versions above the oldest kubelet, or replace the node.", kubeletSkew), "%s", fault)
		}
		if fault := checkServers(p.have.Machines[name].StaticPods["kube-apiserver"], p.want.Version); fault != "" {
			p.refuse(Skew, name, "Bring all control planes to one version first.", "%s", fault)
		}
	}
}

// checkAllAnswer refuses to upgrade beside a control plane that is down: kubeadm
// stops at it, and etcd would lose another member with every restart.
func (p *planner) checkAllAnswer() {
	for _, name := range p.silent {
		if p.want.Nodes[name].Role == ControlPlane {
			p.refuse(Unreachable, name, "Bring it back, or remove it from `nodes` to have it taken out first.",
				"control planes cannot be upgraded while this one does not answer: %s", p.have.failure(name))
		}
	}
}
