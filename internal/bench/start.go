package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// starts is how often each provider is started; the median counts.
const starts = 30

// startRow is what a provider's program costs before it does anything.
type startRow struct {
	Provider string  `json:"provider"`
	CPUMS    float64 `json:"cpu_to_handshake_ms"`
	MS       float64 `json:"to_handshake_ms"`
	SizeMB   float64 `json:"binary_mb"`
}

// measureStart compares the provider with one that has nothing but the
// framework. They take turns.
func measureStart(ctx context.Context, o options, root string) ([]startRow, error) {
	bare, err := build(ctx, root, "./internal/bench/bare")
	if err != nil {
		return nil, err
	}
	programs := []struct{ name, path string }{{"bare framework provider", bare}, {"ours", o.provider}}
	costs := map[string][]cost{}
	progress("start: %d times each", starts)
	for range starts {
		for _, p := range programs {
			c, err := handshake(ctx, p.path)
			if err != nil {
				return nil, err
			}
			costs[p.name] = append(costs[p.name], c)
		}
	}
	var rows []startRow
	for _, p := range programs {
		info, err := os.Stat(p.path)
		if err != nil {
			return nil, err
		}
		c := median(costs[p.name])
		rows = append(rows, startRow{Provider: p.name, CPUMS: 1000 * c.cpu.Seconds(), MS: 1000 * c.took.Seconds(), SizeMB: float64(info.Size()) / 1e6})
	}
	return rows, nil
}

// handshake starts a provider as Terraform does, and ends it when its line has
// come.
func handshake(ctx context.Context, provider string) (cost, error) {
	cmd := exec.CommandContext(ctx, provider)
	// The cookie is how go-plugin tells a plugin from a program a person starts.
	cmd.Env = append(os.Environ(),
		"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2", "PLUGIN_PROTOCOL_VERSIONS=6")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return cost{}, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return cost{}, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	c := cost{took: time.Since(start)}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // says that it was killed
	if err != nil && !errors.Is(err, io.EOF) {
		return cost{}, err
	}
	if !strings.Contains(line, "|") {
		return cost{}, fmt.Errorf("%s: no handshake, but %q", provider, line)
	}
	c.cpu, c.rss = spent(cmd.ProcessState)
	return c, nil
}

func startTable(rows []startRow) table {
	t := table{title: "Start of a provider, three times a plan, and the stripped program", head: []string{"provider", "CPU to handshake ms", "wall ms", "MB"}}
	for _, r := range rows {
		t.add("%s|%.1f|%.1f|%.1f", r.Provider, r.CPUMS, r.MS, r.SizeMB)
	}
	return t
}
