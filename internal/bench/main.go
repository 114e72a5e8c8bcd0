// Command bench measures the provider, the generator and the comment against a
// floor from the same run: as many terraform_data resources, which cost what
// Terraform itself costs, or the same files just written or read. It prints a
// table and writes .bench/results.json.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
)

// row is one line of the table and of results.json. Fields that a row has no
// figure for are 0.
type row struct {
	Name         string  `json:"name"`
	N            int     `json:"n"`
	Seconds      float64 `json:"seconds"`
	FloorSeconds float64 `json:"floor_seconds"`
	Ratio        float64 `json:"ratio"`
	CPUSeconds   float64 `json:"cpu_seconds"`
	Requests     int     `json:"requests"`
	Files        int     `json:"files"` // written
	RSSMB        float64 `json:"rss_mb"`
}

type options struct {
	n          int
	repeat     int
	rounds     int
	latency    time.Duration
	only       string
	out        string
	provider   string
	tool       string
	terragrunt string
}

func main() {
	var o options
	flag.IntVar(&o.n, "n", 1000, "objects of each kind")
	flag.IntVar(&o.repeat, "repeat", 3, "plans of each kind, of which the fastest counts")
	flag.IntVar(&o.rounds, "rounds", 5, "runs of the generator, of which the median counts")
	flag.DurationVar(&o.latency, "latency", 25*time.Millisecond, "added to each request in the slow runs")
	flag.StringVar(&o.only, "only", "", "measure just this kind of object, or just generate or comment")
	flag.StringVar(&o.out, "out", ".bench/results.json", "where the results go")
	flag.StringVar(&o.provider, "provider", "", "the provider's binary")
	flag.StringVar(&o.tool, "tool", "terraform", "terraform or tofu")
	flag.StringVar(&o.terragrunt, "terragrunt", ".tools/bin/terragrunt", "Terragrunt, whose stacks the generator is compared with")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := bench(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, o options) error {
	tool, err := exec.LookPath(o.tool)
	if err != nil {
		return err
	}
	if o.tool, err = filepath.Abs(tool); err != nil {
		return err
	}
	if o.provider, err = filepath.Abs(o.provider); err != nil {
		return err
	}
	root, err := os.MkdirTemp("", "onprem-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)

	rows, err := binary(ctx, o)
	if err != nil {
		return err
	}
	if o.wants("generate") {
		more, err := measureGenerator(ctx, o, filepath.Join(root, "generate"))
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	if o.wants("comment") {
		more, err := measureComment(ctx, o, filepath.Join(root, "comment"))
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	more, err := measureSystems(ctx, o, root)
	if err != nil {
		return err
	}
	rows = append(rows, more...)
	printTable(rows)
	return save(o.out, rows)
}

func (o options) wants(kind string) bool { return o.only == "" || o.only == kind }

// measureSystems measures the objects of each system that is wanted, and before
// that the floor.
func measureSystems(ctx context.Context, o options, root string) ([]row, error) {
	wanted := slices.DeleteFunc(systems(), func(s system) bool { return !o.wants(s.name) })
	if len(wanted) == 0 {
		return nil, nil
	}
	floor, err := measureFloor(ctx, o, root)
	if err != nil {
		return nil, err
	}
	rows := floor.rows(o.n)
	for _, s := range wanted {
		progress("%s", s.name)
		more, err := s.measure(ctx, o, root, floor)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// binary measures the provider's program itself.
func binary(ctx context.Context, o options) ([]row, error) {
	info, err := os.Stat(o.provider)
	if err != nil {
		return nil, err
	}
	best := time.Duration(0)
	for range 5 {
		took, err := handshake(ctx, o.provider)
		if err != nil {
			return nil, err
		}
		if best == 0 || took < best {
			best = took
		}
	}
	return []row{
		{Name: "start to handshake", N: 1, Seconds: best.Seconds()},
		{Name: "binary size (MB)", N: 1, RSSMB: megabytes(info.Size())},
	}, nil
}

// baseline is what Terraform itself costs.
type baseline struct{ plan, apply time.Duration }

func (f baseline) rows(n int) []row {
	return []row{
		{Name: "floor: plan", N: n, Seconds: f.plan.Seconds(), FloorSeconds: f.plan.Seconds(), Ratio: 1},
		{Name: "floor: create", N: n, Seconds: f.apply.Seconds(), FloorSeconds: f.apply.Seconds(), Ratio: 1},
	}
}

func measureFloor(ctx context.Context, o options, root string) (baseline, error) {
	progress("floor")
	w, err := workspace.New(o.tool, filepath.Join(root, "floor"), o.provider, fmt.Sprintf(`
resource "terraform_data" "this" {
  count = %d
  input = { name = "object-${count.index}", public = false }
}
`, o.n))
	if err != nil {
		return baseline{}, err
	}
	created, err := apply(ctx, w)
	if err != nil {
		return baseline{}, err
	}
	planned, err := plan(ctx, w, o.repeat, func() {})
	return baseline{plan: planned.took, apply: created.took}, err
}

func printTable(rows []row) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "what\tn\tseconds\tfloor\tratio\tCPU\trequests\tfiles\tMB\t")
	for _, r := range rows {
		_, _ = fmt.Fprintf(w, "%s\t%d\t%.2f\t%.2f\t%.2f\t%.2f\t%d\t%d\t%.0f\t\n",
			r.Name, r.N, r.Seconds, r.FloorSeconds, r.Ratio, r.CPUSeconds, r.Requests, r.Files, r.RSSMB)
	}
	_ = w.Flush()
}

func save(file string, rows []row) error {
	data, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}

func megabytes(b int64) float64 { return float64(b) / (1 << 20) }

var started = time.Now()

// progress tells a person what is being measured.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "[%4.0f s] %s\n", time.Since(started).Seconds(), fmt.Sprintf(format, args...))
}
