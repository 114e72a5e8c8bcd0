package forge

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAppendSummary(t *testing.T) {
	t.Parallel()
	const before = "# Tests\n"
	room := MaxSummary - len(before)
	for _, tt := range []struct {
		name, text string
		added      string
		err        string
	}{
		{"a line", "plan\n", "plan\n", ""},
		{"a line without its end", "plan", "plan\n", ""},
		{"all there is room for", strings.Repeat("x", room-1) + "\n", strings.Repeat("x", room-1) + "\n", ""},
		{"a byte more", strings.Repeat("x", room) + "\n", "", "would grow to 1048577 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "summary.md")
			if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
				t.Fatal(err)
			}
			err := AppendSummary(path, tt.text)
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got the error %v, want %q", err, tt.err)
			}
			if got, _ := os.ReadFile(path); string(got) != before+tt.added {
				t.Errorf("the summary has %d bytes, want %d", len(got), len(before)+len(tt.added))
			}
		})
	}
}

func TestAppendSummaryCreatesTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "summary.md")
	if err := AppendSummary(path, "plan"); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "plan\n" {
		t.Errorf("got %q", got)
	}
	if err := AppendSummary("", "plan"); err == nil || !strings.Contains(err.Error(), "GITHUB_STEP_SUMMARY") {
		t.Errorf("got %v without a path", err)
	}
}
