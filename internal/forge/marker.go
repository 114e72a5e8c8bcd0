package forge

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

const (
	markerStart = "<!-- onprem-plan v1 "
	markerEnd   = " -->"
)

// Marker is the first line of a comment or issue of ours. Readers do not see it:
//
//	<!-- onprem-plan v1 key=stage part=1 run=42 attempt=1 digest=v1.9f86d08… -->
type Marker struct {
	Key    string // tells apart what several workflows keep on one pull request
	Part   int
	Run    Run
	Digest string // of the changes that the comment shows; in its first part
}

// String is the marker as a line of Markdown.
func (m Marker) String() string {
	digest := ""
	if m.Digest != "" {
		digest = " digest=" + m.Digest
	}
	return fmt.Sprintf("%skey=%s part=%d run=%d attempt=%d%s%s", markerStart, m.Key, m.Part, m.Run.Number, m.Run.Attempt, digest, markerEnd)
}

// same reports whether m and other stand for the same comment.
func (m Marker) same(other Marker) bool { return m.Key == other.Key && m.Part == other.Part }

// ParseMarker reads the marker on the first line of a text; a marker anywhere
// else may be quoted. Attributes are separated by spaces, those it does not
// know are for others.
func ParseMarker(text string) (Marker, bool) {
	line, _, _ := strings.Cut(text, "\n")
	line = strings.TrimSuffix(line, "\r")
	attributes, opened := strings.CutPrefix(line, markerStart)
	attributes, closed := strings.CutSuffix(attributes, markerEnd)
	m := Marker{Part: 1, Run: Run{Attempt: 1}}
	if !opened || !closed {
		return Marker{}, false
	}
	for attribute := range strings.FieldsSeq(attributes) {
		name, value, _ := strings.Cut(attribute, "=")
		if !m.set(name, value) {
			return Marker{}, false
		}
	}
	return m, CheckKey(m.Key) == nil
}

func (m *Marker) set(name, value string) (ok bool) {
	if text := map[string]*string{"key": &m.Key, "digest": &m.Digest}[name]; text != nil {
		*text = value
		return true
	}
	number := map[string]*int{"part": &m.Part, "run": &m.Run.Number, "attempt": &m.Run.Attempt}[name]
	if number == nil {
		return true
	}
	n, err := strconv.Atoi(value)
	*number = n
	return err == nil && n >= 0
}

var keyPattern = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9._/-]*$`)

// CheckKey refuses what would end the marker or its attribute.
func CheckKey(key string) error {
	if !keyPattern.MatchString(key) || strings.Contains(key, "--") {
		return fmt.Errorf("the key %q is not usable: letters, digits and single . _ / - are", key)
	}
	return nil
}

// markersOf reads the markers of the parts of a comment and checks that they
// belong together: whatever is posted must be found again.
func markersOf(key string, parts []string) ([]Marker, error) {
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("nothing to post under the key %q", key)
	}
	markers := make([]Marker, len(parts))
	for i, part := range parts {
		m, ok := ParseMarker(part)
		if !ok || !m.same(Marker{Key: key, Part: i + 1}) || i > 0 && m.Run != markers[0].Run {
			line, _, _ := strings.Cut(part, "\n")
			return nil, fmt.Errorf("part %d of %d starts with %q, not with the marker of key %q", i+1, len(parts), line, key)
		}
		markers[i] = m
	}
	return markers, nil
}
