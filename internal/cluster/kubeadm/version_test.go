package kubeadm

import "testing"

func TestCheckUpgrade(t *testing.T) {
	tests := map[string]struct{ from, to, want string }{
		"nothing to do":    {"1.34.4", "1.34.4", ""},
		"patch release":    {"1.34.4", "1.34.9", ""},
		"next minor":       {"1.34.4", "1.35.0", ""},
		"patch downgrade":  {"1.34.5", "1.34.4", "version 1.34.5 cannot go back to 1.34.4: kubeadm has no downgrade; set the version to 1.34.5 or newer"},
		"minor downgrade":  {"1.34.0", "1.33.9", "version 1.34.0 cannot go back to 1.33.9: kubeadm has no downgrade; set the version to 1.34.0 or newer"},
		"a minor left out": {"1.32.1", "1.34.4", "version 1.32.1 cannot go to 1.34.4 at once: kubeadm upgrades one minor version at a time; set the version to a release of 1.33, apply, then go on"},
		"another major":    {"1.34.4", "2.0.0", "version 1.34.4 cannot go to 2.0.0: kubeadm does not upgrade across major versions"},
		"no version":       {"1.34.4", "latest", `the wanted version: could not parse "latest" as version`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := CheckUpgrade(test.from, test.to); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}
