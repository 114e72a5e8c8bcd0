package cli

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/onprem-tools/terraform-provider-onprem/internal/plan"
)

// memoryLimit is from where on garbage is collected more eagerly. With the
// program's own pages, the largest trees stay below 300 MB, and larger
// ones are read all the same.
const memoryLimit = 220 << 20

// planOptions say where plans are read from.
type planOptions struct {
	Plans  string
	Report string
	Log    string
}

func (o *planOptions) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.Plans, "plans", "", "folder with plans in JSON, or one of them")
	cmd.Flags().StringVar(&o.Report, "report", "", "run report of Terragrunt (--report-file, JSON)")
	cmd.Flags().StringVar(&o.Log, "log", "", "log of Terragrunt (--log-format json): tells which units were planned on mock outputs")
	_ = cmd.MarkFlagRequired("plans")
	_ = cmd.MarkFlagFilename("report", "json")
	_ = cmd.MarkFlagFilename("log")
}

// load reads the plans with what is known besides.
func (o *planOptions) load(ctx context.Context, plans fs.FS) (*plan.Report, error) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	source := plan.Source{Plans: plans, DigestKey: []byte(os.Getenv("ONPREM_DIGEST_KEY"))}
	for _, optional := range []struct {
		name string
		into *io.Reader
	}{{o.Report, &source.RunReport}, {o.Log, &source.Log}} {
		if optional.name == "" {
			continue
		}
		file, err := os.Open(optional.name)
		if err != nil {
			return nil, fmt.Errorf("%w. Without it the report would not be whole: see why Terragrunt has not written it", err)
		}
		defer file.Close()
		*optional.into = file
	}
	return plan.Load(ctx, source)
}

// openPlans opens a folder of plans, or one plan as if it were alone in its folder.
func openPlans(name string) (fs.FS, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w. Name the folder that the plans were written to", err)
	case info.IsDir():
		return os.DirFS(name), nil
	case filepath.Ext(name) != ".json":
		return nil, fmt.Errorf("%s is no plan in JSON: make one as in 'terraform show -json %s > plan.json'", name, filepath.Base(name))
	}
	return onePlan{os.DirFS(filepath.Dir(name)), fs.FileInfoToDirEntry(info)}, nil
}

// onePlan is a folder of which only one file is in sight.
type onePlan struct {
	fs.FS
	plan fs.DirEntry
}

// ReadDir implements fs.ReadDirFS.
func (o onePlan) ReadDir(string) ([]fs.DirEntry, error) { return []fs.DirEntry{o.plan}, nil }
