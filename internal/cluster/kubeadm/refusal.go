package kubeadm

import (
	"slices"
	"strings"
)

// Kind is what sort of reason stands against a plan.
type Kind string

// The kinds of reasons.
const (
	Unreachable Kind = "unreachable" // a machine, the API or etcd does not answer
	Leftovers   Kind = "leftovers"   // a machine has files of something that is not ours
	OtherCA     Kind = "other-ca"    // a machine belongs to another cluster
	Quorum      Kind = "quorum"      // etcd would lose its quorum, or has lost it
	Immutable   Kind = "immutable"   // what cannot be changed once a cluster is made
	Skew        Kind = "skew"        // versions that do not go together
	Conflict    Kind = "conflict"    // a node is something else than what is wanted
)

// Reason is one thing that stands against a plan.
type Reason struct {
	Kind Kind
	Node string // "" when it concerns the whole cluster
	Text string
	Hint string // what to do now
}

// Refusal is why there is no plan: all reasons together.
type Refusal struct {
	Reasons []Reason
}

// Error names every reason, one a line.
func (r *Refusal) Error() string {
	lines := make([]string, len(r.Reasons))
	for i, reason := range r.Reasons {
		lines[i] = reason.Text
		if reason.Node != "" {
			lines[i] = reason.Node + ": " + reason.Text
		}
	}
	return strings.Join(lines, "\n")
}

// Hint says what to do about the reasons, each advice once.
func (r *Refusal) Hint() string {
	var hints []string
	for _, reason := range r.Reasons {
		if reason.Hint != "" && !slices.Contains(hints, reason.Hint) {
			hints = append(hints, reason.Hint)
		}
	}
	return strings.Join(hints, "\n")
}

// Only reports whether every reason is of one kind.
func (r *Refusal) Only(kind Kind) bool {
	return !slices.ContainsFunc(r.Reasons, func(reason Reason) bool { return reason.Kind != kind })
}
