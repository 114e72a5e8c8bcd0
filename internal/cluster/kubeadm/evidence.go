package kubeadm

import (
	"net"
	"net/url"
	"path"
	"slices"
	"strings"
)

// condition is what a machine is, by the evidence.
type condition int

const (
	silent   condition = iota // it does not answer
	blank                     // it has nothing of a cluster
	halfDone                  // it has what an init or a join that was cut off left
	member                    // it is a node of the cluster, in the role that is wanted
)

// condition weighs what a machine, the API and etcd say of a wanted node.
func (p *planner) condition(name string) condition {
	machine, asked := p.have.Machines[name]
	_, known := p.have.Nodes[name]
	switch {
	case !asked || machine.Failure != "":
		return silent
	case len(machine.leftovers()) == 0:
		return blank
	case known && machine.KubeletConf && p.roleComplete(name):
		return member
	}
	return halfDone
}

// roleComplete reports whether a control plane is one in every respect: the
// label is the last thing that kubeadm join puts, the etcd member may still be
// a learner. On a machine where a join has finished, somebody took the label.
func (p *planner) roleComplete(name string) bool {
	if p.want.Nodes[name].Role == Worker {
		return true
	}
	machine := p.have.Machines[name]
	labelled := p.have.Nodes[name].ControlPlane || p.want.owns(machine) && machine.Owner.Joined
	if !labelled || !machine.runsAPIServer() {
		return false
	}
	voters := slices.ContainsFunc(p.membersOf(name), func(m Member) bool { return !m.Learner })
	return voters || p.want.Etcd.External != nil || len(p.have.Members) == 0
}

// leftovers are the files of kubeadm on a machine, for people to look at.
func (m Machine) leftovers() []string {
	var found []string
	for _, manifest := range m.Manifests {
		if slices.Contains(planeComponents, component(manifest)) {
			found = append(found, path.Join("/etc/kubernetes/manifests", component(manifest)+".yaml"))
		}
	}
	files := []struct {
		there bool
		name  string
	}{
		{m.CAHash != "", "/etc/kubernetes/pki/ca.crt"},
		{m.AdminConf, AdminConf},
		{m.KubeletConf, "/etc/kubernetes/kubelet.conf"},
		{m.EtcdData, "the etcd data folder"},
	}
	for _, file := range files {
		if file.there {
			found = append(found, file.name)
		}
	}
	return found
}

// planeComponents are the static pods that kubeadm owns.
var planeComponents = []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}

func component(manifest string) string { return strings.TrimSuffix(manifest, ".yaml") }

// runsAPIServer reports whether a machine has the manifest of the API server.
func (m Machine) runsAPIServer() bool {
	return slices.ContainsFunc(m.Manifests, func(manifest string) bool { return component(manifest) == "kube-apiserver" })
}

// owns reports whether the marker on a machine is that of this cluster.
func (c Cluster) owns(m Machine) bool {
	return m.Owner != nil && m.Owner.Cluster == c.Name && m.Owner.Endpoint == c.Endpoint
}

// foreign reports whether a machine belongs to another cluster.
func (p *planner) foreign(m Machine) bool {
	return m.CAHash != "" && p.have.CAHash != "" && m.CAHash != p.have.CAHash
}

// membersOf are the etcd members of a node: those with its name, and those
// without one (a learner that never started) at its address.
func (p *planner) membersOf(name string) []Member {
	addresses := []string{p.want.Nodes[name].Address, p.have.Nodes[name].InternalIP}
	var found []Member
	for _, m := range p.have.Members {
		if m.Name == name || m.Name == "" && slices.Contains(addresses, m.host()) {
			found = append(found, m)
		}
	}
	return found
}

// host is the address of a member's machine.
func (m Member) host() string {
	u, err := url.Parse(m.PeerURL)
	if err != nil {
		return ""
	}
	if host, _, err := net.SplitHostPort(u.Host); err == nil {
		return host
	}
	return u.Host
}

func identifiers(members []Member) []uint64 {
	var ids []uint64
	for _, m := range members {
		ids = append(ids, m.ID)
	}
	return ids
}
