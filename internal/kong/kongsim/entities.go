package kongsim

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// entity is a table of the gateway: how it is reached, its fields and the rules over several of them.
type entity struct {
	name    string
	path    string // its collection; empty when only its parents have one
	nested  string // its name below a parent, when not the path
	key     string // the unique field that may stand for the id in a path
	fields  []field
	checks  []check
	uniques [][]string // keys of more than one field

	nestedKey string // the field that stands for the id below a parent, when there is no key

	shorthand func(sent object)                            // writes out what was sent in short
	before    func(e object)                               // sets fields that follow from others, before validation
	ready     func(s *Sim, e, sent object) *reply          // finishes a valid entity, or refuses it
	filter    func(url.Values) (func(object) bool, *reply) // a query of its own for its list
	// pick finds what is wrong with the field that decides which others there are; the rest is not looked at then.
	pick func(e object) violations
	// show is what an answer says of a stored entity.
	show func(s *Sim, e object) object
	// dying happens before a delete, and may refuse it.
	dying func(s *Sim, e object) *reply

	// early refuses before the fields are looked at.
	early func(s *Sim, e object) *reply

	// unstored is a field that is no column; stored keeps it elsewhere.
	unstored string
	stored   func(s *Sim, v any, id any)

	// alias finds an entity by what is neither its id nor its key; unaliased answers when it finds none.
	alias     func(s *Sim, part string) object
	unaliased *reply

	echo        string // the field that PATCH answers with as it was sent
	putIsPatch  bool   // PUT changes what is there, and makes nothing
	newestFirst bool   // lists go by age, with a number for an offset

	traced       bool // DELETE of what is not there answers with the request's id
	noPutByKey   bool // PUT by key fails: the table has no index for it
	strictDelete bool // DELETE by anything but an id fails
}

func (e *entity) field(name string) *field {
	if i := slices.IndexFunc(e.fields, func(f field) bool { return f.name == name }); i >= 0 {
		return &e.fields[i]
	}
	return nil
}

func (e *entity) keyBelow(p *parent) string {
	if p != nil && e.nestedKey != "" {
		return e.nestedKey
	}
	return e.key
}

func (e *entity) below() string {
	if e.nested != "" {
		return e.nested
	}
	return e.path
}

// common are the fields every entity begins with.
func common(fields ...field) []field {
	return append([]field{
		{name: "id", kind: str, check: uuid, auto: func(s *Sim) any { return s.newID() }},
		{name: "created_at", kind: integer, auto: now},
		{name: "updated_at", kind: integer, auto: now},
		tags(),
	}, fields...)
}

// credential is common without updated_at.
func credential(fields ...field) []field {
	return slices.DeleteFunc(common(fields...), func(f field) bool { return f.name == "updated_at" })
}

func now(s *Sim) any { return float64(s.now().Unix()) }

func tags() field {
	return field{name: "tags", kind: set, elem: &field{kind: str, required: true, check: validTag}}
}

func name() field { return field{name: "name", kind: str, unique: true, check: validName} }

func list(name string, check func(any) string) field {
	return field{name: name, kind: array, elem: &field{kind: str, check: check}}
}

func setOf(name string, check func(any) string) field {
	return field{name: name, kind: set, elem: &field{kind: str, check: check}}
}

func flag(name string, def any) field {
	return field{name: name, kind: boolean, required: true, def: def}
}

func num(name string, def any, lo, hi float64) field {
	return field{name: name, kind: integer, def: def, check: between(lo, hi)}
}

func to(name, ref string) field { return field{name: name, kind: foreign, ref: ref} }

