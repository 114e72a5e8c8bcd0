package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// quiet is how long nothing may be said while tests run.
const quiet = 20 * time.Second

// counts is the outcome of a run. Subtests count as tests.
type counts struct {
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

// event is a line of `go test -json`, see `go doc test2json`.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output
	Test       string
	Output     string
	Elapsed    float64
}

// report turns events into lines for people: one for every package, the whole
// output of what failed, and the reason of what was skipped.
type report struct {
	out   io.Writer
	start time.Time

	mu      sync.Mutex // the ticker reads what the reader writes
	total   counts
	spoken  time.Time
	running map[string]time.Time // packages under way
	tests   map[string]counts    // by package
	output  map[string]*strings.Builder
	skipped []string
	failed  []string
}

func newReport(out io.Writer) *report {
	return &report{
		out: out, start: time.Now(), spoken: time.Now(),
		running: map[string]time.Time{}, tests: map[string]counts{}, output: map[string]*strings.Builder{},
	}
}

// read reports on the events of one `go test -json` as they come.
func (r *report) read(in io.Reader) error {
	ticker := time.NewTicker(quiet / 4)
	done := make(chan struct{})
	defer close(done)
	defer ticker.Stop()
	go func() {
		for {
			select {
			case <-ticker.C:
				r.stillRunning(time.Now())
			case <-done:
				return
			}
		}
	}()

	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			r.line(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// line takes one line of output. What is no event is shown as it is.
func (r *report) line(line []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		r.say("%s", strings.TrimRight(string(line), "\n"))
		return
	}
	key := e.Package + " " + e.Test
	switch e.Action {
	case "start":
		r.running[e.Package] = time.Now()
	case "output":
		r.keep(key, e.Output)
	case "build-output":
		r.keep(e.ImportPath, e.Output)
	case "build-fail":
		r.say("%s", r.take(e.ImportPath))
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.packageDone(e)
		} else {
			r.testDone(e, key)
		}
	}
}

func (r *report) testDone(e event, key string) {
	c := r.tests[e.Package]
	text := r.take(key)
	switch e.Action {
	case "pass":
		c.Passed++
	case "skip":
		c.Skipped++
		r.skipped = append(r.skipped, fmt.Sprintf("%s %s: %s", short(e.Package), e.Test, reason(text)))
	case "fail":
		c.Failed++
		r.failed = append(r.failed, short(e.Package)+" "+e.Test)
		r.say("--- %s %s\n%s", short(e.Package), e.Test, strings.Join(said(text), "\n"))
	}
	r.tests[e.Package] = c
}

func (r *report) packageDone(e event) {
	c := r.tests[e.Package]
	text := r.take(e.Package + " ")
	// A package that fails although none of its tests does: it did not build,
	// panicked, or ran out of time.
	if e.Action == "fail" && c.Failed == 0 {
		c.Failed = 1
		r.failed = append(r.failed, short(e.Package))
		for _, key := range slices.Sorted(maps.Keys(r.output)) {
			if strings.HasPrefix(key, e.Package+" ") {
				text += r.take(key)
			}
		}
		r.say("--- %s\n%s", short(e.Package), strings.Join(said(text), "\n"))
	}
	r.total.Passed += c.Passed
	r.total.Failed += c.Failed
	r.total.Skipped += c.Skipped
	delete(r.running, e.Package)
	if c == (counts{}) {
		return // no test files
	}
	word := "ok"
	if c.Failed > 0 {
		word = "FAILED"
	}
	r.say("%s  %-6s  %-34s %7.1fs  %s", r.clock(time.Now()), word, short(e.Package), e.Elapsed, c)
}

// stillRunning says what is under way when nothing else was said for a while.
func (r *report) stillRunning(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.spoken) < quiet {
		return
	}
	if len(r.running) == 0 {
		r.say("%s  building the tests", r.clock(now))
		return
	}
	names := make([]string, 0, len(r.running))
	for name := range r.running {
		names = append(names, short(name))
	}
	slices.Sort(names)
	r.say("%s  running %s", r.clock(now), strings.Join(names, ", "))
}

// summary closes the report.
func (r *report) summary() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.skipped {
		r.say("skipped: %s", s)
	}
	for _, f := range r.failed {
		r.say("failed:  %s", f)
	}
	r.say("%s  %s", r.clock(time.Now()), r.total)
}

// String words counts for the end of a line.
func (c counts) String() string {
	s := fmt.Sprintf("%d passed", c.Passed)
	if c.Failed > 0 {
		s += fmt.Sprintf(", %d failed", c.Failed)
	}
	if c.Skipped > 0 {
		s += fmt.Sprintf(", %d skipped", c.Skipped)
	}
	return s
}

func (r *report) say(format string, args ...any) {
	r.spoken = time.Now()
	fmt.Fprintf(r.out, format+"\n", args...)
}

func (r *report) clock(now time.Time) string {
	d := now.Sub(r.start)
	return fmt.Sprintf("[%3d:%02d]", int(d.Minutes()), int(d.Seconds())%60)
}

func (r *report) keep(key, text string) {
	b := r.output[key]
	if b == nil {
		b = &strings.Builder{}
		r.output[key] = b
	}
	b.WriteString(text)
}

func (r *report) take(key string) string {
	b := r.output[key]
	delete(r.output, key)
	if b == nil {
		return ""
	}
	return b.String()
}

// reason is what a test said to t.Skip.
func reason(output string) string {
	lines := said(output)
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, " ")
}

// said is the output without the lines that go test adds to it.
func said(output string) []string {
	var lines []string
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\n")
		added := strings.HasPrefix(line, "=== ") || strings.HasPrefix(strings.TrimSpace(line), "--- ")
		if line != "" && !added {
			lines = append(lines, line)
		}
	}
	return lines
}

// short is a package's path inside this module.
func short(pkg string) string {
	return strings.TrimPrefix(pkg, "github.com/onprem-tools/terraform-provider-onprem/")
}
