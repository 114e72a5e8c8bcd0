package kongsim

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

func consumer() *entity {
	return &entity{
		name: "consumers", path: "consumers", key: "username",
		fields: common(
			field{name: "username", kind: str, unique: true},
			field{name: "custom_id", kind: str, unique: true},
		),
		checks: []check{atLeastOne("custom_id", "username")},
		filter: func(q url.Values) (func(object) bool, *reply) {
			if !q.Has("custom_id") {
				return nil, nil
			}
			id := q.Get("custom_id")
			if id == "" {
				return nil, message(http.StatusBadRequest, "custom_id must be an unempty string")
			}
			return func(row object) bool { return row["custom_id"] == id }, nil
		},
	}
}

// owner is the consumer a credential belongs to.
func owner() field {
	return field{name: "consumer", kind: foreign, ref: "consumers", required: true, cascade: true}
}

func secret(name string, unique bool) field {
	return field{name: name, kind: str, unique: unique, auto: func(s *Sim) any { return s.newSecret() }}
}

func keyAuth() *entity {
	return &entity{
		name: "keyauth_credentials", path: "key-auths", nested: "key-auth", key: "key",
		fields: credential(owner(), secret("key", true), field{name: "ttl", kind: integer}),
		ready: func(_ *Sim, e, sent object) *reply {
			ttl, given := sent["ttl"]
			n, _ := ttl.(float64)
			switch {
			case given && ttl == nil:
				if e["id"] != nil && len(sent) == 1 {
					return crash() // PATCH; a POST takes null for none
				}
			case n < 0 || n > 100000000:
				why := "must be an integer between 0 and 100000000"
				return &reply{status: 400, body: object{"code": 11, "name": "invalid options",
					"message": "invalid option (ttl: " + why + ")", "options": object{"ttl": why}}}
			case given && n == 0:
				e["ttl"] = nil
			}
			return nil
		},
		show: func(s *Sim, e object) object { // what remains of it, rounded down
			if ttl, ok := e["ttl"].(float64); ok {
				e["ttl"] = ttl - (asNumber(now(s)) - asNumber(e["created_at"])) - 1
			}
			return e
		},
	}
}

// basicAuth stores the SHA-1 of the password and the consumer's id, whenever a password is sent.
func basicAuth() *entity {
	return &entity{
		name: "basicauth_credentials", path: "basic-auths", nested: "basic-auth", key: "username",
		fields: credential(owner(), field{name: "username", kind: str, required: true, unique: true},
			field{name: "password", kind: str, required: true}),
		ready: func(_ *Sim, e, sent object) *reply {
			if sent["password"] == nil {
				return nil
			}
			sum := sha1.Sum([]byte(asString(e["password"]) + asString(asObject(e["consumer"])["id"])))
			e["password"] = hex.EncodeToString(sum[:])
			return nil
		},
	}
}

func hmacAuth() *entity {
	return &entity{
		name: "hmacauth_credentials", path: "hmac-auths", nested: "hmac-auth", key: "username",
		fields: credential(owner(), field{name: "username", kind: str, required: true, unique: true},
			secret("secret", false)),
	}
}

func jwt() *entity {
	algorithms := words("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512",
		"PS256", "PS384", "PS512", "EdDSA")
	rsa := is("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA")
	return &entity{
		name: "jwt_secrets", path: "jwts", nested: "jwt", key: "key",
		fields: credential(owner(), secret("key", true), secret("secret", false),
			field{name: "rsa_public_key", kind: str},
			field{name: "algorithm", kind: str, def: "HS256", check: oneOf(algorithms...)}),
		checks: []check{conditional("algorithm", rsa, "rsa_public_key", publicKey)},
	}
}

func acl() *entity {
	return &entity{
		name: "acls", path: "acls", nestedKey: "group", traced: true,
		fields:  credential(owner(), field{name: "group", kind: str, required: true}),
		uniques: [][]string{{"consumer", "group"}},
	}
}

func oauth2() *entity {
	return &entity{
		name: "oauth2_credentials", path: "oauth2", key: "client_id",
		fields: credential(owner(), field{name: "name", kind: str, required: true},
			secret("client_id", true), secret("client_secret", false), flag("hash_secret", false),
			list("redirect_uris", redirectURI),
			field{name: "client_type", kind: str, required: true, def: "confidential", check: oneOf("confidential", "public")}),
		ready: func(s *Sim, e, sent object) *reply {
			_, hash := sent["hash_secret"]
			_, secret := sent["client_secret"]
			if sent["name"] == nil && hash != secret {
				errs := violations{}
				errs.entity("all or none of these fields must be set: 'hash_secret', 'client_secret'")
				return schemaViolation(errs)
			}
			if plain, ok := e["client_secret"].(string); ok && e["hash_secret"] == true && (secret || sent["name"] != nil) {
				e["client_secret"] = hashed(plain, s.newSalt())
			}
			return nil
		},
	}
}

