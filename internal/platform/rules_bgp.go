package platform

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// The rules about BGP sessions, between all sites.
var (
	ruleReservedAS = newRule(Rule{ID: "bgp-asn-reserved", Severity: hcl.DiagError,
		Title: "An AS number that no router may use"})
	rulePublicAS = newRule(Rule{ID: "bgp-asn-public", Severity: hcl.DiagWarning,
		Title: "A cluster with an AS number that is not for private use"})
	ruleSameAS = newRule(Rule{ID: "bgp-asn-same-both-ends", Severity: hcl.DiagError,
		Title: "A session out of the site with the same AS number at both ends"})
	ruleASTwice = newRule(Rule{ID: "bgp-asn-twice", Severity: hcl.DiagError,
		Title: "Two clusters with one AS number that reach each other"})
	ruleOneSided = newRule(Rule{ID: "bgp-peer-not-mutual", Severity: hcl.DiagError,
		Title: "A peer at another site that has no peer back"})
	ruleWrongAS = newRule(Rule{ID: "bgp-peer-wrong-asn", Severity: hcl.DiagError,
		Title: "A peer at another site with an AS number that the site does not have"})
	ruleMesh = newRule(Rule{ID: "bgp-mesh-with-switches", Severity: hcl.DiagWarning,
		Title: "A full mesh of nodes that peer with switches as well"})
	ruleTwoSpeakers = newRule(Rule{ID: "bgp-two-speakers", Severity: hcl.DiagWarning,
		Title: "Calico that peers with the same router as MetalLB or kube-vip"})
)

// reservedAS are the numbers that never belong to a router, and why.
var reservedAS = []struct {
	first, last int64
	why         string
}{
	{0, 0, "0 means no AS (RFC 7607)"},
	{23456, 23456, "it stands for numbers that old routers cannot read (RFC 6793)"},
	{64496, 64511, "64496 to 64511 are for documentation (RFC 5398)"},
	{65535, 65535, "it is reserved (RFC 7300)"},
	{65536, 65551, "65536 to 65551 are for documentation (RFC 5398)"},
	{65552, 131071, "65552 to 131071 are reserved by IANA"},
	{4294967295, 4294967295, "it is reserved (RFC 7300)"},
}

// whyReserved says what is wrong with an AS number, or "".
func whyReserved(n int64) string {
	if n < 0 || n > 4294967295 {
		return "AS numbers go from 1 to 4294967294"
	}
	for _, r := range reservedAS {
		if r.first <= n && n <= r.last {
			return r.why
		}
	}
	return ""
}

func privateAS(n int64) bool {
	return 64512 <= n && n <= 65534 || 4200000000 <= n && n <= 4294967294
}

// checkASNumbers checks each number by itself. Peers may have public ones:
// those of a carrier or a bank are nobody's choice here.
func (f *facts) checkASNumbers() hcl.Diagnostics {
	var found perUnit
	for _, speaker := range f.speakers() {
		found.add(speaker.unit, checkReserved(speaker.asNumber)...)
		found.add(speaker.unit, checkPublic(speaker.asNumber)...)
		for _, s := range speaker.sessions {
			found.add(s.unit, checkReserved(s.local)...)
			found.add(s.unit, checkPublic(s.local)...)
			found.add(s.unit, checkReserved(s.remote)...)
		}
	}
	return found.diagnostics()
}

const takePrivate = "take one from 64512 to 65534, or from 4200000000 to 4294967294."

func checkReserved(v value) hcl.Diagnostics {
	n, known := v.integer()
	why := whyReserved(n)
	if !known || why == "" {
		return nil
	}
	return hcl.Diagnostics{ruleReservedAS.finding("Reserved AS number",
		fmt.Sprintf("AS number %d cannot be used: %s. Instead, %s", n, why, takePrivate), v.places()...)}
}

func checkPublic(v value) hcl.Diagnostics {
	n, known := v.integer()
	if !known || whyReserved(n) != "" || privateAS(n) {
		return nil
	}
	return hcl.Diagnostics{rulePublicAS.finding("AS number for public use",
		fmt.Sprintf("AS number %d belongs to somebody on the Internet. Unless that is you, %s", n, takePrivate), v.places()...)}
}

