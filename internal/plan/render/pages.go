package render

import (
	"fmt"
	"strings"
)

// pages lay items out over parts of a limited size. An item is on one page as a
// whole, or its line is without its body, or it is counted as left out: a page
// is never cut afterwards.
type pages struct {
	limit func(page int) int
	max   int
	// body is how much of an item's body is shown, in bytes, and folded the same
	// in a section that is folded: one object must not push out all others.
	body, folded int

	done []string
	page strings.Builder

	section string // what is open on this page
	unit    string
	closing string

	begun   map[string]bool // sections that were opened before
	leftOut []tally
	// bodiless counts the items whose body is left out.
	bodiless int
}

// add lays out all items of a section.
func (p *pages) add(s section) {
	for _, entry := range s.items {
		it := entry()
		full, line := it.markdown(p.room(s)), it.markdown(0)
		switch {
		case full != line && (p.put(s, it.unit, full) || !s.folded && p.putNext(s, it.unit, full)):
		case p.put(s, it.unit, line) || p.putNext(s, it.unit, line):
			p.bodiless += min(1, len(it.body))
		default:
			p.leaveOut(s, it)
		}
	}
}

// room is how much of an item's body is shown. What is folded is seldom read:
// only the first page has details of it, the others are for its lines.
func (p *pages) room(s section) int {
	switch {
	case !s.folded:
		return p.body
	case len(p.done) == 0:
		return p.folded
	default:
		return 0
	}
}

func (p *pages) leaveOut(s section, it item) {
	if last := len(p.leftOut) - 1; last < 0 || p.leftOut[last].words != s.noun {
		p.leftOut = append(p.leftOut, tally{words: s.noun})
	}
	p.leftOut[len(p.leftOut)-1].n += it.count()
}

// put writes a block on this page, with the headings it needs, if it fits.
func (p *pages) put(s section, unit, block string) bool {
	text, closing := "", p.closing
	if p.section != s.title {
		text, closing = p.closing+s.open(p.begun[s.title]), s.close()
	}
	if unit != "" && (p.section != s.title || p.unit != unit) {
		text += "#### " + code(unit) + "\n\n"
	}
	text = p.after(text + block)
	if p.page.Len()+len(text)+len(closing) > p.limit(len(p.done)) {
		return false
	}
	p.page.WriteString(text)
	p.section, p.unit, p.closing = s.title, unit, closing
	p.begun[s.title] = true
	return true
}

// putNext writes a block on a new page, if there may be one and it fits there.
func (p *pages) putNext(s section, unit, block string) bool {
	headings := len(s.open(true)) + len(s.close()) + len(code(unit)) + 16
	if len(p.done)+1 >= p.max || headings+len(block) > p.limit(len(p.done)+1) {
		return false
	}
	p.turn()
	return p.put(s, unit, block)
}

// turn closes what is open and begins a new page.
func (p *pages) turn() {
	p.done = append(p.done, p.page.String()+p.after(p.closing))
	p.page.Reset()
	p.section, p.unit, p.closing = "", "", ""
}

// write puts a text that belongs to no section on this page, if it fits.
func (p *pages) write(text string) bool {
	text = p.after(p.closing + text)
	if p.page.Len()+len(text) > p.limit(len(p.done)) {
		return false
	}
	p.page.WriteString(text)
	p.section, p.unit, p.closing = "", "", ""
	return true
}

// after drops a blank line where the page ends with one.
func (p *pages) after(text string) string {
	if strings.HasSuffix(p.page.String(), "\n\n") {
		return strings.TrimPrefix(text, "\n")
	}
	return text
}

func (s section) heading() string {
	return fmt.Sprintf("%s %s: %d", s.symbol, s.title, s.total)
}

func (s section) open(again bool) string {
	heading := s.heading()
	if again {
		heading += " (continued)"
	}
	if s.folded {
		return "\n<details>\n<summary>" + heading + "</summary>\n\n"
	}
	return "\n### " + heading + "\n\n"
}

func (s section) close() string {
	if s.folded {
		return "\n</details>\n"
	}
	return ""
}

// markdown writes an item, with at most so many bytes of its body.
func (it item) markdown(limit int) string {
	var words []string
	if it.verb != "" {
		words = append(words, "**"+it.verb+"** "+code(it.subject))
	} else {
		words = append(words, code(it.subject))
	}
	for _, n := range it.notes {
		if text := n.markdown(); text != "" {
			words = append(words, text)
		}
	}
	line := "- " + strings.Join(words, " · ") + "\n"
	body := clip(it.body, limit)
	if len(body) == 0 {
		return line
	}
	return line + "\n" + indent(fence(it.language, body)) + "\n"
}

// indent makes a block part of the bullet above it.
func indent(block string) string {
	var b strings.Builder
	for line := range strings.Lines(block) {
		if line != "\n" {
			b.WriteString("  ")
		}
		b.WriteString(line)
	}
	return b.String()
}

func (n note) markdown() string {
	text := n.words
	codes, more := some(n.codes)
	for i, c := range codes {
		if i > 0 {
			text += ","
		}
		text += " " + code(c)
	}
	return text + more
}

// clip keeps the lines that there is room for, and counts the others.
func clip(lines []string, limit int) []string {
	size := 0
	for i, line := range lines {
		if size += len(line) + 3; size > limit {
			if i == 0 {
				return nil
			}
			return append(lines[:i:i], "  … "+counted(len(lines)-i, "more line"))
		}
	}
	return lines
}