func upstream() *entity {
	hashes := []any{"none", "consumer", "ip", "header", "cookie", "path", "query_arg", "uri_capture"}
	e := &entity{
		name: "upstreams", path: "upstreams", key: "name",
		fields: common(
			field{name: "name", kind: str, required: true, unique: true, check: upstreamName},
			field{name: "algorithm", kind: str, def: "round-robin",
				check: oneOf("consistent-hashing", "least-connections", "round-robin", "latency")},
			field{name: "hash_on", kind: str, def: "none", check: oneOf(hashes...)},
			field{name: "hash_fallback", kind: str, def: "none", check: oneOf(hashes...)},
			field{name: "hash_on_header", kind: str}, field{name: "hash_fallback_header", kind: str},
			field{name: "hash_on_cookie", kind: str},
			field{name: "hash_on_cookie_path", kind: str, def: "/", check: plainPath},
			field{name: "hash_on_query_arg", kind: str}, field{name: "hash_fallback_query_arg", kind: str},
			field{name: "hash_on_uri_capture", kind: str}, field{name: "hash_fallback_uri_capture", kind: str},
			num("slots", 10000.0, 10, 65536),
			field{name: "host_header", kind: str, check: hostWithPort},
			to("client_certificate", "certificates"),
			field{name: "use_srv_name", kind: boolean, def: false},
			healthchecks(),
		),
		before: coupleHash,
	}
	for _, kind := range []string{"header", "query_arg", "uri_capture"} {
		for _, side := range []string{"hash_on", "hash_fallback"} {
			e.checks = append(e.checks, conditional(side, is(kind), side+"_"+kind, mustBeSet))
		}
		e.checks = append(e.checks, distinct("hash_on_"+kind, "hash_fallback_"+kind))
	}
	e.checks = append(e.checks,
		conditional("hash_on", is("cookie"), "hash_on_cookie", mustBeSet),
		conditional("hash_fallback", is("cookie"), "hash_on_cookie", mustBeSet),
		conditional("hash_on", is("none", "cookie"), "hash_fallback", oneOf("none")))
	for _, kind := range []string{"consumer", "ip", "path"} {
		others := slices.DeleteFunc(slices.Clone(hashes), func(h any) bool { return h == kind })
		e.checks = append(e.checks, conditional("hash_on", is(kind), "hash_fallback", oneOf(others...)))
	}
	return e
}

// coupleHash: the algorithm and hash_on follow each other.
func coupleHash(e object) {
	algorithm, hash := asString(e["algorithm"]), asString(e["hash_on"])
	switch {
	case algorithm == "least-connections" || algorithm == "latency":
		e["hash_on"] = "none"
	case hash != "" && hash != "none":
		e["algorithm"] = "consistent-hashing"
	case algorithm == "consistent-hashing" || e["algorithm"] == nil:
		e["algorithm"], e["hash_on"] = "round-robin", "none"
	default:
		e["hash_on"] = "none"
	}
}

func healthchecks() field {
	count := func(name string) field { return num(name, 0.0, 0, 255) }
	interval := field{name: "interval", kind: number, def: 0.0, check: between(0, 65535)}
	statuses := func(def ...any) field {
		return field{name: "http_statuses", kind: array, def: def, elem: &field{kind: integer, check: between(100, 999)}}
	}
	sub := func(name string, fields ...field) field {
		return field{name: name, kind: record, required: true, fields: fields}
	}
	kinds := field{name: "type", kind: str, def: "http", check: oneOf("tcp", "http", "https", "grpc", "grpcs")}
	return sub("healthchecks",
		field{name: "threshold", kind: number, def: 0.0, check: between(0, 100)},
		sub("active", kinds,
			field{name: "timeout", kind: number, def: 1.0, check: between(0, 65535)},
			num("concurrency", 10.0, 1, 1<<31),
			field{name: "http_path", kind: str, def: "/", check: plainPath},
			field{name: "https_sni", kind: str, check: sniName},
			field{name: "https_verify_certificate", kind: boolean, required: true, def: true},
			field{name: "headers", kind: hash, elem: &field{kind: array, elem: &field{kind: str}}},
			sub("healthy", interval, count("successes"), statuses(200.0, 302.0)),
			sub("unhealthy", interval, count("tcp_failures"), count("timeouts"), count("http_failures"),
				statuses(429.0, 404.0, 500.0, 501.0, 502.0, 503.0, 504.0, 505.0))),
		sub("passive", kinds,
			sub("healthy", count("successes"), statuses(200.0, 201.0, 202.0, 203.0, 204.0, 205.0, 206.0, 207.0, 208.0, 226.0,
				300.0, 301.0, 302.0, 303.0, 304.0, 305.0, 306.0, 307.0, 308.0)),
			sub("unhealthy", count("tcp_failures"), count("timeouts"), count("http_failures"), statuses(429.0, 500.0, 503.0))))
}

// hashed is a secret as the gateway keeps it: in PHC string format.
func hashed(secret string, salt []byte) string {
	const rounds, length = 10000, 32
	sum, err := pbkdf2.Key(sha512.New, secret, salt, rounds, length)
	if err != nil {
		panic(err) // of the lengths, which are constants
	}
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$pbkdf2-sha512$i=%d,l=%d$%s$%s", rounds, length, enc(salt), enc(sum))
}
