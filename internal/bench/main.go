// Command bench measures the provider, the generator and the comment against a
// floor from the same run: as many terraform_data resources, which cost what
// Terraform itself costs, or the same files just written or read. It prints
// tables and writes .bench/results.json.
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
	"strings"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/gcstart"
)

// results are the parts that were measured; the others are empty.
type results struct {
	Tool     string      `json:"tool"` // the first line of its version
	Objects  []objectRow `json:"objects"`
	Reads    []readsRow  `json:"reads"`
	Start    []startRow  `json:"start"`
	Schemas  []schemaRow `json:"schemas"`
	Generate []treeRow   `json:"generate"`
	Comment  []treeRow   `json:"comment"`
}

type options struct {
	n          int
	repeat     int
	rounds     int
	latency    time.Duration
	only       string
	kinds      string
	out        string
	provider   string
	idle       string // the do-nothing provider
	tool       string
	terragrunt string
}

// parts are what -only chooses from.
var parts = []string{"plan", "create", "reads", "start", "schema", "generate", "comment"}

func main() {
	gcstart.Done() // the provider's packages are linked in, and what is measured here is no start
	var o options
	flag.IntVar(&o.n, "n", 1000, "objects of each kind; plans are measured of three times as many too")
	flag.IntVar(&o.repeat, "repeat", 3, "runs of Terraform and of the reads, of which the median counts")
	flag.IntVar(&o.rounds, "rounds", 5, "runs of the generator, of which the median counts")
	flag.DurationVar(&o.latency, "latency", 25*time.Millisecond, "added to each request in the slow reads")
	flag.StringVar(&o.only, "only", "", "measure just these parts, separated by commas: "+strings.Join(parts, ", "))
	flag.StringVar(&o.kinds, "kinds", "", "measure just these kinds of objects, such as harbor_project,kong_route")
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
	if err := o.check(); err != nil {
		return err
	}
	root, err := os.MkdirTemp("", "onprem-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)

	r, err := measure(ctx, o, root)
	if err != nil {
		return err
	}
	for _, t := range []table{
		objectTable(r.Objects), readsTable(r.Reads), startTable(r.Start), schemaTable(r.Schemas),
		treeTable("Trees of units, beside the same files just written", r.Generate),
		treeTable("The comment, beside the same plans just read", r.Comment),
	} {
		t.print(os.Stdout)
	}
	return save(o.out, r)
}

// check has the options make sense, and finds the programs.
func (o *options) check() error {
	for part := range strings.SplitSeq(o.only, ",") {
		if part != "" && !slices.Contains(parts, part) {
			return fmt.Errorf("there is no part %q; there are %s", part, strings.Join(parts, ", "))
		}
	}
	tool, err := exec.LookPath(o.tool)
	if err != nil {
		return err
	}
	if o.tool, err = filepath.Abs(tool); err != nil {
		return err
	}
	o.provider, err = filepath.Abs(o.provider)
	return err
}

func measure(ctx context.Context, o options, root string) (r results, err error) {
	if r.Tool, err = version(ctx, o.tool); err != nil {
		return r, err
	}
	if o.wants("plan") || o.wants("create") || o.wants("schema") {
		if o.idle, err = build(ctx, root, "./internal/bench/idle"); err != nil {
			return r, err
		}
	}
	for _, part := range []struct {
		names   []string
		measure func() error
	}{
		{[]string{"start"}, func() (err error) { r.Start, err = measureStart(ctx, o, root); return err }},
		{[]string{"reads"}, func() (err error) { r.Reads, err = measureReads(ctx, o); return err }},
		{[]string{"create", "plan"}, func() (err error) {
			r.Objects, err = measureObjects(ctx, o, filepath.Join(root, "objects"))
			return err
		}},
		{[]string{"schema"}, func() (err error) {
			r.Schemas, err = measureSchemas(ctx, o, filepath.Join(root, "schemas"))
			return err
		}},
		{[]string{"generate"}, func() (err error) {
			r.Generate, err = measureGenerator(ctx, o, filepath.Join(root, "generate"))
			return err
		}},
		{[]string{"comment"}, func() (err error) {
			r.Comment, err = measureComment(ctx, o, filepath.Join(root, "comment"))
			return err
		}},
	} {
		if !slices.ContainsFunc(part.names, o.wants) {
			continue
		}
		if err := part.measure(); err != nil {
			return r, fmt.Errorf("%s: %w", strings.Join(part.names, ", "), err)
		}
	}
	return r, nil
}

func (o options) wants(part string) bool     { return chosen(o.only, part) }
func (o options) wantsKind(kind string) bool { return chosen(o.kinds, kind) }

// chosen reports whether a list has a name; an empty one has all.
func chosen(list, name string) bool {
	return list == "" || slices.Contains(strings.Split(list, ","), name)
}

func version(ctx context.Context, tool string) (string, error) {
	output, err := exec.CommandContext(ctx, tool, "version").Output()
	line, _, _ := strings.Cut(string(output), "\n")
	return line, err
}

func save(file string, r results) error {
	data, err := json.MarshalIndent(r, "", "  ")
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
