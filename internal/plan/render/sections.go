package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/plan"
)

// section is one kind of thing that the plans would do.
type section struct {
	symbol, title string
	// noun is what one left out is counted as.
	noun string
	// dangerous sections stand above all else; folded ones are closed at first.
	dangerous, folded bool
	items             []entry
	// total is how many things the items are, here and elsewhere.
	total int
}

// entry makes an item when it is its turn: of hundreds of thousands, few are
// shown, and none is worth keeping.
type entry func() item

// add appends an item that is there already.
func (s *section) add(it item) {
	s.items = append(s.items, func() item { return it })
	s.total += it.count()
}

// item is one thing in a section.
type item struct {
	unit string
	// verb says what happens, where the section's title does not.
	verb    string
	subject string
	notes   []note
	// body are the lines below, in a language that colours them.
	body     []string
	language string
	// parts is how many things these are, where it is more than one.
	parts int
}

func (it item) count() int { return max(1, it.parts) }

// note is a remark on an item: some words, and what the plan has to say.
type note struct {
	words string
	codes []string
}

// sections are what a report has to tell, most dangerous first.
func sections(r *plan.Report) []section {
	all := []section{
		dangerous(changes(r, "🔴", "Destroyed", "to destroy", plan.Destroy)),
		dangerous(changes(r, "🟠", "Replaced", "to replace", plan.Replace)),
		changes(r, "🟤", "Forgotten (no longer managed, left as they are)", "to forget", plan.Forget),
		unplanned(r),
		findings(r),
		checks(r),
		changes(r, "🟡", "Updated", "to update", plan.Update),
		changes(r, "🔵", "Imported or moved, otherwise unchanged", "to import or move", plan.Keep),
		invoked(r),
		deferred(r),
		folded(changes(r, "🟢", "Created", "to create", plan.Create)),
		folded(outputs(r)),
		folded(drift(r)),
	}
	var some []section
	for _, s := range all {
		if s.total > 0 {
			some = append(some, s)
		}
	}
	return some
}

func dangerous(s section) section {
	s.dangerous = true
	return s
}

func folded(s section) section {
	s.folded = true
	return s
}

func changes(r *plan.Report, symbol, title, noun string, action plan.Action) section {
	s := section{symbol: symbol, title: title, noun: noun}
	for _, u := range r.Units {
		for i := range u.Changes {
			if c := &u.Changes[i]; c.Action == action {
				s.items = append(s.items, func() item { return changeItem(u, *c) })
			}
		}
	}
	s.total = len(s.items)
	return s
}

func changeItem(u *plan.Unit, c plan.Change) item {
	it := item{unit: u.Name(), subject: c.Address, language: "diff"}
	if c.Stateful != "" {
		it.notes = append(it.notes, note{words: "**" + c.Stateful + "**"})
	}
	for _, way := range c.Ways {
		it.notes = append(it.notes, note{"**the stored secret goes to a new address**", []string{way.Path + " = " + cmp.Or(way.Before, "null") + " → " + cmp.Or(way.After, "null")}})
	}
	it.notes = append(it.notes, note{words: order(c)})
	if len(c.ForcedBy) > 0 {
		it.notes = append(it.notes, note{"forced by", c.ForcedBy})
	}
	if c.Reason != "" {
		it.notes = append(it.notes, remark(c.Reason))
	}
	if c.Deposed != "" {
		it.notes = append(it.notes, note{"leftover of an earlier replacement", []string{c.Deposed}})
	}
	if c.Imported != "" {
		it.notes = append(it.notes, note{"imported as", []string{c.Imported}})
	}
	if c.MovedFrom != "" {
		it.notes = append(it.notes, note{"moved from", []string{c.MovedFrom}})
	}
	if c.Action != plan.Destroy && c.Action != plan.Forget {
		it.body = attrLines(c.Attrs, c.Omitted)
		return it
	}
	for _, a := range c.Attrs { // those that name it
		it.notes = append(it.notes, note{a.Path, []string{a.Before}})
	}
	return it
}

// order says in which order an object is replaced.
func order(c plan.Change) string {
	switch {
	case c.Action != plan.Replace:
		return ""
	case c.Abandons:
		return "the old one is abandoned and left running"
	case c.CreateFirst:
		return "created before the old one is destroyed"
	default:
		return "destroyed first"
	}
}

// remark is a note of words alone, where there is nothing else in them.
func remark(words string) note {
	if strings.Trim(words, "abcdefghijklmnopqrstuvwxyz _-") == "" {
		return note{words: words}
	}
	return note{codes: []string{words}}
}

// some keeps a list short, and says how much longer it is.
func some(list []string) (short []string, more string) {
	const enough = 10
	if len(list) <= enough {
		return list, ""
	}
	return list[:enough], fmt.Sprintf(" and %d more", len(list)-enough)
}

