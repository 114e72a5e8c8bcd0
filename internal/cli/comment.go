package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/onprem-tools/terraform-provider-onprem/internal/forge"
	"github.com/onprem-tools/terraform-provider-onprem/internal/plan"
	"github.com/onprem-tools/terraform-provider-onprem/internal/plan/policy"
	"github.com/onprem-tools/terraform-provider-onprem/internal/plan/render"
)

type commentOptions struct {
	Streams
	planOptions
	Key    string
	Post   bool
	Issue  string
	Output string
	Format string
	FailOn string
	Policy string

	gates []plan.Gate
}

func newCommentCmd(streams Streams, run func(context.Context, commentOptions) error) *cobra.Command {
	opts := commentOptions{Streams: streams}
	cmd := &cobra.Command{
		Use:   "comment",
		Short: "Say in one comment what many plans would change",
		Long: `Read the plans of many units and say what they would change, most dangerous
first: as a comment on the pull request, as an issue, or as text. Secrets are
masked wherever they reappear.

--plans is a folder that 'terragrunt run --all --json-out-dir' has filled, a
folder with files of 'terraform show -json', or one such file.

With --post the comment is kept on the pull request of a run of GitHub Actions,
and the same is appended to the summary of the step. GITHUB_TOKEN needs the
permission pull-requests: write. The token of a fork may not write: then there is
the summary, and a warning. With --issue one issue is kept instead, open as long
as some unit is not unchanged: for runs at night that look for drift. It needs
the permission issues: write.

Otherwise the report is printed. As markdown it is what would be posted, one
part after the other, markers included.

In GitHub Actions the step has the outputs 'digest', which stands for exactly
these changes (see 'comment verify'), and 'changed', the number of units with
changes. A secret in ONPREM_DIGEST_KEY keys the digest.

Exit codes: 0 done, 1 failed, or stopped by --fail-on or a policy (the comment
is posted before), 2 wrong usage.`,
		Example: `  terraform-provider-onprem comment --plans plans/ --format text
  terraform-provider-onprem comment --plans plans/ --report report.json --log log.json --post --fail-on destroy,mock
  terraform-provider-onprem comment --plans plans/ --issue "Drift in production"
  terraform-provider-onprem comment --plans plan.json --policy policies/ --output plan.md`,
		Args:    cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error { return opts.check() },
		RunE:    work(func(ctx context.Context) error { return run(ctx, opts) }),
	}
	opts.planOptions.flags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&opts.Key, "key", "plan", "tells apart the comments of several workflows")
	flags.BoolVar(&opts.Post, "post", false, "keep the comment on the pull request")
	flags.StringVar(&opts.Issue, "issue", "", "keep an issue with this title instead of a comment")
	flags.StringVarP(&opts.Output, "output", "o", "", "write to this file, - is standard output (default: -, unless something is posted)")
	flags.StringVar(&opts.Format, "format", "markdown", "what is written: "+strings.Join(formats, ", "))
	flags.StringVar(&opts.FailOn, "fail-on", "", "exit with 1 when there is one of: destroy, replace, mock, error (comma-separated)")
	flags.StringVar(&opts.Policy, "policy", "", "folder of policies in Rego")
	cmd.MarkFlagsMutuallyExclusive("post", "issue")
	_ = cmd.MarkFlagFilename("output")
	_ = cmd.MarkFlagDirname("policy")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	cmd.AddCommand(newCommentVerifyCmd(streams, runCommentVerify))
	return cmd
}

// check refuses what can be seen to be wrong before any plan is read.
func (o *commentOptions) check() (err error) {
	if err := forge.CheckKey(o.Key); err != nil {
		return err
	}
	if writers[o.Format] == nil {
		return fmt.Errorf("%q is no format: choose among %s", o.Format, strings.Join(formats, ", "))
	}
	o.gates, err = plan.ParseGates(o.FailOn)
	return err
}

func runComment(ctx context.Context, opts commentOptions) error {
	target, missing := forge.FromEnvironment(os.Getenv, os.ReadFile)
	if opts.posts() && missing != nil {
		return missing
	}
	report, err := opts.report(ctx)
	if err != nil {
		return err
	}
	if err := opts.write(report, target); err != nil {
		return err
	}
	if opts.posts() {
		if err := opts.post(ctx, report, target); err != nil {
			return err
		}
	}
	if opts.Log == "" && slices.Contains(opts.gates, plan.GateMock) {
		fmt.Fprintln(opts.Err, "Without --log, mock outputs are only found where a value begins with \"mock-\".")
	}
	fmt.Fprintf(opts.Err, "Digest: %s\n", report.Digest)
	if err := setOutputs(report); err != nil {
		return err
	}
	return opts.verdict(report)
}

func (o *commentOptions) posts() bool { return o.Post || o.Issue != "" }

