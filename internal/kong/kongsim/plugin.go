package kongsim

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// pluginSchema is what one plugin brings: the shape of its config, and what else is its own.
type pluginSchema struct {
	config     field
	checks     []check // over fields of the config, named with the prefix "config."
	noConsumer bool
	protocols  []any // allowed and by default; those of HTTP and gRPC when nil
	redis      bool  // has redis_host and so on as old names of redis.host
}

// plugin is an entity whose fields depend on its name.
func plugin() *entity {
	schemas := pluginSchemas()
	of := func(e object) pluginSchema { return schemas[asString(e["name"])] }
	scope := func(name, ref string) field { return field{name: name, kind: foreign, ref: ref, cascade: true} }
	consumer := scope("consumer", "consumers")
	consumer.of = func(e object) *field {
		f := scope("consumer", "consumers")
		f.null = of(e).noConsumer
		return &f
	}
	config := field{name: "config", kind: record, required: true, of: func(e object) *field {
		f := of(e).config
		f.name, f.kind, f.required = "config", record, true
		return &f
	}}
	protocols := field{name: "protocols", kind: set, required: true, of: func(e object) *field {
		allowed := of(e).protocols
		if allowed == nil {
			allowed = words("grpc", "grpcs", "http", "https")
		}
		return &field{name: "protocols", kind: set, required: true, def: allowed, elem: &field{kind: str, check: oneOf(allowed...)}}
	}}
	return &entity{
		name: "plugins", path: "plugins", key: "instance_name", uniques: [][]string{{"name", "route", "service", "consumer"}},
		fields: common(
			field{name: "name", kind: str, required: true},
			field{name: "instance_name", kind: str, unique: true, check: validName},
			scope("service", "services"), scope("route", "routes"), consumer, config, protocols, flag("enabled", true),
		),
		checks: []check{func(e object, errs violations, updating bool) {
			if e["config"] == nil {
				return
			}
			for _, c := range of(e).checks {
				c(e, errs, updating)
			}
		}},
		pick: func(e object) violations {
			name, ok := e["name"].(string)
			_, simulated := schemas[name]
			switch {
			case !ok:
				return violations{"name": "required field missing"}
			case !slices.Contains(texts(documents()["/plugins/enabled"]["enabled_plugins"]), name):
				return violations{"name": "plugin '" + name + "' not enabled; add it to the 'plugins' configuration property"}
			case !simulated:
				return violations{"name": "plugin '" + name + "' is not simulated"}
			}
			return nil
		},
		shorthand: func(sent object) {
			if config, ok := sent["config"].(object); ok {
				redisFromOldNames(config)
			}
		},
		early: (*Sim).pluginProtocols,
		ready: func(s *Sim, e, _ object) *reply {
			config := asObject(e["config"])
			if e["name"] == "oauth2" && config["provision_key"] == nil {
				config["provision_key"] = s.newSecret()
			}
			return nil
		},
		show: func(_ *Sim, e object) object {
			if of(e).redis {
				config := asObject(e["config"])
				for k, v := range asObject(config["redis"]) {
					config["redis_"+k] = v
				}
			}
			return e
		},
	}
}

func redisFromOldNames(config object) {
	for k, v := range config {
		name, old := strings.CutPrefix(k, "redis_")
		if !old {
			continue
		}
		redis, ok := config["redis"].(object)
		if !ok {
			redis = object{}
		}
		redis[name] = v
		config["redis"] = redis
		delete(config, k)
	}
}

// pluginProtocols: a plugin has to share a protocol with the route it is on, or with a route of its service.
func (s *Sim) pluginProtocols(e object) *reply {
	shares := func(route object) bool {
		return slices.ContainsFunc(texts(e["protocols"]), func(p string) bool { return slices.Contains(texts(route["protocols"]), p) })
	}
	refuse := func(why string) *reply { return schemaViolation(violations{"protocols": why}) }
	if ref, ok := e["route"].(object); ok {
		if route := s.find(s.entity("routes"), "id", ref["id"]); route != nil && !shares(route) {
			return refuse("must match the associated route's protocols")
		}
	}
	ref, ok := e["service"].(object)
	if !ok || e["protocols"] == nil {
		return nil
	}
	routes := slices.DeleteFunc(s.rows(s.entity("routes")), func(r object) bool {
		of, _ := r["service"].(object)
		return of["id"] != ref["id"]
	})
	if len(routes) > 0 && !slices.ContainsFunc(routes, shares) {
		return refuse("must match the protocols of at least one route pointing to this Plugin's service")
	}
	return nil
}

func text(name string) field { return field{name: name, kind: str} }

func optional(name string, def any) field { return field{name: name, kind: boolean, def: def} }

func withDefault(f field, def any) field { f.def = def; return f }

func must(f field) field { f.required = true; return f }

func choice(name string, def any, values ...any) field {
	return field{name: name, kind: str, def: def, check: oneOf(values...)}
}

