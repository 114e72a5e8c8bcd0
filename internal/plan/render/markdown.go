package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/plan"
)

const (
	// CommentBudget is how large one comment is, in bytes. GitHub refuses more
	// than 65,536 characters.
	CommentBudget = 65_000
	// SummaryBudget is how large a step summary is, in bytes. GitHub drops what
	// exceeds 1 MiB, and other steps' summaries count as well.
	SummaryBudget = 1<<20 - 64<<10

	defaultParts = 4
	minBudget    = 32 << 10
	// footerRoom is kept on every page for what is known only at the end.
	footerRoom = 2 << 10
)

// Options say what a comment is about.
type Options struct {
	// Key tells apart the comments of several workflows on one pull request. It
	// is in the heading.
	Key string
	// Head writes the first line of a part, counted from 1: the marker that the
	// comment is found by. It counts towards the budget, and may be nil.
	Head func(part int) string
	// Commit is the commit that was planned.
	Commit string
	// URL is where the rest can be read: the page of the run.
	URL string
	// Budget is the size of one part, in bytes; 0 stands for CommentBudget, and
	// 32 KiB is the least.
	Budget int
	// MaxParts is how many parts there are at most; 0 stands for 4.
	MaxParts int
}

// Comment writes the parts of a comment, each within the budget.
func Comment(r *plan.Report, o Options) []string {
	o.Budget = max(minBudget, cmp.Or(o.Budget, CommentBudget))
	o.MaxParts = cmp.Or(o.MaxParts, defaultParts)
	return document(r, o, func(page int) string {
		if o.Head == nil {
			return ""
		}
		return o.Head(page+1) + "\n"
	})
}

// Summary writes a step summary: the same as a comment, with room for nearly
// everything.
func Summary(r *plan.Report, o Options) string {
	o.Budget, o.MaxParts = SummaryBudget, 1
	return document(r, o, func(int) string { return "" })[0]
}

// document lays a report out over pages that each begin with a head.
func document(r *plan.Report, o Options, head func(page int) string) []string {
	p := &pages{
		limit: func(page int) int { return o.Budget - len(head(page)) - footerRoom },
		max:   o.MaxParts,
		body:  o.Budget / 10, folded: o.Budget / 40,
		begun: map[string]bool{},
	}
	p.page.WriteString(title(r, o) + warnings(r))
	all := sections(r)
	room := p.limit(0) - p.page.Len()
	table := table(r, room/2) + quiet(r, room/4)

	dangerous := 0
	for dangerous < len(all) && all[dangerous].dangerous {
		dangerous++
	}
	p.above(all[:dangerous], table)
	for _, s := range all[dangerous:] {
		p.add(s)
	}
	p.turn()
	for i, page := range p.done {
		p.done[i] = head(i) + continued(i) + strings.TrimRight(page, "\n") + "\n" + p.footer(r, o, i)
	}
	return p.done
}

// above lays out the dangerous sections and the table of units. The table stays
// on the first page: what does not fit above it follows below.
func (p *pages) above(dangerous []section, table string) {
	limit := p.limit
	p.limit = func(page int) int {
		if page == 0 {
			return limit(0) - len(table) // the table is still to come
		}
		return limit(page)
	}
	maxPages := p.max
	p.max = 1
	var below []section
	for _, s := range dangerous {
		n := p.addSome(s)
		if rest := s.items[n:]; len(rest) > 0 {
			s.items = rest
			below = append(below, s)
		}
	}
	p.limit, p.max = limit, maxPages
	p.write(table)
	for _, s := range below {
		p.add(s)
	}
}

// addSome lays out the first items of a section, as many as fit as a whole, and
// says how many these are.
func (p *pages) addSome(s section) int {
	for i, entry := range s.items {
		it := entry()
		if !p.put(s, it.unit, it.markdown(p.body)) {
			return i
		}
	}
	return len(s.items)
}

func continued(page int) string {
	if page == 0 {
		return ""
	}
	return fmt.Sprintf("## Plan, part %d\n", page+1)
}

