package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/plan"
)

// Text writes the report for a terminal.
func Text(w io.Writer, r *plan.Report) error {
	var b strings.Builder
	for _, u := range r.Units {
		fmt.Fprintf(&b, "%-16s %s%s\n", stateWords[u.State], u.Name(), unitCounts(u))
	}
	for _, s := range sections(r) {
		fmt.Fprintf(&b, "\n%s (%d)\n", s.title, s.total)
		unit := ""
		for _, entry := range s.items {
			it := entry()
			if it.unit != unit {
				unit = it.unit
				fmt.Fprintf(&b, "  %s\n", unit)
			}
			it.text(&b)
		}
	}
	fmt.Fprintf(&b, "\n%s\nDigest: %s\n", plainVerdict(r), r.Digest)
	_, err := io.WriteString(w, b.String())
	return err
}

func unitCounts(u *plan.Unit) string {
	var words []string
	if u.Mocked {
		words = append(words, "planned on mock outputs")
	}
	for _, t := range tallies(u.Counts) {
		words = append(words, t.String())
	}
	if len(words) == 0 {
		return ""
	}
	return ": " + strings.Join(words, ", ")
}

func (it item) text(b *strings.Builder) {
	words := []string{strings.TrimSpace(it.verb + " " + it.subject)}
	for _, n := range it.notes {
		if text := n.text(); text != "" {
			words = append(words, text)
		}
	}
	fmt.Fprintf(b, "    %s\n", strings.Join(words, "; "))
	for _, line := range it.body {
		fmt.Fprintf(b, "      %s\n", line)
	}
}

func (n note) text() string {
	codes, more := some(n.codes)
	return strings.TrimSpace(strings.Trim(n.words, "*")+" "+strings.Join(codes, ", ")) + more
}

// plainVerdict is the verdict without marks and symbols.
func plainVerdict(r *plan.Report) string {
	var words []string
	for _, t := range tallies(r.Counts()) {
		words = append(words, t.String())
	}
	if len(words) == 0 && len(r.Select(plan.Unchanged)) > 0 {
		words = append(words, "no changes")
	}
	for _, t := range []tally{
		{n: len(r.Select(plan.Failed, plan.NotRun, plan.Unreadable, plan.Ignored)), words: "without a plan"},
		{n: len(r.Mocked()), words: "planned on mock outputs"},
	} {
		if t.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", t.n, t.words))
		}
	}
	if len(words) == 0 {
		words = []string{"nothing is planned"}
	}
	return fmt.Sprintf("%s: %s", counted(len(r.Units), "unit"), strings.Join(words, ", "))
}