// checkSessions checks each session against what is known of its other end, and
// says one thing of each.
func (f *facts) checkSessions() hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, speaker := range f.speakers() {
		for _, s := range speaker.sessions {
			local, knowsLocal := s.local.integer()
			remote, knowsRemote := s.remote.integer()
			if !knowsLocal || !knowsRemote {
				continue
			}
			other := f.owner(s.address, s.unit)
			switch {
			case other != nil && other.hasAS(local):
				// bgp-asn-twice says it better.
			case local == remote && (s.distant || f.leaves(s)):
				diags = append(diags, s.sameAS(local))
			case other != nil && other.knowsAS() && !other.hasAS(remote):
				diags = append(diags, s.wrongAS(remote, other))
			default:
				diags = append(diags, f.checkMutual(s, other)...)
			}
		}
	}
	return diags
}

func (s session) sameAS(n int64) *hcl.Diagnostic {
	return ruleSameAS.finding("Same AS number at both ends", fmt.Sprintf("%s and its peer %s both have AS number %d. "+
		"That makes the session internal: neither passes on to other internal peers what it learns from the other. "+
		"Give the cluster an AS number of its own.", s.unit.at(), s.address, n), allPlaces(s.local, s.remote, s.peer)...)
}

func (s session) wrongAS(n int64, other *network) *hcl.Diagnostic {
	has, _ := other.asNumber.integer()
	return ruleWrongAS.finding("Peer has another AS number", fmt.Sprintf("%s names %s with AS number %d, but that address belongs to %s, which has %d, at %s: "+
		"the session would never be established. Write %d.", s.unit.at(), s.address, n, other.unit.at(), has, other.asNumber.position(), has),
		allPlaces(other.asNumber, s.remote)...)
}

// leaves reports whether a session leaves the site: its peer is not on the
// network of the nodes. A switch there may well be in the cluster's own AS, as
// a route reflector.
func (f *facts) leaves(s session) bool {
	n := f.network(s.unit)
	return n != nil && n.nodes.set.IsValid() && s.address.IsValid() && !n.nodes.has(s.address)
}

func (s *speaker) knowsAS() bool {
	_, known := s.asNumber.integer()
	return known
}

func (s *speaker) hasAS(n int64) bool {
	own, known := s.asNumber.integer()
	return known && own == n
}

// checkMutual wants the cluster at the other end of a session to have a peer
// with the AS number of this one.
func (f *facts) checkMutual(s session, other *network) hcl.Diagnostics {
	local, _ := s.local.integer()
	remote, _ := s.remote.integer()
	if other == nil {
		other = f.withAS(remote, s)
	}
	if other == nil || !other.hasAS(remote) || !other.peers.IsWhollyKnown() || f.peersBack(other, s.unit, local) {
		return nil
	}
	where := other.peers
	if len(other.sessions) == 0 {
		where = other.asNumber
	}
	return hcl.Diagnostics{ruleOneSided.finding("Peer does not peer back", fmt.Sprintf("%s peers with %s, AS number %d, which is %s. "+
		"But %s has no peer with AS number %d, at %s: the session would never be established. Add one there, with an address of %s.",
		s.unit.at(), s.address, remote, other.unit.at(), other.unit.at(), local, where.position(), s.unit.at()),
		allPlaces(where, s.remote, s.peer)...)}
}

// peersBack reports whether a cluster has a session with the one that a unit
// and an AS number belong to. One that has its address right and its number
// wrong is a matter of bgp-peer-wrong-asn.
func (f *facts) peersBack(n *network, to *Unit, asNumber int64) bool {
	return slices.ContainsFunc(n.sessions, func(back session) bool {
		owner := f.owner(back.address, n.unit)
		return back.remoteIs(asNumber) || owner != nil && owner.unit.at() == to.at()
	})
}

func (s session) remoteIs(n int64) bool {
	remote, known := s.remote.integer()
	return known && remote == n
}

