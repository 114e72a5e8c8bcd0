package kubeadm

import (
	"maps"
	"slices"
	"strings"
)

// EtcdArguments is what the arguments of etcd are called in a configuration, and
// in the words of a Configure step that changes them.
const EtcdArguments = "etcd.local.extraArgs"

// configure plans what changes the control planes and the kubelets that stay.
// The ConfigMaps come last: as long as one machine lacks a change, they differ
// from what is wanted, and a run that was cut off is taken up.
func (p *planner) configure() {
	var changed []string
	for _, d := range p.have.Configuration.Differences(p.want) {
		if !d.Immutable {
			changed = append(changed, d.Setting)
		}
	}
	virtualIP, err := p.want.virtualIPHash()
	if err != nil {
		p.refuse(Conflict, "", "", "%v", err)
		return
	}
	for _, name := range p.stayingPlanes() {
		p.configurePlane(name, changed)
		if virtualIP != "" && p.have.Machines[name].VirtualIPManifest != virtualIP {
			p.work.configure = append(p.work.configure, p.step(VirtualAddress, name))
		}
	}
	kubelet, err := newKubelet(p.want.Kubelet, p.have.Kubelet, p.have.KubeletOwned)
	if err != nil {
		p.refuse(Conflict, "", "", "%v", err)
		return
	}
	for _, name := range p.staying {
		p.configureKubelet(name, kubelet)
	}
	if kubelet.changed || p.unnoted(kubelet) {
		changed = append(changed, "kubelet")
	}
	p.store(changed)
}

// unnoted reports whether this provider has yet to note which settings of the
// kubelets are its own. In a cluster made by other hands it notes them with the
// first change.
func (p *planner) unnoted(k kubelet) bool {
	ours := slices.ContainsFunc(p.staying, func(name string) bool { return p.want.owns(p.have.Machines[name]) })
	return (ours || len(p.arriving) > 0) && !slices.Equal(k.owns, slices.Sorted(slices.Values(p.have.KubeletOwned)))
}

func (p *planner) store(changed []string) {
	planes := p.stayingPlanes()
	if len(changed) == 0 || len(planes) == 0 {
		return
	}
	for _, name := range p.silent {
		if p.want.Nodes[name].Role == ControlPlane || slices.Contains(changed, "kubelet") {
			p.warnf("%s: it does not answer and cannot take over %s. The change stays in the plan until the machine is back or removed.", name, strings.Join(changed, ", "))
			return
		}
	}
	step := p.step(Store, planes[0])
	step.Words = strings.Join(changed, ", ")
	p.work.store = append(p.work.store, step)
}

// configurePlane plans the manifests and the certificate of one control plane.
func (p *planner) configurePlane(name string, changed []string) {
	machine := p.have.Machines[name]
	manifests := slices.DeleteFunc(slices.Clone(changed), func(setting string) bool { return setting == certSANs })
	manifests = append(manifests, p.want.missingArguments(machine)...)
	if len(manifests) > 0 {
		slices.Sort(manifests)
		if slices.Contains(manifests, EtcdArguments) {
			p.checkRestart(name)
		}
		step := p.step(Configure, name)
		step.Words = strings.Join(slices.Compact(manifests), ", ")
		p.work.configure = append(p.work.configure, step)
	}
	if slices.Contains(changed, certSANs) || machine.CertificateSANs != nil && !containsAll(machine.CertificateSANs, p.want.CertificateSANs) {
		step := p.step(Certificate, name)
		step.Words = strings.Join(p.want.CertificateSANs, ", ")
		p.work.configure = append(p.work.configure, step)
	}
}

// missingArguments are the components of a machine whose manifests lack
// arguments that are wanted.
func (c Cluster) missingArguments(m Machine) []string {
	if m.Arguments == nil {
		return nil
	}
	wanted := map[string][]Argument{
		"kube-apiserver": c.APIServer.ExtraArgs, "kube-controller-manager": c.ControllerManager.ExtraArgs,
		"kube-scheduler": c.Scheduler.ExtraArgs, "etcd": c.Etcd.ExtraArgs,
	}
	settings := map[string]string{
		"kube-apiserver": "apiServer.extraArgs", "kube-controller-manager": "controllerManager.extraArgs",
		"kube-scheduler": "scheduler.extraArgs", "etcd": EtcdArguments,
	}
	var missing []string
	for _, component := range slices.Sorted(maps.Keys(wanted)) {
		if !containsAll(m.Arguments[component], wanted[component]) {
			missing = append(missing, settings[component])
		}
	}
	return missing
}

func containsAll[T comparable](have, want []T) bool {
	return !slices.ContainsFunc(want, func(one T) bool { return !slices.Contains(have, one) })
}

func (p *planner) configureKubelet(name string, k kubelet) {
	machine := p.have.Machines[name]
	var words []string
	if k.differs(machine.KubeletConfig) {
		words = append(words, "configuration")
	}
	if p.want.Nodes[name].argumentsDiffer(machine) {
		words = append(words, "arguments")
	}
	if len(words) > 0 {
		step := p.step(ConfigureKubelet, name)
		step.Words = strings.Join(words, " and ")
		p.work.kubelets = append(p.work.kubelets, step)
	}
}

// argumentsDiffer reports whether the kubelet's arguments lack one that is
// wanted, or keep one of ours that is not.
func (n Node) argumentsDiffer(m Machine) bool {
	have := strings.Fields(m.KubeletArgs)
	for _, arg := range n.KubeletArgs {
		if !slices.Contains(have, "--"+arg.Name+"="+arg.Value) {
			return true
		}
	}
	if m.Owner == nil {
		return false
	}
	return slices.ContainsFunc(m.Owner.KubeletArgs, func(name string) bool {
		set := slices.ContainsFunc(have, func(word string) bool { return strings.HasPrefix(word, "--"+name+"=") })
		wanted := slices.ContainsFunc(n.KubeletArgs, func(arg Argument) bool { return arg.Name == name })
		return set && !wanted
	})
}

// saveEtcd plans a snapshot before anything that can hurt etcd.
func (p *planner) saveEtcd() {
	risky := slices.Concat(p.work.dead, p.work.upgradeFirst, p.work.upgradePlanes, p.work.configure, p.work.removePlanes)
	risky = slices.DeleteFunc(risky, func(s Step) bool {
		return s.Role != ControlPlane || s.Action == VirtualAddress || s.Action == Certificate
	})
	if planes := p.stayingPlanes(); len(risky) > 0 && len(planes) > 0 && p.want.Etcd.External == nil {
		p.work.snapshot = append(p.work.snapshot, p.step(Snapshot, planes[0]))
	}
}
