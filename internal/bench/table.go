package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// table is a part of the results for a person to read.
type table struct {
	title string
	head  []string
	rows  []string // cells separated by tabs
	notes []string // below it
}

// add adds a row, whose cells the format separates with a bar.
func (t *table) add(format string, args ...any) {
	t.rows = append(t.rows, strings.ReplaceAll(fmt.Sprintf(format, args...), "|", "\t"))
}

func (t *table) print(w io.Writer) {
	if len(t.rows) == 0 {
		return
	}
	_, _ = fmt.Fprintf(w, "\n%s\n\n", t.title)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range append([]string{strings.Join(t.head, "\t")}, t.rows...) {
		_, _ = fmt.Fprintf(tw, "%s\t\n", row)
	}
	_ = tw.Flush()
	for _, note := range t.notes {
		_, _ = fmt.Fprintf(w, "\n%s\n", note)
	}
}
