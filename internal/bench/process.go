package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
)

// cost is what one run of a program took.
type cost struct {
	took time.Duration
	// cpu is that of all its threads and of the processes below it, in the
	// program and in the kernel.
	cpu time.Duration
	// provider is the part of it that the provider's processes had; sampled.
	provider time.Duration
	rss      int64 // most memory that it, or a provider's process, had; in bytes
}

// core is what Terraform took itself.
func (c cost) core() time.Duration { return c.cpu - c.provider }

// process runs a program to its end. The kernel counts memory from the moment
// of the fork, so it is at least what this program has itself.
func process(ctx context.Context, dir, name string, args ...string) (cost, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	start := time.Now()
	output, err := cmd.CombinedOutput()
	c := cost{took: time.Since(start)}
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(output)), "\n")
		return c, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, strings.Join(lines[max(0, len(lines)-20):], "\n"))
	}
	c.cpu, c.rss = spent(cmd.ProcessState)
	return c, nil
}

// spent is what a process that has ended took of the processors, and the most
// memory it had.
func spent(p *os.ProcessState) (cpu time.Duration, rss int64) {
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		rss = usage.Maxrss << 10 // Linux counts kilobytes
	}
	return p.UserTime() + p.SystemTime(), rss
}

// apply has Terraform create everything, and plan has it plan that nothing is
// to be changed.
func apply(ctx context.Context, w *workspace.Workspace) (cost, error) {
	return measured(ctx, w, "apply", "-auto-approve", "-no-color")
}

func plan(ctx context.Context, w *workspace.Workspace) (cost, error) {
	return measured(ctx, w, "plan", "-detailed-exitcode", "-no-color")
}

func measured(ctx context.Context, w *workspace.Workspace, args ...string) (cost, error) {
	var rss int64
	cpu := map[int]time.Duration{} // of each provider's process
	_, usage, err := w.Measure(ctx, 0, func(pids []int) {
		for _, pid := range pids {
			rss = max(rss, peak(pid))
			cpu[pid] = max(cpu[pid], processor(pid))
		}
	}, args...)
	c := cost{took: usage.Took, cpu: usage.CPU, rss: rss}
	for _, d := range cpu {
		c.provider += d
	}
	if err == nil && c.provider > c.cpu {
		err = fmt.Errorf("%s: the provider alone took %s of the %s that the tool took with it: it does not wait for its providers, and cannot be measured so", args[0], c.provider, c.cpu)
	}
	return c, err
}

// peak is the most memory a process has had (VmHWM), in bytes; 0 when it has
// ended.
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

// tick is the kernel's unit of time in /proc (USER_HZ), the same on every
// architecture that Go runs on.
const tick = 10 * time.Millisecond

// processor is what a process has taken of the processors so far; 0 when it has
// ended.
func processor(pid int) time.Duration {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	// The name, in parentheses, may have any character in it. Then comes the
	// state, which proc(5) numbers 3; utime is 14 and stime 15.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[14-3], 10, 64)
	system, _ := strconv.ParseInt(fields[15-3], 10, 64)
	return time.Duration(user+system) * tick
}

// build builds a provider of this project as a release does, and returns where
// it is. Terraform wants a folder for each, and the name that all have.
func build(ctx context.Context, root, pkg string) (string, error) {
	out := filepath.Join(root, filepath.Base(pkg), workspace.Provider)
	progress("build %s", pkg)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, output)
	}
	return out, nil
}

// median is taken of each part by itself.
func median(costs []cost) cost {
	return cost{
		took:     middle(costs, func(c cost) time.Duration { return c.took }),
		cpu:      middle(costs, func(c cost) time.Duration { return c.cpu }),
		provider: middle(costs, func(c cost) time.Duration { return c.provider }),
		rss:      middle(costs, func(c cost) int64 { return c.rss }),
	}
}

func middle[C any, T cmp.Ordered](costs []C, of func(C) T) T {
	values := make([]T, len(costs))
	for i, c := range costs {
		values[i] = of(c)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
