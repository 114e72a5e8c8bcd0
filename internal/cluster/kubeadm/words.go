package kubeadm

import (
	"slices"
	"strings"
)

// NodeActions says in a few words, in the order of the work, what is done to
// each node: "drain, upgrade 1.34.4 to 1.34.5, uncordon".
func (p Plan) NodeActions() map[string]string {
	words := map[string][]string{}
	var minor []Step // worth a word only where nothing else is done
	for _, stage := range p.Stages {
		for _, step := range stage.Steps {
			if step.Action == Await || step.Action == Label && step.Words == "" {
				minor = append(minor, step)
				continue
			}
			words[step.Node] = append(words[step.Node], step.words())
		}
	}
	for _, step := range minor {
		if len(words[step.Node]) == 0 {
			words[step.Node] = []string{step.words()}
		}
	}
	actions := map[string]string{}
	for name, parts := range words {
		actions[name] = strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
	}
	return actions
}

// words are those of one step.
func (s Step) words() string {
	switch s.Action {
	case Prepare:
		return "prepare"
	case Reset:
		return "reset what was half done"
	case Init:
		return "initialise the cluster"
	case FinishInit:
		return "finish the initialisation"
	case JoinControlPlane:
		return "join as control plane"
	case JoinWorker:
		return "join as worker"
	case Snapshot:
		return "save etcd"
	case RemoveMember:
		return "remove from etcd"
	case UpgradeFirst, UpgradeNode:
		return "drain, upgrade " + s.From + " to " + s.To + ", uncordon"
	case Configure:
		return "configure " + s.Words
	case ConfigureKubelet:
		return "configure kubelet " + s.Words
	case Certificate:
		return "renew the API server's certificate"
	case VirtualAddress:
		return "write kube-vip"
	case Store:
		return "store the configuration (" + s.Words + ")"
	case Label:
		if s.Words == "" {
			return "note the labels as managed"
		}
		return s.Words
	case Mark:
		return "note that it has joined"
	case Uncordon:
		return "uncordon"
	case Remove:
		return s.removal()
	case Await:
		return "wait until Ready"
	}
	return string(s.Action)
}

func (s Step) removal() string {
	switch {
	case s.Gone:
		return "remove from the cluster"
	case len(s.Members) > 0:
		return "drain, remove from etcd and the cluster, reset"
	}
	return "drain, remove from the cluster, reset"
}
