package platform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"
)

// The rules about applications.
var (
	ruleRouteTwice = newRule(Rule{ID: "kong-route-twice", Severity: hcl.DiagError,
		Title: "Two routes of one Kong that match the same requests"})
	ruleReplicationLoop = newRule(Rule{ID: "harbor-replication-loop", Severity: hcl.DiagError,
		Title: "Replications that copy in both directions by themselves"})
)

// checkRoutes compares the routes of each Kong with each other. Two Kongs may
// well serve the same host: that is what a second site is for.
func (f *facts) checkRoutes() hcl.Diagnostics {
	var found perUnit
	byGateway := map[string][]route{}
	for _, b := range f.routes {
		for _, a := range byGateway[b.gateway] {
			request, same := a.sameRequest(b)
			if !same {
				continue
			}
			found.add(b.unit, ruleRouteTwice.finding("Two routes match the same requests", fmt.Sprintf("Routes %q and %q, at %s, both match %s. "+
				"Which of them gets a request depends on which was made first. Change the hosts, paths or methods of one.",
				b.name, a.name, a.position(), request), allPlaces(a.value, b.value)...))
			break
		}
		byGateway[b.gateway] = append(byGateway[b.gateway], b)
	}
	return found.diagnostics()
}

// sameRequest describes a request that two routes match equally well. A route
// that asks for more, such as a method, goes first and is no clash.
func (a route) sameRequest(b route) (string, bool) {
	if !a.get("headers").RawEquals(b.get("headers").Value) || !a.get("regex_priority").RawEquals(b.get("regex_priority").Value) {
		return "", false
	}
	var request []string
	for _, what := range []string{"protocols", "methods", "hosts", "paths"} {
		mine, theirs := a.texts(what), b.texts(what)
		if len(mine) == 0 && len(theirs) == 0 {
			continue
		}
		i := slices.IndexFunc(mine, func(s string) bool { return slices.Contains(theirs, s) })
		if i < 0 {
			return "", false
		}
		if what != "protocols" {
			request = append(request, mine[i])
		}
	}
	return strings.Join(request, " "), len(request) > 0
}

// texts are what a route matches by, with Kong's defaults.
func (a route) texts(what string) []string {
	texts := a.get(what).texts()
	switch {
	case what == "protocols" && len(texts) == 0:
		return []string{"http", "https"}
	case what == "hosts":
		for i := range texts {
			texts[i] = strings.ToLower(texts[i])
		}
	}
	return texts
}

// checkReplications finds pairs of policies that copy the same project there
// and back without anybody asking.
func (f *facts) checkReplications() hcl.Diagnostics {
	var found perUnit
	for i, b := range f.replications {
		for _, a := range f.replications[:i] {
			if !a.feeds(b) || !b.feeds(a) {
				continue
			}
			found.add(b.unit, ruleReplicationLoop.finding("Replications in a circle", fmt.Sprintf("%q of %s copies %q to %s, and %q of %s, at %s, copies it back. "+
				"An old image would overwrite a new one, and what is deleted here comes back from there. Make one of the two manual, or let them copy other projects.",
				b.name, b.unit.at(), b.source, b.to, a.name, a.unit.at(), a.position()), allPlaces(a.value, b.value)...))
			break
		}
	}
	return found.diagnostics()
}

// feeds reports whether the other policy copies what this one brought.
func (r replication) feeds(next replication) bool {
	return r.to != "" && r.to == next.from && patternsMeet(r.target, next.source)
}

const wildcards = "*?{[\\"

// patternsMeet reports whether two names of projects, either with the wildcards
// of Harbor, can mean the same one. Of two patterns it compares what stands
// before the first wildcard.
func patternsMeet(a, b string) bool {
	i, j := strings.IndexAny(a, wildcards), strings.IndexAny(b, wildcards)
	switch {
	case i < 0:
		return doublestar.MatchUnvalidated(b, a)
	case j < 0:
		return doublestar.MatchUnvalidated(a, b)
	}
	return strings.HasPrefix(a[:i], b[:j]) || strings.HasPrefix(b[:j], a[:i])
}
