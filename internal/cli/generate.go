package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
	"github.com/onprem-tools/terraform-provider-onprem/internal/tree"
	"github.com/onprem-tools/terraform-provider-onprem/internal/tree/disk"
	"github.com/onprem-tools/terraform-provider-onprem/modules"
)

type generateOptions struct {
	Streams
	platformOptions
	Out    string
	Check  bool
	Diff   bool
	Keep   bool
	Format string
	Only   string
	// Release is this program's version, if it is a release.
	Release string
}

func newGenerateCmd(streams Streams, run func(context.Context, generateOptions) error) *cobra.Command {
	opts := generateOptions{Streams: streams}
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Write the Terragrunt tree of a platform",
		Long: `Write the Terragrunt tree that a platform file describes: one folder a unit,
what is common once, and the workflows that plan and apply it. The platform is
checked first, as by validate; with errors nothing is written.

Only what changed is written. A file that somebody changed, or that is no
generated one, is never overwritten: generate names it and stops, or leaves it
with --keep. The hashes of what was written are in .onprem.lock.json; commit it.

Exit codes: 0 the tree is up to date, 1 errors, or with --check a tree that is
not up to date, 2 wrong usage.`,
		Example: `  terraform-provider-onprem generate                      # platform.hcl here, tree beside it
  terraform-provider-onprem generate -f platform/ -o live
  terraform-provider-onprem generate --check --diff       # in a pipeline: is the tree up to date?
  terraform-provider-onprem generate --only stage         # write the folder of one environment`,
		Args: cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error {
			if format := tree.Format(opts.Format); format != tree.Terragrunt && format != tree.Terraform {
				return fmt.Errorf("unknown format %q: there is %s and %s", format, tree.Terragrunt, tree.Terraform)
			}
			return nil
		},
		RunE: work(func(ctx context.Context) error { return run(ctx, opts) }),
	}
	opts.flags(cmd)
	cmd.Flags().StringVarP(&opts.Out, "out", "o", "", "directory of the tree (default: that of the platform file)")
	cmd.Flags().BoolVar(&opts.Check, "check", false, "write nothing, and exit with 1 when the tree is not up to date")
	cmd.Flags().BoolVar(&opts.Diff, "diff", false, "print what changes in the files")
	cmd.Flags().BoolVar(&opts.Keep, "keep", false, "leave files alone that somebody changed")
	cmd.Flags().StringVar(&opts.Format, "format", string(tree.Terragrunt), "terragrunt, or terraform for plain root modules")
	cmd.Flags().StringVar(&opts.Only, "only", "", "write the folder of this environment only")
	_ = cmd.MarkFlagDirname("out")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{string(tree.Terragrunt), string(tree.Terraform)}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func runGenerate(_ context.Context, opts generateOptions) error {
	p, diags, err := opts.load()
	if err != nil {
		return err
	}
	if err := printDiagnostics(opts.Err, p, diags); err != nil {
		return err
	}
	if diags.HasErrors() {
		return fmt.Errorf("%w: %s. Nothing was written", errFindings, counts(diags))
	}
	changes, err := opts.plan(p)
	if err != nil {
		return err
	}
	if opts.Diff {
		fmt.Fprint(opts.Streams.Out, changes.Diff())
	}
	if opts.Check {
		opts.report(changes, false)
		return opts.upToDate(changes)
	}
	err = changes.Apply()
	opts.report(changes, err == nil)
	if err != nil && !opts.Diff {
		fmt.Fprint(opts.Err, changes.Conflicts())
	}
	return err
}

// upToDate is what --check says. Files that somebody changed are no drift when
// they are to be kept.
func (o *generateOptions) upToDate(c *disk.Changes) error {
	conflicts := len(c.Edited) + len(c.Foreign)
	if o.Keep {
		c.Edited, c.Foreign = nil, nil
	}
	switch {
	case c.Clean():
		return nil
	case conflicts > 0 && !o.Keep:
		return fmt.Errorf("the tree in %s is not what generate writes: somebody has changed files. Run generate to see what to do", o.out())
	default:
		return fmt.Errorf("the tree in %s is not up to date. Run generate and commit the result", o.out())
	}
}

// plan renders the tree and compares it with what is there.
func (o *generateOptions) plan(p *platform.Platform) (*disk.Changes, error) {
	base, err := o.base()
	if err != nil {
		return nil, err
	}
	files, err := tree.Render(p, tree.Options{Format: tree.Format(o.Format), Modules: modules.FS, Base: base, Release: o.Release})
	if err != nil {
		return nil, err
	}
	limits := disk.Options{Keep: o.Keep}
	if o.Only != "" {
		if err := known(p, o.Only); err != nil {
			return nil, err
		}
		limits.Only = func(path string) bool { return strings.HasPrefix(path, o.Only+"/") }
	}
	return disk.Plan(o.out(), files, limits)
}

func known(p *platform.Platform, environment string) error {
	var names []string
	for _, env := range p.Environments {
		if env.Name == environment {
			return nil
		}
		names = append(names, env.Name)
	}
	return fmt.Errorf("there is no environment %q to write. There is: %s", environment, strings.Join(names, ", "))
}

func (o *generateOptions) out() string {
	if o.Out == "" {
		return o.dir()
	}
	return o.Out
}

// base is the way from the tree to the platform file, for modules beside it.
func (o *generateOptions) base() (string, error) {
	from, err := filepath.Abs(o.out())
	if err != nil {
		return "", err
	}
	to, err := filepath.Abs(o.dir())
	if err != nil {
		return "", err
	}
	base, err := filepath.Rel(from, to)
	return filepath.ToSlash(base), err
}

// report lists what becomes of the files, and counts them.
func (o *generateOptions) report(c *disk.Changes, written bool) {
	for _, p := range c.Interrupted {
		fmt.Fprintf(o.Err, "! %s: an earlier run was interrupted here\n", p)
	}
	lists := []struct {
		mark, verb string
		paths      []string
	}{
		{"+", "created", c.Create}, {"~", "changed", c.Update}, {"-", "removed", c.Remove},
		{"!", "edited by hand", c.Edited}, {"!", "not generated", c.Foreign}, {"!", "kept, though no longer part of the tree", c.Kept},
	}
	var words []string
	for _, list := range lists {
		for _, p := range list.paths {
			fmt.Fprintf(o.Err, "%s %s\n", list.mark, p)
		}
		if n := len(list.paths); n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, list.verb))
		}
	}
	words = append(words, fmt.Sprintf("%d unchanged", len(c.Unchanged)+len(c.Adopt)))
	would := ""
	if !written {
		would = " (nothing written)"
	}
	fmt.Fprintf(o.Err, "%s: %s%s\n", o.out(), strings.Join(words, ", "), would)
}