// report reads the plans and asks the policies. These come first: whoever has
// broken one need not wait for 500 plans.
func (o *commentOptions) report(ctx context.Context) (*plan.Report, error) {
	var policies *policy.Set
	if o.Policy != "" {
		var err error
		if policies, err = policy.Load(ctx, o.Policy); err != nil {
			return nil, err
		}
	}
	plans, err := openPlans(o.Plans)
	if err != nil {
		return nil, err
	}
	report, err := o.load(ctx, plans)
	if err != nil || policies == nil {
		return report, err
	}
	findings, err := policies.Check(ctx, plans)
	report.AddFindings(findings...)
	return report, err
}

// writers are the formats of what is printed.
var writers = map[string]func(io.Writer, *plan.Report, render.Options) error{
	"markdown": func(w io.Writer, r *plan.Report, o render.Options) error {
		_, err := fmt.Fprintln(w, strings.Join(render.Comment(r, o), "\n"))
		return err
	},
	"summary": func(w io.Writer, r *plan.Report, o render.Options) error {
		_, err := fmt.Fprintln(w, render.Summary(r, o))
		return err
	},
	"text": func(w io.Writer, r *plan.Report, _ render.Options) error { return render.Text(w, r) },
	"json": func(w io.Writer, r *plan.Report, _ render.Options) error { return render.JSON(w, r) },
}

var formats = []string{"markdown", "summary", "text", "json"}

func (o *commentOptions) write(report *plan.Report, target forge.Target) (err error) {
	out := o.Out
	switch o.Output {
	case "":
		if o.posts() {
			return nil
		}
	case "-":
	default:
		file, err := os.OpenFile(o.Output, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		out = file
	}
	return writers[o.Format](out, report, o.renderOptions(report, target))
}

func (o *commentOptions) renderOptions(report *plan.Report, target forge.Target) render.Options {
	return render.Options{
		Key: o.Key, Commit: target.HeadSHA, URL: target.RunURL,
		Head: func(part int) string {
			m := forge.Marker{Key: o.Key, Part: part, Run: target.Run}
			if part == 1 {
				m.Digest = report.Digest.String()
			}
			return m.String()
		},
	}
}

// post keeps the comment or the issue, and writes the summary. Whoever may not
// write on the pull request still gets the summary.
func (o *commentOptions) post(ctx context.Context, report *plan.Report, target forge.Target) error {
	options := o.renderOptions(report, target)
	result, err := o.keep(ctx, report, target, options)
	switch {
	case errors.Is(err, forge.ErrReadOnly):
		target.Warn(o.Err, "The plan is in the summary of this run alone: the token may not write on the pull request, as is so for forks.")
	case err != nil:
		return err
	case result.Superseded:
		fmt.Fprintf(o.Err, "A newer run was here before, and was left as it is: %s\n", result.URL)
	case result.URL != "":
		fmt.Fprintf(o.Err, "Posted: %s\n", result.URL)
	}
	if target.Summary == "" {
		return nil
	}
	if err := forge.AppendSummary(target.Summary, render.Summary(report, options)); err != nil {
		target.Warn(o.Err, "There is no summary: "+err.Error())
	}
	return nil
}

func (o *commentOptions) keep(ctx context.Context, report *plan.Report, target forge.Target, options render.Options) (forge.Result, error) {
	if o.Post {
		return forge.Post(ctx, target, o.Key, render.Comment(report, options))
	}
	if len(report.Units) == 0 {
		return forge.Result{}, fmt.Errorf("there are no plans in %s, so nobody knows whether something has drifted: see why nothing was planned", o.Plans)
	}
	options.Head, options.MaxParts = nil, 1 // an issue has one text, and KeepIssue marks it
	quiet := report.Select(plan.Unchanged, plan.Excluded)
	return forge.KeepIssue(ctx, target, o.Key, o.Issue, render.Comment(report, options)[0], len(quiet) < len(report.Units))
}

// setOutputs hands the digest to later steps of a workflow.
func setOutputs(report *plan.Report) (err error) {
	name := os.Getenv("GITHUB_OUTPUT")
	if name == "" {
		return nil
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	_, err = fmt.Fprintf(file, "digest=%s\nchanged=%d\n", report.Digest, len(report.Select(plan.Changed, plan.Deleted)))
	return err
}

// verdict is an error when something does not pass, and says what.
func (o *commentOptions) verdict(report *plan.Report) error {
	var reasons []string
	for _, stop := range report.Stops(o.gates) {
		reason := fmt.Sprintf("%s: %s", stop.Unit, stop.Gate)
		if stop.Gate == plan.GateDestroy || stop.Gate == plan.GateReplace {
			reason = fmt.Sprintf("%s of %s", reason, plural(stop.Count, "object"))
		}
		reasons = append(reasons, reason)
	}
	if len(report.Units) == 0 && o.Report == "" && slices.Contains(o.gates, plan.GateError) {
		reasons = append(reasons, "there are no plans in "+o.Plans)
	}
	for _, f := range report.Findings {
		if f.Denies {
			message := strings.Join(strings.Fields(f.Message), " ") // lines of its own could be taken for ours
			reasons = append(reasons, fmt.Sprintf("%s: policy %s: %s", f.Unit, f.Policy, message))
		}
	}
	if len(reasons) == 0 {
		return nil
	}
	return fmt.Errorf("the plans do not pass:\n  %s", strings.Join(reasons, "\n  "))
}
