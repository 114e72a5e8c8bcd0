// Package workspace runs the real Terraform or OpenTofu on one configuration
// with a provider that was just built, for the benchmark and for tests that
// need whole processes.
package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Provider is the name of the provider's program.
const Provider = "terraform-provider-onprem"

// Workspace is a folder with one configuration.
type Workspace struct {
	Dir string
	Env []string // added to the tool's environment

	tool string
}

// New makes a workspace in dir that runs tool with the provider's binary, and
// writes config, to which it adds where the provider comes from.
func New(tool, dir, provider, config string) (*Workspace, error) {
	provider, err := filepath.Abs(provider)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	w := &Workspace{Dir: dir, tool: tool}
	rc := filepath.Join(dir, "cli.tfrc")
	w.Env = environment(rc)
	overrides := fmt.Sprintf(`disable_checkpoint = true
provider_installation {
  dev_overrides {
    "onprem-tools/onprem" = %q
  }
  direct {}
}
`, filepath.Dir(provider))
	if err := os.WriteFile(rc, []byte(overrides), 0o600); err != nil {
		return nil, err
	}
	return w, w.Write(config)
}

// Write replaces the configuration.
func (w *Workspace) Write(config string) error {
	const source = `terraform {
  required_providers {
    onprem = { source = "onprem-tools/onprem" }
  }
}

`
	return os.WriteFile(filepath.Join(w.Dir, "main.tf"), []byte(source+config), 0o600)
}

// ExitError is a run that ended with another exit code than wanted.
type ExitError struct {
	Args   []string
	Code   int
	Output string
}

// Error has the end of the output.
func (e *ExitError) Error() string {
	lines := strings.Split(strings.TrimSpace(e.Output), "\n")
	return fmt.Sprintf("%s: exit code %d\n%s", strings.Join(e.Args, " "), e.Code, strings.Join(lines[max(0, len(lines)-60):], "\n"))
}

// Run runs the tool and returns its output. An exit code other than want is an
// *ExitError.
func (w *Workspace) Run(ctx context.Context, want int, args ...string) (string, error) {
	output, _, err := w.Watch(ctx, want, nil, args...)
	return output, err
}

// Watch is Run that also tells how long it took, and calls each while the tool
// works with the process ids of the provider's processes. each may be nil.
func (w *Workspace) Watch(ctx context.Context, want int, each func(pids []int), args ...string) (string, time.Duration, error) {
	output, usage, err := w.Measure(ctx, want, each, args...)
	return output, usage.Took, err
}

// Usage is what one run took.
type Usage struct {
	Took time.Duration
	// CPU is that of the tool and of every process below it that was waited
	// for, in the program and in the kernel: Terraform waits for its providers.
	CPU time.Duration
}

// Measure is Watch that also tells the time on the processors.
func (w *Workspace) Measure(ctx context.Context, want int, each func(pids []int), args ...string) (string, Usage, error) {
	cmd := exec.CommandContext(ctx, w.tool, args...)
	cmd.Dir, cmd.Env = w.Dir, append(os.Environ(), w.Env...)
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return "", Usage{}, err
	}
	stop := sample(cmd.Process.Pid, each)
	err := cmd.Wait()
	usage := Usage{Took: time.Since(start), CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	stop()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return output.String(), usage, err
	}
	if code := cmd.ProcessState.ExitCode(); code != want {
		return output.String(), usage, &ExitError{args, code, output.String()}
	}
	return output.String(), usage, nil
}

// sample calls each every few milliseconds until it is stopped.
func sample(pid int, each func([]int)) (stop func()) {
	if each == nil {
		return func() {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				each(providers(pid))
			}
		}
	}()
	return func() { close(quit); <-done }
}

// providers returns the provider's processes that pid has started.
func providers(pid int) []int {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var found []int
	for _, t := range tasks {
		list, _ := os.ReadFile(t)
		for field := range strings.FieldsSeq(string(list)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				continue
			}
			command, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child))
			if strings.Contains(string(command), Provider) {
				found = append(found, child)
			}
		}
	}
	return found
}
