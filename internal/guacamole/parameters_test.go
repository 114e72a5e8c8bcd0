package guacamole

import (
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/protocols"
)

// samples are two different values of a parameter, as they are stored.
func samples(p protocols.Parameter) (string, string) {
	switch p.Type {
	case protocols.Boolean:
		return protocols.True, ""
	case protocols.Numeric:
		return "22", "23"
	case protocols.Enum:
		return p.Options[0], p.Options[1]
	}
	return "a", "b"
}

// Each of the 240 parameters shows when it is changed, set or removed on the
// server, but for the secrets, which never show.
func TestReadParameters(t *testing.T) {
	t.Parallel()
	for _, protocol := range protocols.Names {
		stored := guacapi.Values{}
		for _, p := range protocols.Of(protocol) {
			stored[p.Name], _ = samples(p)
		}
		full := readParameters(protocol, stored, types.ObjectNull(parameterTypes(protocol)))
		if again := readParameters(protocol, stored, full); !again.Equal(full) {
			t.Errorf("%s: reading twice differs", protocol)
		}
		for _, p := range protocols.Of(protocol) {
			_, other := samples(p)
			for _, value := range []string{other, ""} {
				changed := maps.Clone(stored)
				changed[p.Name] = value
				if shows := !readParameters(protocol, changed, full).Equal(full); shows == p.Secret {
					t.Errorf("%s.%s = %q: shows %v", protocol, p.Name, value, shows)
				}
			}
		}
	}
}

// Guacamole does not know false: it stays what the configuration says.
func TestReadParameterFalse(t *testing.T) {
	t.Parallel()
	p := protocols.Parameter{Name: "read-only", Type: protocols.Boolean}
	for _, tt := range []struct {
		stored string
		prior  attr.Value
		want   types.Bool
	}{
		{"true", types.BoolValue(false), types.BoolValue(true)},
		{"", types.BoolValue(false), types.BoolValue(false)},
		{"", types.BoolNull(), types.BoolNull()},
		{"", nil, types.BoolNull()},
		{"false", types.BoolNull(), types.BoolNull()},
		{"", types.BoolValue(true), types.BoolValue(false)},
	} {
		if got := readParameter(p, tt.stored, tt.prior); !got.Equal(tt.want) {
			t.Errorf("stored %q, was %v: got %v, want %v", tt.stored, tt.prior, got, tt.want)
		}
	}
}

func BenchmarkReadParameters(b *testing.B) {
	stored := guacapi.Values{"hostname": "192.168.1.50", "port": "3389", "security": "nla"}
	prior := types.ObjectNull(parameterTypes(protocols.RDP))
	for b.Loop() {
		prior = readParameters(protocols.RDP, stored, prior)
	}
}
