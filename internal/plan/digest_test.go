package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDigest(t *testing.T) {
	first := changeOf("a.first", "", `"actions":["update"],"before":{"a":1,"b":2},"after":{"a":1,"b":3}`)
	second := changeOf("a.second", "", `"actions":["create"],"after":{"x":[1,2]}`)
	approved := load(t, Source{Plans: folder(map[string]string{"app": planOf(first, second), "net": planOf(second)})}).Digest

	tests := map[string]struct {
		plans map[string]string
		want  Difference
	}{
		"the same": {map[string]string{"app": planOf(first, second), "net": planOf(second)}, Difference{Same: true}},
		"another order, another time, other space": {map[string]string{
			"app": strings.Replace(planOf(second, first), "{", `{"timestamp":"2026-11-21T08:00:00Z", `, 1),
			"net": strings.ReplaceAll(planOf(second), ",", ",\n "),
		}, Difference{Same: true}},
		"another order of keys": {map[string]string{
			"app": planOf(strings.Replace(first, `"a":1,"b":3`, `"b":3,"a":1`, 1), second), "net": planOf(second),
		}, Difference{Same: true}},
		"another value": {map[string]string{"app": planOf(strings.Replace(first, `"b":3`, `"b":4`, 1), second), "net": planOf(second)},
			Difference{Units: []string{"app"}, Gone: 1}},
		"another action": {map[string]string{"app": planOf(first, second), "net": planOf(strings.Replace(second, "create", "update", 1))},
			Difference{Units: []string{"net"}, Gone: 1}},
		"one change less": {map[string]string{"app": planOf(first), "net": planOf(second)}, Difference{Units: []string{"app"}, Gone: 1}},
		"one unit less":   {map[string]string{"net": planOf(second)}, Difference{Gone: 1}},
		"one unit more": {map[string]string{"app": planOf(first, second), "net": planOf(second), "new": planOf(second)},
			Difference{Units: []string{"new"}}},
		"a unit without changes more": {map[string]string{"app": planOf(first, second), "net": planOf(second), "new": planOf()},
			Difference{Same: true}},
		"the plans of two units swapped": {map[string]string{"net": planOf(first, second), "app": planOf(second)},
			Difference{Units: []string{"app", "net"}, Gone: 2}},
		"a plan that cannot be read any more": {map[string]string{"app": planOf(first, second), "net": "{"},
			Difference{Units: []string{"net"}, Gone: 1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			now := load(t, Source{Plans: folder(tt.plans)}).Digest
			got, err := now.Compare(approved.String())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDigestCoversMocks(t *testing.T) {
	plans := folder(map[string]string{"app": planOf(changeOf("a.b", "", `"actions":["create"]`))})
	log := `{"level":"warn","working-dir":"app","msg":"mock outputs provided"}`
	mocked := load(t, Source{Plans: plans, Log: strings.NewReader(log)}).Digest
	diff, err := load(t, Source{Plans: plans}).Digest.Compare(mocked.String())
	if err != nil || diff.Same {
		t.Errorf("planned on mocks and not are the same: %+v, %v", diff, err)
	}
}

func TestDigestKey(t *testing.T) {
	plans := folder(map[string]string{"app": planOf()})
	digest := func(key string) string { return load(t, Source{Plans: plans, DigestKey: []byte(key)}).Digest.String() }
	if digest("a") == digest("b") || digest("a") == digest("") {
		t.Error("the digest should depend on the key")
	}
}

func TestCompareWithWhatIsNoDigest(t *testing.T) {
	for _, approved := range []string{"", "v1.", "v1.AAAA", "v2." + strings.Repeat("A", 43), "v1." + strings.Repeat("!", 43), "v1." + strings.Repeat("A", 45)} {
		if _, err := (Digest{}).Compare(approved); err == nil {
			t.Errorf("%q is accepted", approved)
		}
	}
}

func TestCanonicalTellsValuesApart(t *testing.T) {
	values := []string{`null`, `false`, `true`, `0`, `"0"`, `""`, `[]`, `{}`, `[null]`, `[[],[]]`, `[[[]]]`, `{"a":"b"}`, `["a","b"]`, `{"a":null}`, `"a"`, `["ab"]`, `["a","",""]`, `1`, `1.0`}
	seen := map[string]string{}
	for _, value := range values {
		bytes := string(canonical(nil, decode([]byte(value))))
		if other, ok := seen[bytes]; ok {
			t.Errorf("%s and %s are the same", value, other)
		}
		seen[bytes] = value
	}
}