func title(r *plan.Report, o Options) string {
	heading := "## Plan"
	if o.Key != "" {
		heading += " for " + code(o.Key)
	}
	return heading + "\n\n" + verdict(r) + "\n"
}

// verdict is the report in one sentence.
func verdict(r *plan.Report) string {
	if len(r.Units) == 0 {
		return "No plans were found."
	}
	var words []string
	for _, t := range tallies(r.Counts()) {
		words = append(words, fmt.Sprintf("%s **%d** %s", t.symbol, t.n, t.noun()))
	}
	changed, planned := 0, len(r.Select(plan.Changed, plan.Unchanged))
	for _, u := range r.Units {
		if u.Counts.Changes() {
			changed++
		}
	}
	switch {
	case changed > 0:
		words = []string{strings.Join(words, " · ") + "\n\n" + fmt.Sprintf("Changes in %d of %s.", changed, counted(len(r.Units), "unit"))}
	case planned == len(r.Units):
		words = append([]string{fmt.Sprintf("✅ No changes in %s.", counted(planned, "unit"))}, words...)
	case planned > 0:
		words = append([]string{fmt.Sprintf("No changes in %s.", counted(planned, "unit"))}, words...)
	default:
		words = []string{"Nothing is planned."}
	}
	if removed := len(r.Select(plan.Deleted)); removed > 0 {
		words = append(words, fmt.Sprintf("**%s removed from the configuration.**", counted(removed, "unit")))
	}
	return strings.Join(words, " ")
}

// warnings say what a reviewer must know before reading on: that the plans are
// not all, or not what they seem.
func warnings(r *plan.Report) string {
	var text string
	if units := r.Select(plan.Failed, plan.Unreadable, plan.Ignored); len(units) > 0 {
		text += alert("CAUTION", fmt.Sprintf("%s could not be planned%s.", counted(len(units), "unit"), alsoNotRun(r)),
			"What an apply does there is not known.", units)
	}
	if units := r.Mocked(); len(units) > 0 {
		text += alert("WARNING", counted(len(units), "unit")+" planned on mock outputs.",
			"These values are made up: plan again once the dependencies are applied.", units)
	}
	var partial []*plan.Unit
	for _, u := range r.Units {
		if u.Incomplete {
			partial = append(partial, u)
		}
	}
	if len(partial) > 0 {
		text += alert("WARNING", counted(len(partial), "incomplete plan")+".",
			"Made with -target, or with changes that are deferred: there is more to come.", partial)
	}
	return text
}

func alsoNotRun(r *plan.Report) string {
	if n := len(r.Select(plan.NotRun)); n > 0 {
		return fmt.Sprintf(", and %d not run because of that", n)
	}
	return ""
}

// alert names the units that it is about, as far as they are short enough to
// stand above everything else.
func alert(kind, fact, advice string, units []*plan.Unit) string {
	const enough, room = 10, 1500
	names := ""
	for i, u := range units {
		name := " " + code(u.Name())
		if i == enough || len(names)+len(name) > room {
			names += fmt.Sprintf(" and %d more", len(units)-i)
			break
		}
		if i > 0 {
			names += ","
		}
		names += name
	}
	return fmt.Sprintf("\n> [!%s]\n> **%s** %s%s\n", kind, fact, advice, names)
}

// table has a line for every unit that has something to tell, most dangerous
// first.
func table(r *plan.Report, limit int) string {
	var units []*plan.Unit
	for _, u := range r.Units {
		if !isQuiet(u) {
			units = append(units, u)
		}
	}
	if len(units) == 0 {
		return ""
	}
	slices.SortStableFunc(units, func(a, b *plan.Unit) int { return cmp.Compare(weight(b), weight(a)) })
	head := "\n### Units\n\n| Unit | State | Destroy | Replace | Update | Create |"
	rule, more := "\n|:--|:--|--:|--:|--:|--:|", "| … and %s | | | | | |"
	wide := slices.ContainsFunc(units, func(u *plan.Unit) bool { return besides(u.Counts) != "" })
	if wide {
		head, rule, more = head+" Besides |", rule+":--|", more+" |"
	}
	var rows []string
	for _, u := range units {
		c := u.Counts
		row := fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", cell(u.Name()), stateCell(u),
			strong(c.Destroy), strong(c.Replace), number(c.Update), number(c.Create))
		if wide {
			row += " " + besides(c) + " |"
		}
		rows = append(rows, row+"\n")
	}
	return head + rule + "\n" + bounded(rows, limit, more+"\n")
}

