package protocols

import (
	"regexp"
	"testing"
)

// The numbers of Guacamole 1.6.0; 216 of them were there in 1.5.5.
func TestTable(t *testing.T) {
	t.Parallel()
	total, old := 0, 0
	for protocol, want := range map[string]int{SSH: 42, RDP: 88, VNC: 48, Telnet: 34, Kubernetes: 28} {
		if got := len(Of(protocol)); got != want {
			t.Errorf("%s has %d parameters, want %d", protocol, got, want)
		}
		for _, p := range Of(protocol) {
			total++
			if p.Since == "" {
				old++
			}
		}
	}
	if total != 240 || old != 216 {
		t.Errorf("%d parameters, %d of them in 1.5.5; want 240 and 216", total, old)
	}
	if !Knows(SSH, "host-key") || Knows(RDP, "host-key") {
		t.Error("host-key is a parameter of ssh, not of rdp")
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	for _, protocol := range Names {
		seen := map[string]bool{}
		for _, p := range Of(protocol) {
			at := protocol + "." + p.Name
			switch p.Type {
			case Text, Numeric, Boolean, Enum, Password, Multiline, Username, Timezone, ColorScheme:
			default:
				t.Errorf("%s has type %q", at, p.Type)
			}
			if !name.MatchString(p.Name) || seen[p.Name] {
				t.Errorf("%s: bad or repeated name", at)
			}
			if len(p.Description) < 15 || p.Description[len(p.Description)-1] != '.' {
				t.Errorf("%s: description %q is no sentence", at, p.Description)
			}
			if (p.Type == Enum) && len(p.Options) == 0 {
				t.Errorf("%s has no options", at)
			}
			if p.Type == Password && !p.Secret {
				t.Errorf("%s is a password and no secret", at)
			}
			seen[p.Name] = true
		}
	}
}
