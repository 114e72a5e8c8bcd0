// Package cli is the command line: one file per command, with its flags, its
// help and one call into the package that does the work.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Exit codes of every command, documented in the help.
const (
	exitOK      = 0 // the command did what it was asked
	exitFailure = 1 // it could not, or it has findings
	exitUsage   = 2 // it was called in a wrong way, and did nothing
)

// Streams are where a command reads and writes. Output for machines goes to
// Out, words for people to Err.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Run carries out one command line and returns the exit code of the process.
func Run(ctx context.Context, version string, args []string, streams Streams) int {
	root := newRootCmd(version, streams)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(streams.Err, "Error: %v\n", err)
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) && hinted.Hint() != "" {
		fmt.Fprintf(streams.Err, "\n%s\n", hinted.Hint())
	}
	if failed := (*failure)(nil); errors.As(err, &failed) {
		return exitFailure
	}
	fmt.Fprintf(streams.Err, "Run '%s --help' for usage.\n", root.Name())
	return exitUsage
}

// failure marks an error of a command that was called correctly. All other
// errors are cobra's: about the command line itself.
type failure struct{ error }

// Unwrap lets errors.Is and errors.As see the cause.
func (f *failure) Unwrap() error { return f.error }

// work adapts the function that carries out a command to cobra.
func work(run func(context.Context) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		if err := run(cmd.Context()); err != nil {
			return &failure{err}
		}
		return nil
	}
}

func newRootCmd(version string, streams Streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "terraform-provider-onprem",
		Short: "Terraform for a platform on your own machines",
		Long: `Terraform for a platform on your own machines: Calico, MetalLB, Harbor,
Guacamole and Kong through one provider, the Terragrunt tree of every environment
from one file, and the plans of all units in one comment on the pull request.

Terraform and OpenTofu start this program by themselves when a configuration
uses the provider onprem-tools/onprem. The commands below are for people and
pipelines. With -debug it serves the provider to a debugger.

Exit codes: 0 done, 1 failed or with findings, 2 wrong usage.`,
		SilenceErrors: true, // Run words them
		SilenceUsage:  true, // an error is easier to see without a page after it
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	root.AddCommand(
		newGenerateCmd(streams, func(ctx context.Context, opts generateOptions) error {
			opts.Release = release(resolveVersion(version, debug.ReadBuildInfo))
			return runGenerate(ctx, opts)
		}),
		newValidateCmd(streams, runValidate),
		newInitCmd(streams, runInit),
		newCommentCmd(streams, runComment),
	)
	root.AddCommand(newVersionCmd(streams, func(_ context.Context, opts versionOptions) error {
		return runVersion(version, opts)
	}))
	return root
}
