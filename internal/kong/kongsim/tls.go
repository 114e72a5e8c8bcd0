package kongsim

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// notASN1 is what OpenSSL says of text that is no PEM.
const notASN1 = "error:680008E:asn1 encoding routines:asn1_d2i_read_bio:not enough data:crypto/asn1/a_d2i_fp.c:283:"

func isVaultReference(s string) bool {
	return strings.HasPrefix(s, "{vault://") && strings.HasSuffix(s, "}")
}

func parseCert(s string) *x509.Certificate {
	block, _ := pem.Decode([]byte(s))
	if block == nil {
		return nil
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return cert
}

func parseKey(s string) crypto.Signer {
	block, _ := pem.Decode([]byte(s))
	if block == nil {
		return nil
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		signer, _ := key.(crypto.Signer)
		return signer
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key
	}
	return nil
}

func certPEM(v any) string {
	if s := asString(v); !isVaultReference(s) && parseCert(s) == nil {
		return "invalid certificate: x509.new: " + notASN1
	}
	return ""
}

func keyPEM(v any) string {
	if s := asString(v); !isVaultReference(s) && parseKey(s) == nil {
		return "invalid key: pkey.new:load_key: " + notASN1
	}
	return ""
}

func samePublicKey(cert *x509.Certificate, key crypto.Signer) bool {
	public, ok := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(key.Public())
}

// pairMatches: what is a vault reference, or missing, is not looked into.
func pairMatches(certName, keyName, message string) check {
	return func(e object, errs violations, _ bool) {
		if len(errs) > 0 {
			return
		}
		cert, key := parseCert(asString(e[certName])), parseKey(asString(e[keyName]))
		if cert != nil && key != nil && !samePublicKey(cert, key) {
			errs.entity(message)
		}
	}
}

func certificate() *entity {
	return &entity{
		name: "certificates", path: "certificates",
		fields: common(
			field{name: "cert", kind: str, required: true, check: certPEM},
			field{name: "key", kind: str, required: true, check: keyPEM},
			field{name: "cert_alt", kind: str, check: certPEM},
			field{name: "key_alt", kind: str, check: keyPEM},
		),
		checks: []check{
			allOrNone("cert_alt", "key_alt"),
			pairMatches("cert", "key", "certificate does not match key"),
			pairMatches("cert_alt", "key_alt", "alternative certificate does not match key"),
			func(e object, errs violations, _ bool) {
				one, other := parseCert(asString(e["cert"])), parseCert(asString(e["cert_alt"]))
				if len(errs) == 0 && one != nil && other != nil && one.PublicKeyAlgorithm == other.PublicKeyAlgorithm {
					errs.entity("certificate and alternative certificate need to have different type (e.g. RSA and ECDSA), " +
						"the provided certificates were both of the same type")
				}
			},
		},
		unstored: "snis",
		early:    (*Sim).checkSNIs,
		stored:   (*Sim).storeSNIs,
		show: func(s *Sim, e object) object {
			names := []string{}
			for _, row := range s.snisOf(e["id"]) {
				names = append(names, asString(row["name"]))
			}
			slices.Sort(names)
			e["snis"] = words(names...)
			return e
		},
		alias: func(s *Sim, part string) object {
			sni := s.find(s.entity("snis"), "name", part)
			if sni == nil {
				return nil
			}
			return s.find(s.entity("certificates"), "id", asObject(sni["certificate"])["id"])
		},
		unaliased: message(http.StatusNotFound, "SNI not found"),
		dying: func(s *Sim, e object) *reply { // even when the certificate itself has to stay
			for _, row := range s.snisOf(e["id"]) {
				delete(s.data["snis"], asString(row["id"]))
			}
			return nil
		},
	}
}

func sni() *entity {
	return &entity{
		name: "snis", path: "snis", key: "name",
		fields: common(
			field{name: "name", kind: str, required: true, unique: true, check: certificateName},
			field{name: "certificate", kind: foreign, ref: "certificates", required: true, cascade: true},
		),
	}
}

// certificateName is a server name a certificate is shown for; its wildcard is put another way than a route's.
func certificateName(v any) string {
	s := asString(v)
	switch host, port, ok := splitPort(s); {
	case isIP(s):
		return "must not be an IP"
	case port != "" && ok:
		return "must not have a port"
	case strings.Contains(host, "*") && !strings.HasPrefix(host, "*.") && !strings.HasSuffix(host, ".*"):
		return "wildcard must be leftmost or rightmost character"
	case !isHostname(strings.Replace(host, "*", "any", 1)):
		return "invalid value: " + s
	}
	return ""
}

func (s *Sim) snisOf(certificate any) []object {
	return slices.DeleteFunc(s.rows(s.entity("snis")), func(row object) bool {
		return asObject(row["certificate"])["id"] != certificate
	})
}

// checkSNIs refuses a list of server names before the certificate is looked at.
func (s *Sim) checkSNIs(certificate object) *reply {
	v, id := certificate["snis"], certificate["id"]
	if v == nil {
		return nil
	}
	refuse := func(why string) *reply { return schemaViolation(violations{"snis": why}) }
	names, ok := v.([]any)
	if !ok {
		return refuse("expected an array")
	}
	e := s.entity("snis")
	seen := map[any]bool{}
	for _, n := range names {
		if msg := e.field("name").validate(n, false); msg != nil {
			return &reply{status: 400, body: object{"code": 10, "name": "invalid unique name", "message": msg}}
		}
		if seen[n] {
			return refuse(fmt.Sprint(n, " is duplicated"))
		}
		seen[n] = true
		if row := s.find(e, "name", n); row != nil && asObject(row["certificate"])["id"] != id {
			return refuse(fmt.Sprintf("%s already associated with existing certificate '%s'", n, asObject(row["certificate"])["id"]))
		}
	}
	return nil
}

// storeSNIs makes the server names of a certificate those of the list.
func (s *Sim) storeSNIs(v any, certificate any) {
	names := texts(v)
	for _, row := range s.snisOf(certificate) {
		if !slices.Contains(names, asString(row["name"])) {
			delete(s.data["snis"], asString(row["id"]))
		}
	}
	for _, n := range names {
		if s.find(s.entity("snis"), "name", n) == nil {
			_ = s.collection(s.entity("snis"), nil, query{method: http.MethodPost,
				body: object{"name": n, "certificate": object{"id": certificate}}})
		}
	}
}

func caCertificate() *entity {
	return &entity{
		name: "ca_certificates", path: "ca_certificates",
		fields: common(
			field{name: "cert", kind: str, required: true, check: certPEM},
			field{name: "cert_digest", kind: str, unique: true},
		),
		checks: []check{func(e object, errs violations, _ bool) {
			if len(errs) > 0 {
				return
			}
			text := asString(e["cert"])
			if strings.Count(text, "-----BEGIN CERTIFICATE-----") > 1 {
				errs.entity("please submit only one certificate at a time")
			} else if cert := parseCert(text); cert != nil && !cert.IsCA {
				errs.entity(`certificate does not appear to be a CA because it is missing the "CA" basic constraint`)
			}
		}},
		ready: func(s *Sim, e, _ object) *reply {
			cert := parseCert(asString(e["cert"]))
			if cert.NotAfter.Before(s.now()) {
				errs := violations{}
				errs.entity("certificate expired, \"Not After\" time is in the past")
				return schemaViolation(errs)
			}
			sum := sha256.Sum256(cert.Raw)
			e["cert_digest"] = hex.EncodeToString(sum[:])
			return nil
		},
		dying: func(s *Sim, e object) *reply {
			for _, service := range s.rows(s.entity("services")) {
				if slices.Contains(texts(service["ca_certificates"]), asString(e["id"])) {
					return &reply{status: 400, body: object{"code": 19, "name": "referenced by others", "message": fmt.Sprintf(
						"ca certificate %s is still referenced by services (id = %s)", e["id"], service["id"])}}
				}
			}
			return nil
		},
		strictDelete: true,
	}
}

func keySet() *entity {
	return &entity{name: "key_sets", path: "key-sets", key: "name", noPutByKey: true,
		fields: common(field{name: "name", kind: str, unique: true})}
}

func key() *entity {
	return &entity{
		name: "keys", path: "keys", key: "name", noPutByKey: true, uniques: [][]string{{"kid", "set"}},
		fields: common(
			field{name: "name", kind: str, unique: true},
			field{name: "kid", kind: str, required: true},
			field{name: "set", kind: foreign, ref: "key_sets", cascade: true},
			field{name: "jwk", kind: str},
			field{name: "pem", kind: record, check: keyPair, checks: []check{atLeastOne("private_key", "public_key")},
				fields: []field{{name: "private_key", kind: str}, {name: "public_key", kind: str}}},
		),
		checks: []check{atLeastOne("pem", "jwk"), onlyOneOrNone("pem", "jwk"), jwkMatches},
	}
}

func jwkMatches(e object, errs violations, _ bool) {
	text, ok := e["jwk"].(string)
	if !ok || len(errs) > 0 {
		return
	}
	var jwk object
	switch err := json.Unmarshal([]byte(text), &jwk); {
	case err != nil:
		errs.entity("could not json decode jwk string")
	case jwk["kid"] != e["kid"]:
		errs.entity("kid in jwk.kid must be equal to keys.kid")
	case jwk["kty"] == "oct":
		errs.entity("could not load JWK, likely not a valid key")
	}
}

func keyPair(v any) string {
	e := asObject(v)
	private, public := asString(e["private_key"]), asString(e["public_key"])
	if private != "" && !isVaultReference(private) && parseKey(private) == nil {
		return "could not load private key"
	}
	if public == "" || isVaultReference(public) {
		return ""
	}
	block, _ := pem.Decode([]byte(public))
	if block == nil {
		return "could not load public key"
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return "could not load public key"
	}
	key := parseKey(private)
	if equal, ok := parsed.(interface{ Equal(crypto.PublicKey) bool }); key != nil && ok && !equal.Equal(key.Public()) {
		return "public key does not match private key"
	}
	return ""
}
