package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/bench/synthetic"
)

// treeRow is what the program of a person took, beside the files just written or
// read. Fields that a row has no figure for are 0.
type treeRow struct {
	Name         string  `json:"name"`
	N            int     `json:"n"`
	Seconds      float64 `json:"seconds"`
	FloorSeconds float64 `json:"floor_seconds"`
	Ratio        float64 `json:"ratio"`
	CPUSeconds   float64 `json:"cpu_seconds"`
	Files        int     `json:"files"` // written
	RSSMB        float64 `json:"rss_mb"`
}

func treeTable(title string, rows []treeRow) table {
	t := table{title: title, head: []string{"what", "n", "seconds", "floor", "ratio", "CPU s", "files", "MB"}}
	for _, r := range rows {
		t.add("%s|%d|%.2f|%.2f|%.2f|%.2f|%d|%.0f", r.Name, r.N, r.Seconds, r.FloorSeconds, r.Ratio, r.CPUSeconds, r.Files, r.RSSMB)
	}
	return t
}

// generator is the part of the benchmark that generates trees. Every round has
// directories of its own, and none is removed before the end: freeing the files
// of one round would slow down the next.
type generator struct {
	options
	root  string
	costs map[string][]cost // of each round, by what was measured
	files map[string]int    // written in a round
}

// What is measured.
const (
	plainWrites = "floor: write the same files"
	intoEmpty   = "generate into an empty directory"
	unchanged   = "generate, nothing changed"
	checked     = "generate --check"
	siteAdded   = "generate, one site added"
	tenth       = "generate a tenth"
	smallest    = "generate one site"
	stacks      = "terragrunt stack generate"
)

var (
	whole    = synthetic.Platform{Environments: 50, Sites: 4}
	extended = synthetic.Platform{Environments: 50, Sites: 4, Extended: true}
	part     = synthetic.Platform{Environments: 5, Sites: 4}
	single   = synthetic.Platform{Environments: 1, Sites: 1}
)

func measureGenerator(ctx context.Context, o options, root string) ([]treeRow, error) {
	var err error
	if o.terragrunt, err = exec.LookPath(o.terragrunt); err != nil {
		return nil, err
	}
	if o.terragrunt, err = filepath.Abs(o.terragrunt); err != nil {
		return nil, err
	}
	g := &generator{options: o, root: root, costs: map[string][]cost{}, files: map[string]int{}}
	for name, p := range map[string]synthetic.Platform{"whole": whole, "extended": extended, "part": part, "single": single} {
		if err := writeFiles(filepath.Join(root, name), p.Files()); err != nil {
			return nil, err
		}
	}
	for i := range o.rounds {
		progress("generator: round %d of %d", i+1, o.rounds)
		if err := g.round(ctx, filepath.Join(root, fmt.Sprintf("round-%d", i+1))); err != nil {
			return nil, err
		}
	}
	return g.rows(), nil
}

