package plan

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

const (
	// maxDetails is how much of all changes' attributes is kept in memory, in
	// bytes: more than any comment or summary can hold.
	maxDetails = 24 << 20
	// Every unit has its share of it, within these bounds.
	minUnitDetails, maxUnitDetails = 32 << 10, 4 << 20
)

// Source is what a run of plans left behind.
type Source struct {
	// Plans is the folder with the plans in JSON, see [Files].
	Plans fs.FS
	// RunReport is what Terragrunt's --report-file wrote, if anything.
	RunReport io.Reader
	// Log is what Terragrunt wrote with --log-format json, if anything. It tells
	// which units were planned on mock outputs.
	Log io.Reader
	// DigestKey keys the digest, so that secrets cannot be guessed from it.
	DigestKey []byte
}

// Load reads the plans and makes the report. A plan that cannot be read is reported under its
// unit's name and is no error; a folder, a run report or a log that cannot be
// read is one.
func Load(ctx context.Context, source Source) (*Report, error) {
	files, err := Files(source.Plans)
	if err != nil {
		return nil, fmt.Errorf("unable to list the plans: %w", err)
	}
	runs, err := readRunReport(source.RunReport)
	if err != nil {
		return nil, fmt.Errorf("unable to read the run report: %w", err)
	}
	mocked, err := readMocked(source.Log)
	if err != nil {
		return nil, fmt.Errorf("unable to read the log: %w", err)
	}
	r := reader{folder: source.Plans, plans: make([]planned, len(files)), hash: hasher(source.DigestKey)}
	for i, file := range files {
		r.plans[i].File = file
	}
	if err := r.read(ctx); err != nil {
		return nil, err
	}
	return r.report(runs, mocked), nil
}

// reader reads all plans twice.
type reader struct {
	folder fs.FS
	plans  []planned
	found  secrets
	mask   *masker
	hash   func([]byte) []byte
}

// planned is a file on its way to a unit.
type planned struct {
	File
	scan *scan
	err  error
	unit *Unit
	sums [][]byte
}

func (r *reader) read(ctx context.Context) error {
	if err := r.each(ctx, r.scan); err != nil {
		return err
	}
	r.mask = newMasker(&r.found)
	return r.each(ctx, r.load)
}

func (r *reader) each(ctx context.Context, do func(*planned)) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range r.plans {
		group.Go(func() error {
			if ctx.Err() == nil {
				do(&r.plans[i])
			}
			return ctx.Err()
		})
	}
	return group.Wait()
}

func (r *reader) scan(p *planned) {
	file, err := r.folder.Open(p.Path)
	if err != nil {
		p.err = err
		return
	}
	defer file.Close()
	p.scan, p.err = scanPlan(bufio.NewReaderSize(file, 64<<10), &r.found)
}

func (r *reader) load(p *planned) {
	p.unit = &Unit{Path: p.Unit}
	if p.err == nil {
		p.err = r.loadFile(p)
	}
	if p.err != nil {
		p.unit = &Unit{Path: p.Unit, State: Unreadable, Error: r.mask.text(p.err.Error())}
		p.sums = nil
	}
	p.scan = nil
}

func (r *reader) loadFile(p *planned) error {
	file, err := r.folder.Open(p.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	room := min(max(maxDetails/len(r.plans), minUnitDetails), maxUnitDetails)
	l := loader{mask: r.mask, unit: p.unit, hash: r.hash}
	err = l.load(file, p.scan, room)
	p.sums = l.sums
	return err
}

// report brings together the plans, and what is known of the units besides.
func (r *reader) report(runs []run, mocked []string) *Report {
	units := map[string]*Unit{}
	for _, p := range r.plans {
		units[p.Unit] = p.unit
	}
	for i, name := range names(units, runs) {
		if units[name] == nil {
			units[name] = &Unit{Path: name}
		}
		runs[i].apply(units[name], r.mask)
	}
	for _, folder := range mocked {
		if u := units[match(units, folder)]; u != nil {
			u.Mocked = true
		}
	}
	digests := map[string]string{}
	for _, p := range r.plans {
		if p.unit.State != Unchanged || p.unit.Mocked {
			digests[p.Unit] = unitDigest(p.unit, p.sums, r.hash)
		}
	}
	report := &Report{Units: []*Unit{}, mask: r.mask, Digest: newDigest(digests, r.hash)}
	for _, u := range units {
		report.Units = append(report.Units, u)
	}
	slices.SortFunc(report.Units, func(a, b *Unit) int { return cmp.Compare(a.Path, b.Path) })
	return report
}
