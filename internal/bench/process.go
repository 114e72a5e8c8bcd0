package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// cost is what one run of a program took.
type cost struct {
	took time.Duration
	cpu  time.Duration // of all its threads, in the program and in the kernel
	rss  int64         // most memory it had, in bytes
}

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
	c.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.rss = usage.Maxrss << 10 // Linux counts kilobytes
	}
	return c, nil
}
