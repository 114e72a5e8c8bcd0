package platform

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// The rules about addresses. All sites are one network.
var (
	ruleAddresses = newRule(Rule{ID: "address-range", Severity: hcl.DiagError,
		Title: "A network with host bits, or a range that runs backwards"})
	ruleOverlap = newRule(Rule{ID: "network-overlap", Severity: hcl.DiagError,
		Title: "Ranges or addresses that overlap, in one site or between sites"})
	ruleVIPInPool = newRule(Rule{ID: "vip-in-pool", Severity: hcl.DiagError,
		Title: "An API address inside a range that is given out to pods or services"})
	ruleVIPOutside = newRule(Rule{ID: "vip-outside-nodes", Severity: hcl.DiagWarning,
		Title: "An API address outside the nodes' own network"})
	rulePoolSilent = newRule(Rule{ID: "pool-not-announced", Severity: hcl.DiagError,
		Title: "A pool of addresses that nobody announces"})
)

// checkAddresses checks how each range is written.
func (f *facts) checkAddresses() hcl.Diagnostics {
	var found perUnit
	for _, a := range f.ranges {
		if a.problem != "" {
			found.add(a.unit, ruleAddresses.finding("Range written badly", fmt.Sprintf("The %s %q cannot be used like this: %s.", a.kind, a.text(), a.problem), a.places()...))
		}
	}
	return found.diagnostics()
}

// checkOverlaps compares the ranges of all sites. One that clashes with several
// is reported once, with the first of them.
func (f *facts) checkOverlaps() hcl.Diagnostics {
	ranges := slices.DeleteFunc(slices.Clone(f.ranges), func(a *addresses) bool { return !a.set.IsValid() || a.kind == announcedRange })
	slices.SortStableFunc(ranges, func(a, b *addresses) int { return a.set.From().Compare(b.set.From()) })
	clashes := map[string]*clash{}
	for i, a := range ranges {
		for _, b := range ranges[i+1:] {
			if a.set.To().Less(b.set.From()) {
				break // in this order no later one begins earlier
			}
			if !f.mayOverlap(a, b) {
				note(clashes, a, b)
			}
		}
	}
	var diags hcl.Diagnostics
	for _, key := range keys(clashes) {
		diags = append(diags, clashes[key].finding())
	}
	return diags
}

// mayOverlap knows which ranges share addresses on purpose: what is given out
// on the nodes' own network is part of it, and two components may both name
// the same network of one cluster.
func (f *facts) mayOverlap(a, b *addresses) bool {
	if a.unit.at() == b.unit.at() && a.kind == b.kind && a.sharedWith(b) {
		return true
	}
	if a.kind == nodeRange && b.kind == nodeAddress || a.kind == nodeAddress && b.kind == nodeRange {
		return true // a machine may stand elsewhere; two with one address are found anyway
	}
	onLAN := []kind{nodeRange, loadBalancerRange, apiAddress}
	return (a.kind == nodeRange || b.kind == nodeRange) && slices.Contains(onLAN, a.kind) && slices.Contains(onLAN, b.kind) && f.sameLAN(a.unit, b.unit)
}

// sharedWith reports whether two ranges of one kind and place may have addresses
// in common. Clusters share nothing but their machines' network; a pool of
// Calico is part of the pods' network that its cluster was made with.
func (a *addresses) sharedWith(b *addresses) bool {
	oneMakes, otherMakes := a.unit.Source.Module() == "cluster", b.unit.Source.Module() == "cluster"
	switch {
	case a.kind == nodeRange, oneMakes != otherMakes:
		return true
	case oneMakes:
		return false
	default:
		return a.kind != podRange && a.kind != loadBalancerRange
	}
}

// sameLAN reports whether the nodes of two units share one network: those of a
// site do, and those of sites of one name in several environments, such as
// stage/seoul and prod/seoul, when they have the same range.
func (f *facts) sameLAN(a, b *Unit) bool {
	if a.at() == b.at() {
		return true
	}
	if a.Site == nil || b.Site == nil || a.Site.Name != b.Site.Name {
		return false
	}
	m, n := f.lans[a.at()], f.lans[b.at()]
	return m != nil && n != nil && m.set == n.set
}

// clash is a range with the first of those that it clashes with.
type clash struct {
	rule          Rule
	first, second *addresses
	involved      map[string]bool // all of them, as messages call them
}

