package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
)

// result is one command's cost.
type result struct {
	took time.Duration
	rss  int64 // most memory of a provider process, in bytes; sampled
}

func measured(ctx context.Context, w *workspace.Workspace, args ...string) (result, error) {
	var r result
	_, took, err := w.Watch(ctx, 0, func(pids []int) {
		for _, pid := range pids {
			r.rss = max(r.rss, peak(pid))
		}
	}, args...)
	r.took = took
	return r, err
}

func apply(ctx context.Context, w *workspace.Workspace) (result, error) {
	return measured(ctx, w, "apply", "-auto-approve", "-no-color")
}

// plan plans a few times, insists that nothing is to be changed, and returns
// the fastest: what disturbs a measurement only ever makes it slower.
func plan(ctx context.Context, w *workspace.Workspace, times int, before func()) (result, error) {
	var best result
	for i := range times {
		before()
		r, err := measured(ctx, w, "plan", "-detailed-exitcode", "-no-color")
		if err != nil {
			return result{}, err
		}
		best.rss = max(best.rss, r.rss)
		if i == 0 || r.took < best.took {
			best.took = r.took
		}
	}
	return best, nil
}

// peak is the most memory a process has had (VmHWM), in bytes.
func peak(pid int) int64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10
		}
	}
	return 0
}

// handshake starts the provider as Terraform does and waits for its line.
func handshake(ctx context.Context, provider string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, provider)
	// The cookie is how go-plugin tells a plugin from a program a person starts.
	cmd.Env = append(os.Environ(),
		"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2", "PLUGIN_PROTOCOL_VERSIONS=6")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	took := time.Since(start)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if !strings.Contains(line, "|") {
		return 0, fmt.Errorf("no handshake, but %q", line)
	}
	return took, nil
}
