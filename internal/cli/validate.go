package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

type validateOptions struct {
	Streams
	platformOptions
	JSON bool
}

func newValidateCmd(streams Streams, run func(context.Context, validateOptions) error) *cobra.Command {
	opts := validateOptions{Streams: streams}
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check a platform file without writing anything",
		Long: `Check a platform file: its language, what is passed to every module, how
components depend on each other, and the network of all sites together. Nothing
is written, and neither Terraform nor a server is asked.

Every rule has an id, such as onprem/bgp-asn-reserved. What must stay as it is
can be silenced where it stands, with a reason:

  # onprem:ignore onprem/bgp-asn-reserved because the lab has no other number
  as_number = 64500

With --json the findings are an array of objects with file, line, column,
severity, rule, summary and detail.

Exit codes: 0 no errors (there may be warnings), 1 errors, 2 wrong usage.`,
		Example: `  terraform-provider-onprem validate
  terraform-provider-onprem validate -f platform/ --json | jq -r '.[].rule'`,
		Args: cobra.NoArgs,
		RunE: work(func(ctx context.Context) error { return run(ctx, opts) }),
	}
	opts.flags(cmd)
	cmd.Flags().BoolVar(&opts.JSON, "json", false, "print the findings for a machine")
	return cmd
}

func runValidate(_ context.Context, opts validateOptions) error {
	p, diags, err := opts.load()
	if err != nil {
		return err
	}
	if opts.JSON {
		if err := writeJSON(opts.Out, diags); err != nil {
			return err
		}
	} else if err := printDiagnostics(opts.Err, p, diags); err != nil {
		return err
	}
	if diags.HasErrors() {
		return fmt.Errorf("%w: %s", errFindings, counts(diags))
	}
	fmt.Fprintf(opts.Err, "The platform is fine: %s in %s. %s.\n",
		plural(len(p.Units), "unit"), plural(len(p.Environments), "environment"), counts(diags))
	return nil
}
