package plan

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"maps"
	"slices"
	"strings"
)

// Digest identifies a change set: what the plans would do, in every unit,
// whatever the order in which they list it and the time at which they were made.
// Whoever approves a digest approves these changes and no others. Units without
// changes have no part in it: planning more of them approves nothing more.
//
// It is a SHA-256 over all values of all changes, secrets among them. A short
// secret could be guessed from it by someone who knows all the rest; where that
// matters, [Source.DigestKey] makes it an HMAC.
type Digest struct {
	// All is the digest of all units, in hexadecimal.
	All string `json:"all"`
	// Units are the digests of the units that are not unchanged, by path.
	Units map[string]string `json:"units"`
}

// hasher is SHA-256, or HMAC-SHA-256 where there is a key.
func hasher(key []byte) func([]byte) []byte {
	fresh := func() hash.Hash { return hmac.New(sha256.New, key) }
	if len(key) == 0 {
		fresh = sha256.New
	}
	return func(data []byte) []byte {
		h := fresh()
		h.Write(data)
		return h.Sum(nil)
	}
}

// unitDigest covers the unit's name as well: the same changes elsewhere are others.
func unitDigest(u *Unit, sums [][]byte, hash func([]byte) []byte) string {
	slices.SortFunc(sums, bytes.Compare)
	head := canonical(nil, []any{u.Path, u.Mocked, u.State == Unreadable})
	return hex.EncodeToString(hash(append(head, bytes.Join(sums, nil)...)))
}

func newDigest(units map[string]string, hash func([]byte) []byte) Digest {
	var all []byte
	for _, path := range slices.Sorted(maps.Keys(units)) {
		all = append(all, units[path]...)
	}
	return Digest{All: hex.EncodeToString(hash(all)), Units: units}
}

const (
	digestVersion = "v1."
	// A unit's part of the short form only finds the unit; All decides.
	unitPart = 4
	// maxUnitParts keeps the short form well below the size of a comment.
	maxUnitParts = 1000
)

// String is the short form: the whole digest, and enough of each unit's to name
// those that differ later on.
func (d Digest) String() string {
	raw, _ := hex.DecodeString(d.All)
	if len(d.Units) <= maxUnitParts {
		for _, path := range slices.Sorted(maps.Keys(d.Units)) {
			sum, _ := hex.DecodeString(d.Units[path])
			raw = append(raw, sum[:unitPart]...)
		}
	}
	return digestVersion + base64.RawURLEncoding.EncodeToString(raw)
}

// Difference is how plans depart from those that were approved.
type Difference struct {
	Same bool
	// Units are those whose changes are not the approved ones.
	Units []string
	// Gone is how many of the approved units are not there as they were.
	Gone int
}

// Compare holds the plans against the digest that was approved, in the form
// that [Digest.String] gives.
func (d Digest) Compare(approved string) (Difference, error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(approved), digestVersion)
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if !ok || err != nil || len(raw) < sha256.Size || (len(raw)-sha256.Size)%unitPart != 0 {
		return Difference{}, errors.New(`the approved digest is not one of a plan: it starts with "v1." and is found in the first line of the comment`)
	}
	if hex.EncodeToString(raw[:sha256.Size]) == d.All {
		return Difference{Same: true}, nil
	}
	parts := map[string]int{}
	for part := range slices.Chunk(raw[sha256.Size:], unitPart) {
		parts[hex.EncodeToString(part)]++
	}
	var diff Difference
	for _, path := range slices.Sorted(maps.Keys(d.Units)) {
		part := d.Units[path][:2*unitPart]
		if parts[part]--; parts[part] < 0 {
			diff.Units = append(diff.Units, shown(path))
		}
	}
	for _, left := range parts {
		diff.Gone += max(0, left)
	}
	return diff, nil
}

// canonical writes a value so that equal values, and only these, give equal
// bytes: kinds are told apart, lengths stand first, keys are in order.
func canonical(b []byte, value any) []byte {
	text := func(kind byte, s string) []byte {
		return append(binary.AppendUvarint(append(b, kind), uint64(len(s))), s...)
	}
	switch v := value.(type) {
	case string:
		return text('s', v)
	case json.Number:
		return text('n', v.String())
	case bool:
		if v {
			return append(b, 't')
		}
		return append(b, 'f')
	case []any:
		b = binary.AppendUvarint(append(b, 'l'), uint64(len(v)))
		for _, element := range v {
			b = canonical(b, element)
		}
		return b
	case map[string]any:
		b = binary.AppendUvarint(append(b, 'm'), uint64(len(v)))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			b = canonical(b, key)
			b = canonical(b, v[key])
		}
		return b
	default:
		return append(b, '0')
	}
}
