package kubeadm

import (
	"maps"
	"slices"
	"strings"
)

// controlPlaneKey is the label and the taint that kubeadm gives to control planes.
const controlPlaneKey = "node-role.kubernetes.io/control-plane"

var planeTaint = Taint{Key: controlPlaneKey, Effect: "NoSchedule"}

// String writes a taint as kubectl does: key=value:effect.
func (t Taint) String() string {
	if t.Value == "" {
		return t.Key + ":" + t.Effect
	}
	return t.Key + "=" + t.Value + ":" + t.Effect
}

// identity is what makes a taint another one; a value can be replaced.
func (t Taint) identity() Taint { return Taint{Key: t.Key, Effect: t.Effect} }

// LabelChange is what a Label step does to a Node.
type LabelChange struct {
	Set     map[string]string // labels to set
	Unset   []string          // label keys to remove, sorted
	Taint   []Taint           // taints to put
	Untaint []Taint           // taints to remove
	Owned   Owned             // what OwnedAnnotation says afterwards
}

// Empty reports whether the Node is as wanted. What is owned does not count: a
// Node that was labelled by hand as wanted needs no change.
func (l LabelChange) Empty() bool {
	return len(l.Set) == 0 && len(l.Unset) == 0 && len(l.Taint) == 0 && len(l.Untaint) == 0
}

// LabelsOf compares a Node with what is wanted of it. Labels and taints that
// are neither wanted nor known to be this provider's are left alone.
func LabelsOf(want Node, have NodeObject) LabelChange {
	owned := Owned{}
	if have.Owned != nil {
		owned = *have.Owned
	}
	change := LabelChange{
		Set:   map[string]string{},
		Owned: Owned{Labels: slices.Sorted(maps.Keys(want.Labels)), Taints: want.Taints},
	}
	for key, value := range want.Labels {
		if have, ok := have.Labels[key]; !ok || have != value {
			change.Set[key] = value
		}
	}
	if want.Role == ControlPlane && !have.ControlPlane {
		change.Set[controlPlaneKey] = ""
	}
	for _, key := range slices.Sorted(slices.Values(owned.Labels)) {
		_, wanted := want.Labels[key]
		if _, there := have.Labels[key]; there && !wanted {
			change.Unset = append(change.Unset, key)
		}
	}
	change.taint(want, have, owned)
	return change
}

func (l *LabelChange) taint(want Node, have NodeObject, owned Owned) {
	if want.Taints == nil && owned.Taints == nil {
		return
	}
	wanted, ours := want.Taints, owned.Taints
	if want.Role == ControlPlane {
		if want.Taints == nil {
			wanted = []Taint{planeTaint}
		}
		ours = append(slices.Clone(ours), planeTaint) // taints replace the role's
	}
	for _, taint := range wanted {
		if !slices.Contains(have.Taints, taint) {
			l.Taint = append(l.Taint, taint)
		}
	}
	for _, taint := range have.Taints {
		if containsTaint(ours, taint) && !containsTaint(wanted, taint) {
			l.Untaint = append(l.Untaint, taint)
		}
	}
}

// equal compares what is owned with what was noted; nothing noted is nothing
// owned.
func (o Owned) equal(noted *Owned) bool {
	if noted == nil {
		noted = &Owned{}
	}
	return slices.Equal(o.Labels, noted.Labels) && (o.Taints == nil) == (noted.Taints == nil) && slices.Equal(o.Taints, noted.Taints)
}

func containsTaint(taints []Taint, taint Taint) bool {
	return slices.ContainsFunc(taints, func(t Taint) bool { return t.identity() == taint.identity() })
}

// String says what changes, in one order: "labels +zone=a -disk, taints
// +gpu:NoSchedule".
func (l LabelChange) String() string {
	var labels, taints []string
	for _, key := range slices.Sorted(maps.Keys(l.Set)) {
		labels = append(labels, "+"+strings.TrimSuffix(key+"="+l.Set[key], "="))
	}
	for _, key := range l.Unset {
		labels = append(labels, "-"+key)
	}
	for _, taint := range l.Taint {
		taints = append(taints, "+"+taint.String())
	}
	for _, taint := range l.Untaint {
		taints = append(taints, "-"+taint.String())
	}
	var parts []string
	if len(labels) > 0 {
		parts = append(parts, "labels "+strings.Join(labels, " "))
	}
	if len(taints) > 0 {
		parts = append(parts, "taints "+strings.Join(taints, " "))
	}
	return strings.Join(parts, ", ")
}