// note records that two ranges clash. The one written later is to blame, or
// else the API address: it is the easier one to move.
func note(clashes map[string]*clash, a, b *addresses) {
	c := &clash{rule: ruleOverlap, first: a, second: b}
	if c.first.after(c.second) {
		c.first, c.second = c.second, c.first
	}
	givenOut := func(k kind) bool { return k == podRange || k == serviceRange || k == loadBalancerRange }
	if a.kind == apiAddress && givenOut(b.kind) || b.kind == apiAddress && givenOut(a.kind) {
		c.rule = ruleVIPInPool
		if c.first.kind == apiAddress {
			c.first, c.second = c.second, c.first
		}
	}
	key := fmt.Sprint(c.rule.ID, c.second.where())
	known := clashes[key]
	if known == nil {
		known = c
		known.involved = map[string]bool{}
		clashes[key] = known
	}
	if known.first.after(c.first) {
		known.first, known.second = c.first, c.second
	}
	known.involved[a.String()], known.involved[b.String()] = true, true
}

// after orders addresses by where they are written, and by site where that is
// the same line.
func (a *addresses) after(b *addresses) bool {
	return cmp.Or(compareRanges(a.where(), b.where()), cmp.Compare(a.unit.at(), b.unit.at())) > 0
}

func (c *clash) finding() *hcl.Diagnostic {
	detail := fmt.Sprintf("The %s overlaps with the %s, at %s.", c.second, c.first, c.first.position())
	if others := len(c.involved) - 2; others > 0 {
		detail += fmt.Sprintf(" So do %d more.", others)
	}
	if c.rule.ID == ruleVIPInPool.ID {
		return c.rule.finding("API address may be given away", detail+
			" The cluster would give the address to something else one day. Take it out of the range, or choose another.", allPlaces(c.first.value, c.second.value)...)
	}
	if c.first.single() || c.second.single() {
		return c.rule.finding("Address used twice", detail+
			" All sites are one network: packets for this address would end at one of the two. Give one of them another.", allPlaces(c.first.value, c.second.value)...)
	}
	return c.rule.finding("Ranges overlap", detail+
		" All sites are one network: packets for these addresses would end at one of the two. Give one of them a range of its own.", allPlaces(c.first.value, c.second.value)...)
}

// checkVIPs wants the address of the API to be on the network that its holders
// answer ARP on.
func (f *facts) checkVIPs() hcl.Diagnostics {
	var found perUnit
	for _, v := range f.vips {
		u := v.address.unit
		if v.address.set.IsValid() && v.nodes.set.IsValid() && !v.nodes.has(v.address.set.From()) && !f.routed[u.at()] {
			found.add(u, ruleVIPOutside.finding("API address outside the nodes' network", fmt.Sprintf("The %s is not in the %s, at %s. "+
				"No node can answer for it there unless it is announced by BGP.", v.address, v.nodes, v.nodes.position()), allPlaces(v.nodes.value, v.address.value)...))
		}
	}
	return found.diagnostics()
}

// checkPools wants somebody to announce each pool.
func (f *facts) checkPools() hcl.Diagnostics {
	var found perUnit
	for _, p := range f.pools {
		detail := fmt.Sprintf("Pool %q has advertise = \"none\", and service_load_balancer_ips of the network does not cover it: no router learns its addresses. "+
			"Write \"l2\" or \"bgp\", or let Calico announce it.", p.name)
		switch {
		case p.advertise == "bgp" && p.peerless:
			detail = fmt.Sprintf("Pool %q has advertise = \"bgp\", but there are no bgp_peers to announce it to. Add one, or write \"l2\".", p.name)
		case p.advertise != "none" || f.announces(p):
			continue
		}
		found.add(p.unit, rulePoolSilent.finding("Pool that nobody announces", detail, p.places()...))
	}
	return found.diagnostics()
}

// announces reports whether Calico announces all of a pool, as far as one knows.
func (f *facts) announces(p pool) bool {
	n := f.network(p.unit)
	if n == nil {
		return false
	}
	return n.announcesMore || !slices.ContainsFunc(p.addresses, func(a *addresses) bool {
		return a.set.IsValid() && !slices.ContainsFunc(n.announced, func(b *addresses) bool { return b.has(a.set.From()) && b.has(a.set.To()) })
	})
}
