package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

type versionOptions struct {
	Streams
	JSON bool
}

func newVersionCmd(streams Streams, run func(context.Context, versionOptions) error) *cobra.Command {
	opts := versionOptions{Streams: streams}
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  terraform-provider-onprem version\n  terraform-provider-onprem version --json | jq -r .version",
		Args:    cobra.NoArgs,
		RunE:    work(func(ctx context.Context) error { return run(ctx, opts) }),
	}
	cmd.Flags().BoolVar(&opts.JSON, "json", false, "print it for a machine")
	return cmd
}

// buildInfo is what version prints with --json.
type buildInfo struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func runVersion(version string, opts versionOptions) error {
	info := buildInfo{
		Version:  resolveVersion(version, debug.ReadBuildInfo),
		Go:       runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	if opts.JSON {
		return json.NewEncoder(opts.Out).Encode(info)
	}
	_, err := fmt.Fprintf(opts.Out, "terraform-provider-onprem %s (%s, %s)\n", info.Version, info.Go, info.Platform)
	return err
}

// resolveVersion is the linked version of a release, or for a program that was
// installed with `go install` the version of its module.
func resolveVersion(linked string, read func() (*debug.BuildInfo, bool)) string {
	if linked != "dev" {
		return linked
	}
	if info, ok := read(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return linked
}

var releases = lazyregexp.New(`^v?(\d+\.\d+\.\d+(-(alpha|beta|rc)\.?\d+)?)$`)

// release is a version without its v when it is that of a release, and else
// empty: "dev", a commit after a release and a pseudo-version cannot be downloaded.
func release(version string) string {
	if match := releases.FindStringSubmatch(version); match != nil {
		return match[1]
	}
	return ""
}
