package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/sandbox"
)

// workspace is a root module in a folder of its own, and the tool that runs it.
type workspace struct {
	tool sandbox.Tool
	dir  string
	env  []string
	log  *os.File // gets all output of the tool
}

// newWorkspace copies the root module in from to dir: the tool leaves files
// beside it.
func newWorkspace(tool sandbox.Tool, from, dir string, env []string, log *os.File) (*workspace, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		return nil, err
	}
	return &workspace{tool: tool, dir: dir, env: env, log: log}, nil
}

// run runs the tool and calls done with every count of objects it has finished.
func (w *workspace) run(ctx context.Context, done func(int), args ...string) error {
	out, writer := io.Pipe()
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		countObjects(out, done)
	}()
	code, err := w.exec(ctx, io.MultiWriter(w.log, writer), args...)
	_ = writer.Close()
	<-counted
	if err == nil && code != 0 {
		err = fmt.Errorf("%s failed with exit code %d", strings.Join(args, " "), code)
	}
	return err
}

// countObjects reads the tool's output and reports how many objects it says it
// has created, read, changed or destroyed.
func countObjects(out io.Reader, done func(int)) {
	n := 0
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if line := lines.Text(); strings.Contains(line, " complete after ") {
			n++
			done(n)
		}
	}
	_, _ = io.Copy(io.Discard, out) // a line longer than the buffer must not stop the tool
}

// plan plans, and returns the addresses of what would change, in order.
func (w *workspace) plan(ctx context.Context) ([]string, error) {
	const file = "demo.tfplan"
	code, err := w.exec(ctx, w.log, "plan", "-input=false", "-no-color", "-detailed-exitcode", "-out="+file)
	if err != nil {
		return nil, err
	}
	if code != 0 && code != 2 {
		return nil, fmt.Errorf("plan failed with exit code %d", code)
	}
	var shown strings.Builder
	if code, err := w.exec(ctx, &shown, "show", "-json", file); err != nil || code != 0 {
		return nil, errors.Join(err, fmt.Errorf("show failed with exit code %d", code))
	}
	changes, err := changedAddresses(shown.String())
	if err == nil && code == 2 && len(changes) == 0 {
		err = errors.New("the plan has changes of outputs only")
	}
	return changes, err
}

func changedAddresses(plan string) ([]string, error) {
	var p struct {
		ResourceChanges []struct {
			Address string
			Change  struct{ Actions []string }
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal([]byte(plan), &p); err != nil {
		return nil, err
	}
	changed := []string{}
	for _, c := range p.ResourceChanges {
		if !slices.Equal(c.Change.Actions, []string{"no-op"}) && !slices.Equal(c.Change.Actions, []string{"read"}) {
			changed = append(changed, c.Address)
		}
	}
	slices.Sort(changed)
	return changed, nil
}

// objects returns the addresses of the resources that the state has.
func (w *workspace) objects(ctx context.Context) ([]string, error) {
	var list strings.Builder
	if code, err := w.exec(ctx, &list, "state", "list"); err != nil || code != 0 {
		return nil, errors.Join(err, fmt.Errorf("state list failed with exit code %d", code))
	}
	var addresses []string
	for line := range strings.Lines(list.String()) {
		if strings.HasPrefix(line, "onprem_") {
			addresses = append(addresses, strings.TrimSpace(line))
		}
	}
	return addresses, nil
}

// exec runs the tool and returns its exit code. A tool that could not be run is
// an error, one that failed is not.
func (w *workspace) exec(ctx context.Context, out io.Writer, args ...string) (int, error) {
	fmt.Fprintf(w.log, "\n$ %s %s\n", filepath.Base(w.tool.Path), strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, w.tool.Path, args...)
	cmd.Dir, cmd.Env = w.dir, append(os.Environ(), w.env...)
	cmd.Stdout, cmd.Stderr = out, w.log
	// The tool records its state when it is interrupted, but not when killed.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	err := cmd.Run()
	if ctx.Err() != nil {
		return 0, errors.New("interrupted")
	}
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		return failed.ExitCode(), nil
	}
	return 0, err
}
