package kubeadm

import (
	"fmt"
	"slices"
	"strings"
)

// QuorumOf is how many of so many voting members must be healthy.
func QuorumOf(members int) int { return members/2 + 1 }

// Tolerates is how many of the healthy members can be lost; negative when the
// quorum is lost already.
func Tolerates(healthy, members int) int { return healthy - QuorumOf(members) }

// electorate is etcd's voting members at one moment of a plan.
type electorate struct {
	members, healthy int
}

func newElectorate(members []Member) electorate {
	var e electorate
	for _, m := range members {
		if !m.Learner {
			e.members++
			if m.Healthy {
				e.healthy++
			}
		}
	}
	return e
}

// without is what remains when some of the members leave.
func (e electorate) without(ids []uint64, all []Member) electorate {
	gone := newElectorate(slices.DeleteFunc(slices.Clone(all), func(m Member) bool { return !slices.Contains(ids, m.ID) }))
	return electorate{e.members - gone.members, e.healthy - gone.healthy}
}

func (e electorate) String() string {
	text := plural(e.members, "member")
	if e.healthy < e.members {
		text += fmt.Sprintf(", %d healthy", e.healthy)
	}
	switch n := Tolerates(e.healthy, e.members); {
	case n > 0:
		return fmt.Sprintf("%s, tolerates the loss of %d", text, n)
	case n == 0:
		return text + ", tolerates none"
	}
	return text + ", no quorum"
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// checkMembership walks through what the plan does to etcd: it refuses what
// loses the quorum and warns what etcd looks like on the way.
func (p *planner) checkMembership() {
	p.checkLastPlane()
	steps := slices.Concat(p.work.reset, p.work.dead, p.work.joinPlanes, p.work.removePlanes)
	steps = slices.DeleteFunc(steps, func(s Step) bool { return s.Action != JoinControlPlane && len(s.Members) == 0 })
	if len(steps) == 0 || p.have.Configuration == nil || p.want.Etcd.External != nil {
		return
	}
	if len(p.have.Members) == 0 {
		p.refuse(Unreachable, "", "Make a control plane with a healthy etcd reachable.", "control planes are to change, but etcd could not be asked for its members")
		return
	}
	e := newElectorate(p.have.Members)
	if Tolerates(e.healthy, e.members) < 0 {
		p.refuse(Quorum, "", "Bring members back, or restore etcd from a snapshot.",
			"etcd has lost its quorum: %d of %d members are healthy, %d are needed", e.healthy, e.members, QuorumOf(e.members))
		return
	}
	p.forecast(e, steps)
}

func (p *planner) forecast(e electorate, steps []Step) {
	forecast := []string{e.String()}
	if e.healthy == e.members && e.members > 1 {
		forecast[0] = strings.Replace(e.String(), ",", ", all healthy,", 1)
	}
	for _, step := range steps {
		after, verb := e.without(step.Members, p.have.Members), "remove"
		if step.Action == JoinControlPlane {
			after, verb = electorate{e.members + 1, e.healthy + 1}, "join"
			p.checkJoin(step.Node, e)
		} else {
			p.checkRemoval(step.Node, e, after)
		}
		if after != e {
			forecast = append(forecast, fmt.Sprintf("(%s %s) %s", verb, step.Node, after))
		}
		e = after
	}
	if len(forecast) > 1 {
		p.warnf("etcd: %s", strings.Join(forecast, " -> "))
	}
}

func (p *planner) checkJoin(node string, e electorate) {
	if e.healthy < e.members {
		p.refuse(Quorum, node, "Bring the unhealthy member back, or remove its node from `nodes` to have it taken out first.",
			"it cannot join: etcd takes in no member while another is unhealthy, and %d of %d are healthy", e.healthy, e.members)
	}
}

func (p *planner) checkRemoval(node string, before, after electorate) {
	if after.members == 0 || Tolerates(after.healthy, after.members) < 0 && after.members < before.members {
		p.refuse(Quorum, node, "Bring unhealthy members back, or add control planes first.",
			"removing it would leave etcd with %s of which %d healthy, and %d are needed",
			plural(after.members, "member"), after.healthy, QuorumOf(after.members))
	}
}

// checkLastPlane keeps one control plane that works.
func (p *planner) checkLastPlane() {
	if p.have.Configuration == nil || len(p.work.removePlanes) == 0 {
		return
	}
	for _, name := range slices.Concat(p.staying, p.arriving) {
		if p.want.Nodes[name].Role == ControlPlane {
			return
		}
	}
	for _, step := range p.work.removePlanes {
		p.refuse(Quorum, step.Node, "Keep it, or add another control plane in the same change.", "it is the last control plane that answers")
	}
}

// checkRestart refuses to restart the etcd of a control plane while another one
// is down that is needed in the meantime.
func (p *planner) checkRestart(name string) {
	e := newElectorate(p.have.Members)
	if e.healthy < e.members && Tolerates(e.healthy, e.members) < 1 {
		p.refuse(Quorum, name, "Bring the members that are down back first.",
			"etcd is to be restarted there, and would lose its quorum: %s", e)
	}
}
