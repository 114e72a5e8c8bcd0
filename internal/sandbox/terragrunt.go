package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
)

// Tree is a generated tree, with the real Terragrunt to run it.
type Tree struct {
	Dir        string
	Terragrunt string // path of the program
	Tool       Tool   // that Terragrunt runs
	Env        []string
	Log        io.Writer // gets all output
}

// terragruntEnv keeps Terragrunt from asking and from decorating what it says.
// A cache of providers would only make copies of a mirror that is local, and
// units that start side by side get into each other's way in it.
var terragruntEnv = []string{"TG_NON_INTERACTIVE=true", "TG_NO_COLOR=true", "TG_NO_TIPS=true", "TG_NO_AUTO_PROVIDER_CACHE_DIR=true"}

// Run runs Terragrunt in a folder of the tree and returns its standard output.
// line, which may be nil, gets every line as it comes.
func (t *Tree) Run(ctx context.Context, folder string, line func(string), args ...string) (string, error) {
	fmt.Fprintf(t.Log, "\n[%s] $ terragrunt %s\n", folder, strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, t.Terragrunt, args...)
	cmd.Dir = filepath.Join(t.Dir, folder)
	cmd.Env = slices.Concat(os.Environ(), terragruntEnv, []string{"TG_TF_PATH=" + t.Tool.Path}, t.Env)
	// Terraform records its state when it is interrupted, but not when killed.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute

	lines, watched := io.Pipe()
	seen := make(chan struct{})
	go func() {
		defer close(seen)
		eachLine(lines, line)
	}()
	var out, words strings.Builder
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&out, watched), &words
	err := cmd.Run()
	_ = watched.Close()
	<-seen
	_, _ = io.WriteString(t.Log, out.String()+words.String())
	if ctx.Err() != nil {
		return "", errors.New("interrupted")
	}
	if err != nil {
		err = fmt.Errorf("terragrunt %s: %w\n%s", strings.Join(args, " "), err, lastLines(out.String()+words.String(), 40))
	}
	return out.String(), err
}

func eachLine(from io.Reader, line func(string)) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for line != nil && lines.Scan() {
		line(lines.Text())
	}
	_, _ = io.Copy(io.Discard, from) // a line longer than the buffer must not stop the tool
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// Change is what a plan would do to one resource. Outputs follow from resources
// and are not listed.
type Change struct{ Unit, Address, Actions string }

// String names the resource.
func (c Change) String() string { return c.Unit + ": " + c.Address }

// Plan plans all units of a folder and returns what would change, in order. The
// plans themselves, as JSON, are put into the folder plans.
func (t *Tree) Plan(ctx context.Context, folder, plans string, flags ...string) ([]Change, error) {
	plans, err := filepath.Abs(plans)
	if err != nil {
		return nil, err
	}
	if err := os.RemoveAll(plans); err != nil {
		return nil, err
	}
	args := append([]string{"run", "--all", "--json-out-dir", plans}, flags...)
	if _, err := t.Run(ctx, folder, nil, append(args, "plan")...); err != nil {
		return nil, err
	}
	var changes []Change
	err = filepath.WalkDir(plans, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		unit, err := filepath.Rel(plans, filepath.Dir(path))
		if err != nil {
			return err
		}
		found, err := readPlan(path, filepath.ToSlash(filepath.Join(folder, unit)))
		changes = append(changes, found...)
		return err
	})
	return changes, err
}

// readPlan returns what a plan would change.
func readPlan(file, unit string) ([]Change, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var plan tfjson.Plan
	if err := plan.UnmarshalJSON(text); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var changes []Change
	for _, r := range plan.ResourceChanges {
		if a := r.Change.Actions; !a.NoOp() && !a.Read() {
			changes = append(changes, Change{unit, r.Address, fmt.Sprint(a)})
		}
	}
	return changes, nil
}