// withAS is the one cluster elsewhere that has an AS number, those of the same
// environment first. A switch on the nodes' own network is no cluster.
func (f *facts) withAS(n int64, s session) *network {
	if !f.leaves(s) {
		return nil
	}
	var same, all []*network
	for _, other := range f.networks {
		if other.unit.at() == s.unit.at() || !other.hasAS(n) {
			continue
		}
		all = append(all, other)
		if other.unit.Env == s.unit.Env {
			same = append(same, other)
		}
	}
	switch {
	case len(same) == 1:
		return same[0]
	case len(same) == 0 && len(all) == 1:
		return all[0]
	default:
		return nil
	}
}

// checkTwice finds clusters with one AS number between which routes should
// travel.
func (f *facts) checkTwice() hcl.Diagnostics {
	var diags hcl.Diagnostics
	byAS := map[int64][]*speaker{}
	reported := map[string]bool{} // places, each of which may have several speakers
	for _, s := range f.speakers() {
		n, known := s.asNumber.integer()
		if !known {
			continue
		}
		for _, other := range byAS[n] {
			if how := f.connection(other, s); how != "" && !reported[s.unit.at()] {
				reported[s.unit.at()] = true
				diags = append(diags, ruleASTwice.finding("AS number used twice", fmt.Sprintf("%s has AS number %d, and so has %s, at %s. %s. "+
					"Give one of them a number of its own.",
					s.unit.at(), n, other.unit.at(), other.asNumber.position(), how), allPlaces(other.asNumber, s.asNumber)...))
			}
		}
		byAS[n] = append(byAS[n], s)
	}
	return diags
}

// connection says how routes would get from one cluster to another of the same
// AS number, and what keeps them from it; or "". Routers that reflect routes
// within that AS are no obstacle.
func (f *facts) connection(a, b *speaker) string {
	if a.unit.at() == b.unit.at() {
		return ""
	}
	for _, s := range slices.Concat(a.sessions, b.sessions) {
		if owner := f.owner(s.address, s.unit); owner != nil && (owner.unit.at() == a.unit.at() || owner.unit.at() == b.unit.at()) {
			return "They peer with each other: the session would be internal, and no node would pass on what it learns there"
		}
	}
	for _, s := range a.sessions {
		remote, known := s.remote.integer()
		if !known || a.hasAS(remote) {
			continue
		}
		for _, t := range b.sessions {
			if t.remoteIs(remote) {
				return fmt.Sprintf("Both peer with AS %d: each would drop the other's routes as a loop, because they begin with its own number", remote)
			}
		}
	}
	return ""
}

// checkMesh finds nodes that learn every route twice: from each other, and from
// the switches that all of them peer with.
func (f *facts) checkMesh() hcl.Diagnostics {
	var found perUnit
	for _, n := range f.networks {
		if !n.mesh.truth(true) || !n.mesh.IsKnown() {
			continue
		}
		i := slices.IndexFunc(n.sessions, func(s session) bool {
			return s.allNodes && s.address.IsValid() && !s.distant && !f.leaves(s) && f.owner(s.address, s.unit) == nil
		})
		if i < 0 {
			continue
		}
		found.add(n.unit, ruleMesh.finding("Full mesh beside switches", "All nodes peer with a switch, which tells each of them about all others, "+
			"and with each other as well. Write node_to_node_mesh = false, or give the peers a node_selector.", allPlaces(n.sessions[i].peer, n.mesh)...))
	}
	return found.diagnostics()
}

// checkTwoSpeakers finds routers that both Calico and another speaker of a
// cluster peer with, from the same nodes (MetalLB's documentation, "Issues with
// Calico").
func (f *facts) checkTwoSpeakers() hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, speaker := range f.others {
		n := f.network(speaker.unit)
		if n == nil {
			continue
		}
		for _, s := range speaker.sessions {
			i := slices.IndexFunc(n.sessions, func(other session) bool { return s.address.IsValid() && other.address == s.address })
			if i < 0 {
				continue
			}
			diags = append(diags, ruleTwoSpeakers.finding("Two sessions with one router", fmt.Sprintf("%s and %s both peer with %s. "+
				"A router keeps one session with an address, so whichever comes second is refused. %s",
				n.unit.Path(), speaker.unit.Path(), s.address, s.apart), allPlaces(n.sessions[i].peer, s.peer)...))
		}
	}
	return diags
}