// bounded joins the rows that there is room for, and counts the others.
func bounded(rows []string, limit int, more string) string {
	size := 0
	for i, row := range rows {
		if size += len(row); size > limit {
			return strings.Join(rows[:i], "") + fmt.Sprintf(more, counted(len(rows)-i, "more unit"))
		}
	}
	return strings.Join(rows, "")
}

func isQuiet(u *plan.Unit) bool {
	return (u.State == plan.Unchanged || u.State == plan.Excluded) && !u.Mocked && u.Counts.Drift+u.Counts.Checks == 0
}

// weight orders units by risk.
func weight(u *plan.Unit) int {
	c, w := u.Counts, 0
	for _, has := range []bool{
		c.Destroy > 0, c.Replace > 0, u.State.Unplanned() && u.State != plan.NotRun, u.State == plan.NotRun,
		c.Checks > 0, c.Forget > 0, c.Update > 0, c.Create > 0,
	} {
		w <<= 1
		if has {
			w++
		}
	}
	return w
}

func stateCell(u *plan.Unit) string {
	state := stateWords[u.State]
	if u.State.Unplanned() || u.State == plan.Deleted {
		state = "**" + state + "**"
	}
	if u.Mocked {
		state += ", **on mocks**"
	}
	return state
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func strong(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("**%d**", n)
}

// besides are the counts that have no column.
func besides(c plan.Counts) string {
	c.Destroy, c.Replace, c.Update, c.Create = 0, 0, 0, 0
	var words []string
	for _, t := range tallies(c) {
		words = append(words, t.String())
	}
	return strings.Join(words, ", ")
}

// quiet lists the units that have nothing to tell, folded away.
func quiet(r *plan.Report, limit int) string {
	var rows []string
	for _, u := range r.Units {
		if isQuiet(u) {
			rows = append(rows, fmt.Sprintf("| %s | %s |\n", cell(u.Name()), stateWords[u.State]))
		}
	}
	if len(rows) == 0 {
		return ""
	}
	return fmt.Sprintf("\n<details>\n<summary>⚪ %s without changes</summary>\n\n| Unit | State |\n|:--|:--|\n%s\n</details>\n",
		counted(len(rows), "unit"), bounded(rows, limit, "| … and %s | |\n"))
}

// footer says what is not there, and where to read it.
func (p *pages) footer(r *plan.Report, o Options, page int) string {
	var text string
	if rest := p.rest(o); rest != "" && (page == 0 || page == len(p.done)-1) {
		text = "\n> [!NOTE]\n> " + rest + "\n"
	}
	if page > 0 {
		return text
	}
	var words []string
	if len(p.done) > 1 {
		words = append(words, fmt.Sprintf("Continued in %s", counted(len(p.done)-1, "more comment")))
	}
	if o.Commit != "" {
		words = append(words, "Commit "+code(o.Commit[:min(len(o.Commit), 12)]))
	}
	words = append(words, "Digest "+code(r.Digest.All[:12]))
	if o.URL != "" {
		words = append(words, link("Run", o.URL))
	}
	return text + "\n" + strings.Join(words, " · ") + "\n"
}

// rest names what is left out.
func (p *pages) rest(o Options) string {
	var words []string
	for _, t := range p.leftOut {
		words = append(words, t.String())
	}
	if p.bodiless > 0 {
		words = append(words, "the attributes of "+counted(p.bodiless, "object"))
	}
	if len(words) == 0 {
		return ""
	}
	return "Left out for want of room: " + strings.Join(words, ", ") + ". " + link("The run has the rest", o.URL) + "."
}