func words(list ...string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

var protocols = words("grpc", "grpcs", "http", "https", "tcp", "tls", "tls_passthrough", "udp")

// entities are the tables of Kong Gateway OSS 3.9 with the router flavour given.
func entities(flavor string) []*entity {
	return []*entity{service(), route(flavor), upstream(), target(), consumer(), plugin(), certificate(), sni(), caCertificate(), keySet(), key(),
		vault(), keyAuth(), basicAuth(), hmacAuth(), jwt(), oauth2(), acl()}
}

func service() *entity {
	tlsOnly := func(name string) check { return conditional("protocol", isNot("https", "tls"), name, mustBeNull) }
	return &entity{
		name: "services", path: "services", key: "name",
		fields: common(
			name(),
			field{name: "protocol", kind: str, required: true, def: "http", check: oneOf(protocols...)},
			field{name: "host", kind: str, required: true, check: serviceHost},
			field{name: "port", kind: integer, required: true, def: 80.0, check: between(0, 65535)},
			field{name: "path", kind: str, check: plainPath},
			num("retries", 5.0, 0, 32767),
			num("connect_timeout", 60000.0, 1, 2147483646),
			num("write_timeout", 60000.0, 1, 2147483646),
			num("read_timeout", 60000.0, 1, 2147483646),
			to("client_certificate", "certificates"),
			field{name: "tls_verify", kind: boolean},
			num("tls_verify_depth", nil, 0, 64),
			list("ca_certificates", uuid),
			flag("enabled", true),
		),
		checks: []check{
			conditional("protocol", is("tcp", "tls", "udp", "grpc", "grpcs"), "path", mustBeNull),
			tlsOnly("client_certificate"), tlsOnly("tls_verify"), tlsOnly("tls_verify_depth"), tlsOnly("ca_certificates"),
		},
		shorthand: func(sent object) {
			raw, ok := sent["url"].(string)
			if !ok {
				return
			}
			delete(sent, "url")
			sent["path"] = nil
			u, err := url.Parse(raw)
			if err != nil || u.Scheme == "" {
				sent["path"] = raw
				return
			}
			sent["protocol"], sent["host"] = u.Scheme, u.Hostname()
			if u.Path != "" {
				sent["path"] = u.EscapedPath()
			}
			delete(sent, "port")
			if port, err := strconv.Atoi(u.Port()); err == nil {
				sent["port"] = float64(port)
			} else if p := map[string]float64{"http": 80, "https": 443}[u.Scheme]; p != 0 {
				sent["port"] = p
			}
		},
	}
}

func route(flavor string) *entity {
	address := func(name string) field {
		return field{name: name, kind: set, elem: &field{kind: record, checks: []check{atLeastOne("ip", "port")},
			fields: []field{{name: "ip", kind: str, check: ipOrRange}, num("port", nil, 0, 65535)}}}
	}
	notHost := func(k string) string {
		if strings.EqualFold(k, "host") {
			return "cannot contain 'host' header, which must be specified in the 'hosts' attribute"
		}
		return ""
	}
	snis := setOf("snis", sniName)
	r := &entity{
		name: "routes", path: "routes", key: "name",
		fields: common(
			name(),
			// The elements are checked in routeProtocols: the first one picks the rules for all the others.
			field{name: "protocols", kind: set, required: true, def: words("http", "https"), elem: &field{kind: str}},
			setOf("methods", method),
			list("hosts", wildcardHost),
			list("paths", routerPath),
			field{name: "headers", kind: hash, key: notHost, elem: &field{kind: array, elem: &field{kind: str}}},
			snis, address("sources"), address("destinations"),
			field{name: "https_redirect_status_code", kind: integer, required: true, def: 426.0,
				check: oneOf(426, 301, 302, 307, 308)},
			flag("strip_path", nil),
			flag("preserve_host", false), flag("request_buffering", true), flag("response_buffering", true),
			field{name: "regex_priority", kind: integer, def: 0.0},
			field{name: "path_handling", kind: str, def: "v0", check: oneOf("v0", "v1")},
			to("service", "services"),
		),
		before: func(sent object) {
			if _, ok := sent["strip_path"]; ok {
				return
			}
			if p := texts(sent["protocols"]); len(p) > 0 && strings.HasPrefix(p[0], "grpc") {
				sent["strip_path"] = false
			} else {
				sent["strip_path"] = true
			}
		},
		checks: []check{routeProtocols, routeSNIs, routeMatches(flavor), routeExpression(flavor)},
	}
	if flavor == Expressions {
		r.fields = append(r.fields, field{name: "expression", kind: str},
			field{name: "priority", kind: integer, required: true, def: 0.0, check: between(0, 1<<46-1)})
	}
	return r
}

// routeGroups are the protocols that may stand together on one route.
var routeGroups = [][]string{{"grpc", "grpcs"}, {"http", "https"}, {"tcp", "tls", "udp"}, {"tls_passthrough"}}

func routeProtocols(e object, errs violations, _ bool) {
	if errs["protocols"] != nil {
		return
	}
	p := texts(e["protocols"])
	first := "nil"
	if len(p) > 0 {
		first = p[0]
	}
	if !slices.Contains(protocols, any(first)) {
		errs["protocols"] = "unknown type: " + first
		return
	}
	elem := field{kind: set, elem: &field{kind: str, check: oneOf(protocols...)}}
	if wrong := elem.validate(e["protocols"], false); wrong != nil {
		errs["protocols"] = wrong
		return
	}
	var used []string
	for _, g := range routeGroups {
		if slices.ContainsFunc(p, func(s string) bool { return slices.Contains(g, s) }) {
			used = append(used, "("+quoted(g)+")")
		}
	}
	if len(used) > 1 {
		errs["protocols"] = "these sets are mutually exclusive: " + strings.Join(used, ", ")
	}
}

func routeSNIs(e object, errs violations, _ bool) {
	if errs["protocols"] != nil || errs["snis"] != nil || empty(e["snis"]) {
		return
	}
	for _, p := range texts(e["protocols"]) {
		if slices.Contains([]string{"grpcs", "https", "tls", "tls_passthrough"}, p) {
			return
		}
	}
	errs["snis"] = "length must be 0"
	errs.entity("'snis' can only be set when 'protocols' is 'grpcs', 'https', 'tls' or 'tls_passthrough'")
}

// routeMatches holds what a route of a protocol may and must be matched by.
func routeMatches(flavor string) check {
	return func(e object, errs violations, _ bool) {
		p := texts(e["protocols"])
		if len(p) == 0 || errs["protocols"] != nil && !strings.HasPrefix(asString(errs["protocols"]), "these sets") {
			return
		}
		refuse := func(when string, names ...string) {
			for _, n := range names {
				if e[n] != nil && errs[n] == nil {
					errs[n] = "cannot set '" + n + "' when 'protocols' is " + when
				}
			}
		}
		needOne := func(when string, names ...string) {
			all := names
			if flavor == Expressions {
				all = append(slices.Clone(names), "expression")
			}
			if slices.ContainsFunc(all, func(n string) bool { return !empty(e[n]) }) {
				return
			}
			if len(all) == 1 {
				errs.entity("must set " + all[0] + " when 'protocols' is " + when)
				return
			}
			errs.entity("must set one of " + quoted(all) + " when 'protocols' is " + when)
		}
		has := func(s string) bool { return slices.Contains(p, s) }
		stream := []string{"methods", "hosts", "headers", "paths"}
		switch p[0] {
		case "http", "https":
			if flavor != Expressions {
				refuse("'http' or 'https'", "sources", "destinations")
			}
			if has("https") {
				needOne("'https'", "methods", "hosts", "headers", "paths", "snis")
			} else {
				needOne("'http'", "methods", "hosts", "headers", "paths")
			}
		case "grpc", "grpcs":
			refuse("'grpc' or 'grpcs'", "methods")
			if flavor != Expressions {
				refuse("'grpc' or 'grpcs'", "sources", "destinations")
			}
			if e["strip_path"] == true {
				errs["strip_path"] = "cannot set 'strip_path' when 'protocols' is 'grpc' or 'grpcs'"
			}
			if has("grpcs") {
				needOne("'grpcs'", "hosts", "headers", "paths", "snis")
			} else {
				needOne("'grpc'", "hosts", "headers", "paths")
			}
		case "tls_passthrough":
			refuse("'tcp', 'tls', 'tls_passthrough' or 'udp'", stream...)
			needOne("'tls_passthrough'", "snis")
		default:
			refuse("'tcp', 'tls', 'tls_passthrough' or 'udp'", stream...)
			needOne("'tcp', 'tls' or 'udp'", "sources", "destinations", "snis")
		}
	}
}

// routeExpression: the gateway builds its router from every route before it takes one, and parses the expression.
func routeExpression(flavor string) check {
	return func(e object, errs violations, _ bool) {
		if len(errs) > 0 {
			return
		}
		classic := []string{"methods", "hosts", "paths", "headers", "snis", "sources", "destinations"}
		if flavor == Traditional {
			for _, s := range texts(e["snis"]) {
				if strings.Contains(s, "*") {
					errs["snis"] = []any{"wildcard hostnames are not supported by the router_flavor 'traditional'"}
				}
			}
			return
		}
		expression, _ := e["expression"].(string)
		if expression != "" {
			set := slices.DeleteFunc(slices.Clone(classic), func(n string) bool { return empty(e[n]) })
			if len(set) > 0 {
				errs.entity("cannot set 'expression' with " + quoted(classic) + " simultaneously")
				return
			}
			if n, _ := e["regex_priority"].(float64); n != 0 {
				errs.entity("cannot set 'regex_priority' with 'expression' simultaneously")
				return
			}
			if msg := badExpression(expression); msg != "" {
				errs.entity("Router Expression failed validation: " + msg)
			}
			return
		}
		if n, _ := e["priority"].(float64); n != 0 {
			errs.entity("cannot set 'priority' with " + quoted(classic) + " simultaneously")
			return
		}
		headers, _ := e["headers"].(object)
		for _, values := range headers {
			if empty(values) { // what the router makes of a header without values
				errs.entity("Router Expression failed validation:  --> 1:2\n  |\n1 | ()\n  |  ^---\n  |\n  = expected term")
			}
		}
	}
}

func asString(v any) string { s, _ := v.(string); return s }

func asNumber(v any) float64 { n, _ := v.(float64); return n }

func asObject(v any) object { o, _ := v.(object); return o }
