package kubeadm

import (
	"maps"
	"slices"
	"time"
)

// renewWithin is how long before the end of a certificate a plan mentions it;
// kubeadm's live for a year.
const renewWithin = 30 * 24 * time.Hour

// warn adds what a reviewer should know though nothing stands against the plan.
func (p *planner) warn() {
	planes := 0
	for _, node := range p.want.Nodes {
		if node.Role == ControlPlane {
			planes++
		}
	}
	if planes%2 == 0 && planes > 0 && p.want.Etcd.External == nil {
		p.warnf("An even number of control planes (%d) tolerates the loss of %d, as %d would: use an odd number.", planes, Tolerates(planes, planes), planes-1)
	}
	for _, name := range slices.Sorted(maps.Keys(p.want.Nodes)) {
		p.warnOf(name, p.have.Machines[name])
	}
}

func (p *planner) warnOf(name string, machine Machine) {
	if len(machine.Jobs) > 0 {
		p.warnf("%s: a command of a run that was cut off is still at work there; the apply waits for it.", name)
	}
	if !slices.Contains(p.staying, name) {
		return
	}
	if end := machine.Expiry; !end.IsZero() && end.Sub(p.have.At) < renewWithin {
		p.warnf("%s: a certificate ends on %s. An upgrade renews the certificates, and so does the action that renews them.", name, end.UTC().Format(time.DateOnly))
	}
	for _, m := range p.membersOf(name) {
		if !m.Healthy {
			p.warnf("%s: its etcd member is unhealthy.", name)
		}
	}
}
