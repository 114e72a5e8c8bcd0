package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/onprem-tools/terraform-provider-onprem/internal/forge"
	"github.com/onprem-tools/terraform-provider-onprem/internal/plan"
)

type commentVerifyOptions struct {
	Streams
	planOptions
	Digest string
	Key    string
}

func newCommentVerifyCmd(streams Streams, run func(context.Context, commentVerifyOptions) error) *cobra.Command {
	opts := commentVerifyOptions{Streams: streams}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that plans are exactly those that were approved",
		Long: `Hold plans against the digest of those that were approved, and name the units
that differ on standard output. Run it between planning and applying: what is
applied is then what was reviewed, whatever has happened in between.

The digest comes from the step that commented (its output 'digest'), or with
--key from the comment itself: that on the pull request of the run, or, in a run
after the merge, on the pull request whose merge made the commit. Only a comment
by the owner of GITHUB_TOKEN counts.

Give --report and --log when they were given to the comment: whether a unit was
planned on mock outputs is part of the digest. Plans that cannot be read never
pass: nobody has seen what they do.

Exit codes: 0 these are the approved plans, 1 they are not, or it could not be
found out, 2 wrong usage.`,
		Example: `  terraform-provider-onprem comment verify --plans plans/ --digest "$DIGEST"
  terraform-provider-onprem comment verify --plans plans/ --report report.json --log log.json --key prod`,
		Args: cobra.NoArgs,
		RunE: work(func(ctx context.Context) error { return run(ctx, opts) }),
	}
	opts.flags(cmd)
	cmd.Flags().StringVar(&opts.Digest, "digest", "", "digest of the approved plans")
	cmd.Flags().StringVar(&opts.Key, "key", "", "take the digest from the comment with this key")
	cmd.MarkFlagsOneRequired("digest", "key")
	cmd.MarkFlagsMutuallyExclusive("digest", "key")
	return cmd
}

func runCommentVerify(ctx context.Context, opts commentVerifyOptions) error {
	approved, err := opts.approved(ctx)
	if err != nil {
		return err
	}
	plans, err := openPlans(opts.Plans)
	if err != nil {
		return err
	}
	report, err := opts.load(ctx, plans)
	if err != nil {
		return err
	}
	if unreadable := report.Select(plan.Unreadable); len(unreadable) > 0 {
		for _, unit := range unreadable {
			fmt.Fprintln(opts.Out, unit.Name())
		}
		return fmt.Errorf("the plans of %s cannot be read, so nobody can have approved them. Plan again", plural(len(unreadable), "unit"))
	}
	diff, err := report.Digest.Compare(approved)
	if err != nil {
		return err
	}
	if diff.Same {
		fmt.Fprintf(opts.Err, "These are the plans that were approved: %s with changes.\n", plural(len(report.Digest.Units), "unit"))
		return nil
	}
	for _, unit := range diff.Units {
		fmt.Fprintln(opts.Out, unit)
	}
	return fmt.Errorf("these are not the plans that were approved: %s. Have the new plans approved", departures(diff))
}

func (o *commentVerifyOptions) approved(ctx context.Context) (string, error) {
	if o.Key == "" {
		return o.Digest, nil
	}
	target, err := forge.FromEnvironment(os.Getenv, os.ReadFile)
	if err != nil {
		return "", err
	}
	return forge.Approved(ctx, target, o.Key)
}

// departures says in which way plans differ. A unit that has changed is also
// not there as it was.
func departures(diff plan.Difference) string {
	var words []string
	if len(diff.Units) > 0 {
		words = append(words, strings.Join(diff.Units, ", "))
	}
	if gone := diff.Gone - len(diff.Units); gone > 0 {
		words = append(words, plural(gone, "approved unit")+" without a plan or without changes now")
	}
	if len(words) == 0 {
		return "some unit differs"
	}
	return strings.Join(words, ", and ")
}
