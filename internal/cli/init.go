package cli

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// starter is a platform to begin with.
//
//go:embed starter.hcl
var starter []byte

type initOptions struct {
	Streams
	Dir string
}

func newInitCmd(streams Streams, run func(context.Context, initOptions) error) *cobra.Command {
	opts := initOptions{Streams: streams, Dir: "."}
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a platform file to begin with",
		Long: `Write a small platform.hcl with comments into DIR, which is made when it does
not exist. It validates and generates as it is. A file that is there already is
left alone.

Exit codes: 0 written, 1 not written, 2 wrong usage.`,
		Example: `  terraform-provider-onprem init
  terraform-provider-onprem init platform && terraform-provider-onprem generate -f platform -o live`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				opts.Dir = args[0]
			}
			return work(func(ctx context.Context) error { return run(ctx, opts) })(cmd, nil)
		},
	}
}

func runInit(_ context.Context, opts initOptions) error {
	name := filepath.Join(opts.Dir, platformFile)
	if err := os.MkdirAll(opts.Dir, 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already and was left as it is", name)
	}
	if err != nil {
		return err
	}
	if _, err := file.Write(starter); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil {
		return err
	}
	next := "terraform-provider-onprem generate"
	if opts.Dir != "." {
		next += " -f " + opts.Dir
	}
	fmt.Fprintf(opts.Err, "Wrote %s. Next:\n\n  %s\n", name, next)
	return nil
}
