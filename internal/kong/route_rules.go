package kong

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// routeGroup is a set of protocols that may stand together on one route, and what such a route is matched by.
type routeGroup struct {
	protocols []string
	secure    string   // the protocol that makes a server name enough
	needs     []string // one of these has to be set
	refuses   []string // none of these may be
}

// routeGroups are the subschemas of routes: kong/db/schema/entities/routes_subschemas.lua of 3.9. That sources and
// destinations are refused with HTTP and gRPC is left to Kong: it depends on the gateway's router flavour.
var routeGroups = []routeGroup{
	{protocols: []string{"http", "https"}, secure: "https", needs: []string{"methods", "hosts", "headers", "paths"}},
	{protocols: []string{"grpc", "grpcs"}, secure: "grpcs", needs: []string{"hosts", "headers", "paths"}, refuses: []string{"methods"}},
	{protocols: []string{"tcp", "tls", "udp"}, needs: []string{"sources", "destinations", "snis"},
		refuses: []string{"methods", "hosts", "headers", "paths"}},
	{protocols: []string{"tls_passthrough"}, needs: []string{"snis"}, refuses: []string{"methods", "hosts", "headers", "paths"}},
}

// check has the rules over several attributes, which Kong calls entity checks.
func (m *route) check(diags *diag.Diagnostics) {
	m.validateExpression(diags)
	validateAddresses("sources", m.Sources, diags)
	validateAddresses("destinations", m.Destinations, diags)
	switch {
	case m.Protocols.IsNull():
		m.Protocols = toSet([]string{"http", "https"})
	case !known(m.Protocols):
		return
	}
	m.validateProtocols(diags)
}

func (m *route) matchers() map[string]attr.Value {
	return map[string]attr.Value{
		"methods": m.Methods, "hosts": m.Hosts, "paths": m.Paths, "headers": m.Headers, "snis": m.SNIs,
		"sources": m.Sources, "destinations": m.Destinations, "expression": m.Expression,
	}
}

func (m *route) validateProtocols(diags *diag.Diagnostics) {
	used := texts(m.Protocols)
	var groups []routeGroup
	for _, g := range routeGroups {
		if slices.ContainsFunc(used, func(p string) bool { return slices.Contains(g.protocols, p) }) {
			groups = append(groups, g)
		}
	}
	if len(groups) == 0 {
		return // said by the attribute's own validator
	}
	if len(groups) > 1 {
		diags.AddAttributeError(path.Root("protocols"), "Protocols that exclude each other", fmt.Sprintf(
			"%s and %s cannot stand on one route. Make a route for each.", words(groups[0].protocols), words(groups[1].protocols)))
		return
	}
	m.validateGroup(groups[0], used, diags)
}

func (m *route) validateGroup(g routeGroup, used []string, diags *diag.Diagnostics) {
	set := m.matchers()
	needs := slices.Clone(g.needs)
	if g.secure != "" && slices.Contains(used, g.secure) {
		needs = append(needs, "snis")
	}
	if !slices.ContainsFunc(append(needs, "expression"), func(name string) bool { return mayMatch(set[name]) }) {
		diags.AddError("Route with nothing to match on", fmt.Sprintf(
			"A route with the protocols %s is matched by %s (or by `expression`, where the gateway has the router flavour for it): set one of them.",
			words(used), words(needs)))
	}
	for _, name := range g.refuses {
		if !set[name].IsNull() {
			diags.AddAttributeError(path.Root(name), "Attribute without a meaning", fmt.Sprintf(
				"`%s` cannot be matched with the protocols %s. Remove it, or choose other protocols.", name, words(used)))
		}
	}
	secure := slices.ContainsFunc(used, func(p string) bool { return slices.Contains([]string{"https", "grpcs", "tls", "tls_passthrough"}, p) })
	if len(m.SNIs.Elements()) > 0 && !secure {
		diags.AddAttributeError(path.Root("snis"), "Server names without TLS", fmt.Sprintf(
			"`snis` needs https, grpcs, tls or tls_passthrough among the protocols, which are %s.", words(used)))
	}
	if g.secure == "grpcs" && m.StripPath.ValueBool() {
		diags.AddAttributeError(path.Root("strip_path"), "Path of gRPC cut", "`strip_path` cannot be true with grpc and grpcs: the path names the method to call.")
	}
}

func (m *route) validateExpression(diags *diag.Diagnostics) {
	if m.Expression.IsNull() {
		return
	}
	set := m.matchers()
	for _, name := range []string{"methods", "hosts", "paths", "headers", "snis", "sources", "destinations"} {
		if isSet(set[name]) {
			diags.AddAttributeError(path.Root(name), "Two ways to match", fmt.Sprintf(
				"`%s` cannot be set beside `expression`: write it into the expression.", name))
		}
	}
	if m.RegexPriority.ValueInt64() != 0 {
		diags.AddAttributeError(path.Root("regex_priority"), "Two ways to match", "`regex_priority` cannot be set beside `expression`: use `priority`.")
	}
}

func validateAddresses(name string, addresses types.Set, diags *diag.Diagnostics) {
	for _, e := range addresses.Elements() {
		o, ok := e.(types.Object)
		if ok && !o.IsUnknown() && o.Attributes()["ip"].IsNull() && o.Attributes()["port"].IsNull() {
			diags.AddAttributeError(path.Root(name), "Address without anything", "Each of `"+name+"` has an `ip`, a `port`, or both.")
		}
	}
}

// mayMatch tells whether a value is, or may turn out to be, something to match on: Kong takes an empty list for none.
func mayMatch(v attr.Value) bool { return v.IsUnknown() || isSet(v) }

func isSet(v attr.Value) bool {
	if v.IsNull() || v.IsUnknown() {
		return false
	}
	if m, ok := v.(interface{ Elements() map[string]attr.Value }); ok {
		return len(m.Elements()) > 0
	}
	if l, ok := v.(interface{ Elements() []attr.Value }); ok {
		return len(l.Elements()) > 0
	}
	return true
}

// known tells whether a list or set is known with all of its elements.
func known(v interface {
	attr.Value
	Elements() []attr.Value
}) bool {
	return !v.IsUnknown() && !slices.ContainsFunc(v.Elements(), func(e attr.Value) bool { return e.IsUnknown() })
}

// words lists things in a sentence.
func words(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = "`" + s + "`"
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " and " + quoted[last]
}
