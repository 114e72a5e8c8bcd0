package cli

import (
	"bytes"
	"encoding/json"
	"runtime/debug"
	"testing"
)

func TestVersionJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := runVersion("1.2.3", versionOptions{Streams: Streams{Out: &out}, JSON: true}); err != nil {
		t.Fatal(err)
	}
	var got buildInfo
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	if got.Version != "1.2.3" || got.Go == "" || got.Platform == "" {
		t.Errorf("got %+v", got)
	}
}

func TestResolveVersion(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		linked, module string
		known          bool
		want           string
	}{
		"release":                {"1.2.3", "v9.9.9", true, "1.2.3"},
		"go install":             {"dev", "v0.4.0", true, "v0.4.0"},
		"built in a work tree":   {"dev", "(devel)", true, "dev"},
		"build info is stripped": {"dev", "", false, "dev"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := resolveVersion(tc.linked, func() (*debug.BuildInfo, bool) {
				return &debug.BuildInfo{Main: debug.Module{Version: tc.module}}, tc.known
			})
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestRelease(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"1.2.3":                              "1.2.3",
		"v1.2.3":                             "1.2.3", // go install
		"1.2.3-rc.1":                         "1.2.3-rc.1",
		"v1.2.3-rc1":                         "1.2.3-rc1",
		"dev":                                "",
		"0123abc":                            "", // a repository without tags
		"1.2.3-dirty":                        "",
		"v1.2.3-4-g0123abc":                  "",
		"v0.0.0-20260131120000-0123456789ab": "",
		"v1.2.4-0.20260131120000-0123456789ab+dirty": "",
	} {
		if got := release(version); got != want {
			t.Errorf("%s: got %q, want %q", version, got, want)
		}
	}
}
