package render

import (
	"net/url"
	"strings"
)

// code puts a text into a code span.
func code(s string) string {
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if s == "" || strings.Trim(s, "` ") != s {
		s = " " + s + " "
	}
	return fence + s + fence
}

// cell is a code span for a table, in which no escape for | is understood by
// all renderers alike.
func cell(s string) string { return code(strings.ReplaceAll(s, "|", "¦")) }

// fence puts lines into a fenced block.
func fence(language string, lines []string) string {
	content := strings.Join(lines, "\n")
	ticks := strings.Repeat("`", max(3, longestRun(content, '`')+1))
	return ticks + language + "\n" + content + "\n" + ticks + "\n"
}

func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if run++; s[i] != c {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

// link points to a web address, or is only its text where that is none.
func link(text, address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return text
	}
	return "[" + text + "](" + strings.NewReplacer("(", "%28", ")", "%29", "'", "%27").Replace(u.String()) + ")"
}