func headerName(v any) string {
	s := asString(v)
	for _, r := range s {
		if !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", r) {
			return "bad header name '" + s + "', allowed characters are A-Z, a-z, 0-9, '_', and '-'"
		}
	}
	return ""
}

var periods = []string{"second", "minute", "hour", "day", "month", "year"}

func limits() []field {
	var out []field
	for _, p := range periods {
		out = append(out, field{name: p, kind: number, check: above(0)})
	}
	return out
}

// growing: what is allowed in a longer period is not less than in a shorter one.
func growing(v any) string {
	config := asObject(v)
	before := ""
	for _, p := range periods {
		n, ok := config[p].(float64)
		if !ok {
			continue
		}
		if least, _ := config[before].(float64); n < least {
			return fmt.Sprintf("The limit for %s(%.1f) cannot be lower than the limit for %s(%.1f)", p, n, before, least)
		}
		before = p
	}
	return ""
}

func redis() field {
	return field{name: "redis", kind: record, required: true, fields: []field{
		text("host"), num("port", 6379.0, 0, 65535), num("timeout", 2000.0, 0, 2147483646), text("username"),
		{name: "password", kind: str, emptyOK: true}, text("server_name"), {name: "database", kind: integer, def: 0.0},
		optional("ssl", false), optional("ssl_verify", false),
	}}
}

func config(fields ...field) field { return field{fields: fields} }

func checked(f field, c func(any) string) field { f.check = c; return f }

func in(names ...string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = "config." + n
	}
	return out
}

var nameAndValue = regexp.MustCompile(`^[^:]+:.*$`)

// transformation is one of the tables of request-transformer.
func transformation(name string, check func(any) string, more ...field) field {
	part := func(n string) field { return must(withDefault(list(n, check), []any{})) }
	return field{name: name, kind: record, required: true, fields: append(more, part("headers"), part("querystring"), part("body"))}
}

