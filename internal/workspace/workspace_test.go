package workspace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The tool starts a process that keeps the processor busy, as Terraform starts a
// provider, and does next to nothing itself.
func TestMeasureCountsGrandchildren(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tool := filepath.Join(dir, "tool")
	const script = `#!/bin/sh
sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; times'
`
	if err := os.WriteFile(tool, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	w, err := New(tool, filepath.Join(dir, "work"), "unused", "")
	if err != nil {
		t.Fatal(err)
	}
	output, usage, err := w.Measure(t.Context(), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	// The first line is user and system time of the process below: 0m0.25s 0m0.00s.
	user, err := time.ParseDuration(strings.Fields(output)[0])
	if err != nil {
		t.Fatal(err)
	}
	if user == 0 || usage.CPU < user {
		t.Errorf("counted %s, the process below alone took %s", usage.CPU, user)
	}
}