// attrLines write attributes as a diff.
func attrLines(attrs []plan.Attr, omitted int) []string {
	var lines, later []string
	for _, a := range attrs {
		if a.After == plan.KnownAfterApply && !a.Forces {
			later = append(later, a.Path) // mostly computed ones, of which one line is enough
			continue
		}
		forces := ""
		if a.Forces {
			forces = "  # forces replacement"
		}
		if len(a.Lines) > 0 {
			lines = append(lines, "  "+a.Path+":"+forces)
			for _, line := range a.Lines {
				lines = append(lines, strings.TrimRight(line[:1]+"     "+line[1:], " "))
			}
			continue
		}
		if a.Before != "" {
			lines = append(lines, "- "+a.Path+" = "+a.Before)
		}
		if a.After != "" {
			lines = append(lines, "+ "+a.Path+" = "+a.After+forces)
		}
	}
	if len(later) > 0 {
		paths, more := some(later)
		lines = append(lines, "  "+strings.Join(paths, ", ")+more+" "+plan.KnownAfterApply)
	}
	if omitted > 0 {
		lines = append(lines, fmt.Sprintf("  … %s", counted(omitted, "more attribute")))
	}
	return lines
}

func unplanned(r *plan.Report) section {
	s := section{symbol: "❌", title: "Not planned", noun: "without a plan"}
	causes, consequences := r.Select(plan.Failed, plan.Unreadable, plan.Ignored), r.Select(plan.NotRun)
	for _, u := range slices.Concat(causes, consequences) {
		it := item{verb: stateWords[u.State], subject: u.Name()}
		switch {
		case u.Error == "":
		case u.State == plan.NotRun:
			it.notes = []note{{"because of", []string{u.Error}}}
		default:
			it.body = strings.Split(u.Error, "\n")
		}
		s.add(it)
	}
	return s
}

var stateWords = map[plan.State]string{
	plan.Changed:    "changed",
	plan.Unchanged:  "unchanged",
	plan.Failed:     "failed",
	plan.NotRun:     "not run",
	plan.Unreadable: "unreadable plan",
	plan.Ignored:    "failed, ignored",
	plan.Excluded:   "excluded",
	plan.Deleted:    "unit removed",
}

func findings(r *plan.Report) section {
	s := section{symbol: "🚫", title: "Policies", noun: "found by policies"}
	for _, f := range r.Findings {
		it := item{verb: "warning", unit: f.Unit, subject: f.Policy, body: strings.Split(f.Message, "\n")}
		if f.Denies {
			it.verb = "violation"
		}
		if f.Address != "" {
			it.notes = []note{{"at", []string{f.Address}}}
		}
		s.add(it)
	}
	return s
}

func checks(r *plan.Report) section {
	s := section{symbol: "⚠️", title: "Checks that fail", noun: "failed checks"}
	for _, u := range r.Units {
		for _, c := range u.Checks {
			it := item{unit: u.Name(), subject: c.Address}
			if c.Status == "error" {
				it.verb = "could not be checked"
			}
			for _, problem := range c.Problems {
				it.body = append(it.body, strings.Split(problem, "\n")...)
			}
			s.add(it)
		}
	}
	return s
}

func invoked(r *plan.Report) section {
	s := section{symbol: "⚡", title: "Actions invoked", noun: "actions"}
	for _, u := range r.Units {
		for _, i := range u.Invoked {
			it := item{unit: u.Name(), subject: i.Address}
			if i.Trigger != "" {
				it.notes = []note{{"by the change of", []string{i.Trigger}}}
			}
			s.add(it)
		}
	}
	return s
}

func deferred(r *plan.Report) section {
	s := section{symbol: "⏳", title: "Deferred to a later plan", noun: "deferred"}
	for _, u := range r.Units {
		for _, c := range u.Deferred {
			it := changeItem(u, c)
			it.verb, it.body = string(c.Action), nil
			s.add(it)
		}
	}
	return s
}

// outputs puts those of a unit together: they are many, and short.
func outputs(r *plan.Report) section {
	s := section{symbol: "📤", title: "Outputs", noun: "outputs"}
	for _, u := range r.Units {
		it := item{subject: u.Name(), language: "diff", parts: len(u.Outputs)}
		for _, o := range u.Outputs {
			it.body = append(it.body, attrLines(o.Attrs, o.Omitted)...)
		}
		if len(it.body) > 0 {
			s.add(it)
		}
	}
	return s
}

func drift(r *plan.Report) section {
	s := section{symbol: "👻", title: "Changed outside, found by this plan", noun: "changed outside"}
	for _, u := range r.Units {
		for _, c := range u.Drift {
			it := changeItem(u, c)
			it.verb = "changed"
			if c.Action == plan.Destroy {
				it.verb = "gone"
			}
			s.add(it)
		}
	}
	return s
}

// tallies are counts in words, most dangerous first.
func tallies(c plan.Counts) []tally {
	var some []tally
	for _, t := range []tally{
		{"🔴", c.Destroy, "to destroy"},
		{"🟠", c.Replace, "to replace"},
		{"🟤", c.Forget, "to forget"},
		{"🟡", c.Update, "to update"},
		{"🟢", c.Create, "to create"},
		{"🔵", c.Import, "to import"},
		{"🔵", c.Move, "to move"},
		{"⚡", c.Invoked, "to invoke"},
		{"⏳", c.Deferred, "deferred"},
		{"📤", c.Outputs, "outputs"},
		{"⚠️", c.Checks, "failed checks"},
		{"👻", c.Drift, "changed outside"},
	} {
		if t.n > 0 {
			some = append(some, t)
		}
	}
	return some
}

// tally is a number of things, in words.
type tally struct {
	symbol string
	n      int
	words  string
}

func (t tally) noun() string {
	if t.n == 1 {
		return strings.TrimSuffix(t.words, "s")
	}
	return t.words
}

func (t tally) String() string { return fmt.Sprintf("%d %s", t.n, t.noun()) }

// counted is a number and its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