// round measures everything once.
func (g *generator) round(ctx context.Context, dir string) error {
	tree := filepath.Join(dir, "tree")
	for _, step := range []struct {
		name, platform, out string
		flags               []string
		wrote               func(files, directories []string) error
	}{
		{name: intoEmpty, platform: "whole", out: tree},
		{name: unchanged, platform: "whole", out: tree, wrote: nothing},
		{name: checked, platform: "whole", out: tree, flags: []string{"--check"}, wrote: nothing},
		{name: siteAdded, platform: "extended", out: tree, wrote: onlyNewSite},
		{name: tenth, platform: "part", out: filepath.Join(dir, "part")},
		{name: smallest, platform: "single", out: filepath.Join(dir, "single")},
	} {
		if err := os.MkdirAll(step.out, 0o750); err != nil {
			return err
		}
		files, directories, err := g.generate(ctx, step.name, step.platform, step.out, step.flags...)
		if err == nil && step.wrote != nil {
			err = step.wrote(files, directories)
		}
		if err == nil && step.name == intoEmpty {
			err = g.writePlainly(tree, filepath.Join(dir, "floor"))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return g.terragruntStacks(ctx, filepath.Join(dir, "stacks"))
}

// generate runs the built program, and returns what it wrote.
func (g *generator) generate(ctx context.Context, name, platform, out string, flags ...string) (files, directories []string, err error) {
	before, err := takeSnapshot(out)
	if err != nil {
		return nil, nil, err
	}
	c, err := process(ctx, g.root, g.provider, append([]string{"generate", "-f", platform, "-o", out}, flags...)...)
	if err != nil {
		return nil, nil, err
	}
	after, err := takeSnapshot(out)
	if err != nil {
		return nil, nil, err
	}
	files, directories = before.written(after)
	g.costs[name] = append(g.costs[name], c)
	g.files[name] = len(files)
	return files, directories, nil
}

// writePlainly measures the floor: the files of a tree, written to another
// directory.
func (g *generator) writePlainly(tree, dir string) error {
	s, err := takeSnapshot(tree)
	if err != nil {
		return err
	}
	files, err := s.read(tree)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := writeFiles(dir, files); err != nil {
		return err
	}
	g.costs[plainWrites] = append(g.costs[plainWrites], cost{took: time.Since(start)})
	g.files[plainWrites] = len(files)
	return nil
}

// terragruntStacks has Terragrunt write as many units as its stacks.
func (g *generator) terragruntStacks(ctx context.Context, dir string) error {
	if err := writeFiles(dir, whole.Stacks()); err != nil {
		return err
	}
	before, err := takeSnapshot(dir)
	if err != nil {
		return err
	}
	c, err := process(ctx, filepath.Join(dir, "live"), g.terragrunt, "stack", "generate", "--non-interactive", "--no-color")
	if err != nil {
		return err
	}
	after, err := takeSnapshot(dir)
	if err != nil {
		return err
	}
	files, _ := before.written(after)
	units := slices.DeleteFunc(slices.Clone(files), func(f string) bool { return !strings.HasSuffix(f, "/terragrunt.hcl") })
	if len(units) != whole.Units() {
		return fmt.Errorf("terragrunt wrote %d units, want %d", len(units), whole.Units())
	}
	g.costs[stacks] = append(g.costs[stacks], c)
	g.files[stacks] = len(files)
	return nil
}

func nothing(files, directories []string) error {
	if touched := slices.Concat(files, directories); len(touched) > 0 {
		return fmt.Errorf("want nothing written, but it wrote %s", strings.Join(touched, ", "))
	}
	return nil
}

// onlyNewSite wants all files of the new site, and of the others just those
// that list all sites.
func onlyNewSite(files, _ []string) error {
	lists := []string{".onprem.lock.json", "README.md"}
	own := 0
	for _, f := range files {
		switch {
		case strings.HasPrefix(f, "env-01/site-new/"):
			own++
		case !slices.Contains(lists, f) && !strings.HasPrefix(f, ".github/workflows/"):
			return errors.New("it wrote " + f)
		}
	}
	if want := len(synthetic.Components) + 1; own != want { // and site.hcl
		return fmt.Errorf("it wrote %d files of the new site, want %d", own, want)
	}
	return nil
}

func (g *generator) rows() []treeRow {
	floor := median(g.costs[plainWrites]).took
	line := func(name string, p synthetic.Platform, floor time.Duration) treeRow {
		c := median(g.costs[name])
		return treeRow{
			Name: name, N: p.Units(), Seconds: c.took.Seconds(), FloorSeconds: floor.Seconds(), Ratio: c.took.Seconds() / floor.Seconds(),
			CPUSeconds: c.cpu.Seconds(), Files: g.files[name], RSSMB: megabytes(c.rss),
		}
	}
	return []treeRow{
		line(plainWrites, whole, floor),
		line(intoEmpty, whole, floor),
		line(unchanged, whole, floor),
		line(checked, whole, floor),
		line(siteAdded, extended, floor),
		g.growth(),
		line(stacks, whole, median(g.costs[intoEmpty]).took),
	}
}

// growth compares ten times as many units with ten times the work of a tenth,
// without what a start costs: 1 is linear. It counts time on the processor,
// which other programs on the machine disturb least.
func (g *generator) growth() treeRow {
	start := median(g.costs[smallest]).cpu
	took := median(g.costs[intoEmpty]).cpu - start
	linear := time.Duration(float64(median(g.costs[tenth]).cpu-start) * float64(whole.Units()) / float64(part.Units()))
	return treeRow{
		Name: fmt.Sprintf("growth from %d units, to linear (CPU)", part.Units()), N: whole.Units(), CPUSeconds: took.Seconds(),
		FloorSeconds: linear.Seconds(), Ratio: took.Seconds() / linear.Seconds(),
	}
}