func pluginSchemas() map[string]pluginSchema {
	logs := func(c field) pluginSchema { return pluginSchema{config: c} }
	pair := matching(nameAndValue)
	return map[string]pluginSchema{
		"key-auth": {noConsumer: true, config: config(must(withDefault(list("key_names", headerName), words("apikey"))),
			flag("hide_credentials", false), text("anonymous"), flag("key_in_header", true), flag("key_in_query", true),
			flag("key_in_body", false), flag("run_on_preflight", true), text("realm"))},
		"basic-auth": {noConsumer: true, config: config(text("anonymous"), flag("hide_credentials", false),
			withDefault(text("realm"), "service"))},
		"hmac-auth": {noConsumer: true, config: config(flag("hide_credentials", false), num("clock_skew", 300.0, 1, 1<<31), text("anonymous"),
			flag("validate_request_body", false), must(withDefault(list("enforce_headers", nil), []any{})),
			withDefault(list("algorithms", oneOf("hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512")),
				words("hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512")), text("realm"))},
		"jwt": {noConsumer: true, config: config(must(withDefault(setOf("uri_param_names", nil), words("jwt"))),
			must(withDefault(setOf("cookie_names", nil), []any{})), must(withDefault(setOf("header_names", nil), words("authorization"))),
			withDefault(text("key_claim_name"), "iss"), flag("secret_is_base64", false), setOf("claims_to_verify", oneOf("exp", "nbf")),
			text("anonymous"), flag("run_on_preflight", true),
			field{name: "maximum_expiration", kind: number, def: 0.0, check: between(0, 31536000)}, text("realm"))},
		"oauth2": {noConsumer: true, config: checked(config(withDefault(list("scopes", nil), nil), flag("mandatory_scope", false),
			text("provision_key"), must(field{name: "token_expiration", kind: number, def: 7200.0}), flag("enable_authorization_code", false),
			flag("enable_implicit_grant", false), flag("enable_client_credentials", false), flag("enable_password_grant", false),
			flag("hide_credentials", false), flag("accept_http_if_already_terminated", false), text("anonymous"),
			flag("global_credentials", false), withDefault(text("auth_header_name"), "authorization"),
			must(field{name: "refresh_token_ttl", kind: number, def: 1209600.0}), flag("reuse_refresh_token", false),
			choice("pkce", "lax", "none", "lax", "strict"), text("realm")), aGrant)},
		"acl": {noConsumer: true, config: config(list("allow", nil), list("deny", nil), flag("hide_groups_header", false),
			flag("always_use_authenticated_groups", false)),
			checks: []check{onlyOne(in("allow", "deny")...), atLeastOne(in("allow", "deny")...)}},
		"rate-limiting": {redis: true, config: checked(config(append(limits(),
			choice("limit_by", "consumer", "consumer", "credential", "ip", "service", "header", "path"),
			field{name: "header_name", kind: str, check: headerName}, field{name: "path", kind: str, check: plainPath},
			choice("policy", "local", "local", "cluster", "redis"), flag("fault_tolerant", true), redis(), flag("hide_client_headers", false),
			field{name: "error_code", kind: number, def: 429.0, check: above(0)}, withDefault(text("error_message"), "API rate limit exceeded"),
			must(field{name: "sync_rate", kind: number, def: -1.0}))...), growing),
			checks: []check{atLeastOne(in(periods...)...),
				conditional("config.policy", is("redis"), "config.redis.host", mustBeSet),
				conditional("config.limit_by", is("header"), "config.header_name", mustBeSet),
				conditional("config.limit_by", is("path"), "config.path", mustBeSet)}},
		"response-ratelimiting": {redis: true, config: config(withDefault(text("header_name"), "x-kong-limit"),
			choice("limit_by", "consumer", "consumer", "credential", "ip"), choice("policy", "local", "local", "cluster", "redis"),
			flag("fault_tolerant", true), redis(), flag("block_on_first_violation", false), flag("hide_client_headers", false),
			must(field{name: "limits", kind: hash, elem: &field{kind: record, fields: limits(), checks: []check{atLeastOne(periods...)}}}))},
		"cors": {noConsumer: true, config: config(list("origins", nil), list("headers", nil), list("exposed_headers", nil),
			withDefault(list("methods", oneOf("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT")),
				words("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT")),
			field{name: "max_age", kind: number}, flag("credentials", false), flag("private_network", false), flag("preflight_continue", false))},
		"ip-restriction": {protocols: words("http", "https", "tcp", "tls", "grpc", "grpcs"),
			config: config(list("allow", ipOrRange), list("deny", ipOrRange), field{name: "status", kind: number}, text("message")),
			checks: []check{atLeastOne(in("allow", "deny")...)}},
		"request-termination": {config: checked(config(must(num("status_code", 503.0, 100, 599)), text("message"), text("content_type"),
			text("body"), flag("echo", false), text("trigger")), terminates)},
		"request-size-limiting": {config: config(field{name: "allowed_payload_size", kind: integer, def: 128.0},
			must(choice("size_unit", "megabytes", "megabytes", "kilobytes", "bytes")), flag("require_content_length", false))},
		"correlation-id": {config: config(withDefault(text("header_name"), "Kong-Request-ID"),
			must(choice("generator", "uuid#counter", "uuid", "uuid#counter", "tracker")), flag("echo_downstream", false))},
		"bot-detection": {noConsumer: true, config: config(withDefault(list("allow", nil), []any{}), withDefault(list("deny", nil), []any{}))},
		"prometheus": {config: config(flag("per_consumer", false), flag("status_code_metrics", false), flag("ai_metrics", false),
			flag("latency_metrics", false), flag("bandwidth_metrics", false), flag("upstream_health_metrics", false))},
		"file-log": logs(config(must(text("path")), flag("reopen", false), field{name: "custom_fields_by_lua", kind: hash, elem: &field{kind: str}})),
		"http-log": logs(config(must(text("http_endpoint")), choice("method", "POST", "POST", "PUT", "PATCH"),
			choice("content_type", "application/json", "application/json", "application/json; charset=utf-8"),
			field{name: "timeout", kind: number, def: 10000.0}, field{name: "keepalive", kind: number, def: 60000.0},
			field{name: "retry_count", kind: integer}, field{name: "queue_size", kind: integer}, field{name: "flush_timeout", kind: number},
			field{name: "headers", kind: hash, elem: &field{kind: str}},
			field{name: "queue", kind: record, required: true, fields: []field{num("max_batch_size", 1.0, 1, 1000000),
				{name: "max_coalescing_delay", kind: number, def: 1.0}, num("max_entries", 10000.0, 1, 1000000), {name: "max_bytes", kind: integer},
				{name: "max_retry_time", kind: number, def: 60.0}, {name: "initial_retry_delay", kind: number, def: 0.01},
				{name: "max_retry_delay", kind: number, def: 60.0}, {name: "concurrency_limit", kind: integer, def: 1.0}}},
			field{name: "custom_fields_by_lua", kind: hash, elem: &field{kind: str}})),
		"request-transformer": {config: config(field{name: "http_method", kind: str, check: method},
			transformation("remove", nil), transformation("rename", pair), transformation("replace", pair, text("uri")),
			transformation("add", pair), transformation("append", pair))},
	}
}

func aGrant(v any) string {
	grants := []string{"enable_authorization_code", "enable_implicit_grant", "enable_client_credentials", "enable_password_grant"}
	if slices.ContainsFunc(grants, func(n string) bool { return asObject(v)[n] == true }) {
		return ""
	}
	return "at least one of these fields must be true: " + strings.Join(grants, ", ")
}

func terminates(v any) string {
	c := asObject(v)
	if c["message"] != nil && (c["content_type"] != nil || c["body"] != nil) {
		return "message cannot be used with content_type or body"
	}
	return ""
}
