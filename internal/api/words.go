package api

import (
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

const (
	// mostWords bounds what is shown of a system's explanation, in characters.
	mostWords = 4000
	mostTitle = 100
)

// Quote shows a system's own words: one line in quotes, several as an indented
// paragraph, with what a terminal would obey made visible.
func Quote(words string) string {
	words = shorten(strings.TrimSpace(strings.ToValidUTF8(words, "\uFFFD")), mostWords)
	if !strings.Contains(words, "\n") {
		return strconv.Quote(words)
	}
	var b strings.Builder
	for line := range strings.SplitSeq(words, "\n") {
		b.WriteString("\n    " + visible(strings.TrimRight(line, " \t\r")))
	}
	return b.String()
}

func shorten(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + " …"
}

func visible(line string) string {
	var b strings.Builder
	for _, r := range line {
		switch {
		case r == '\t':
			b.WriteString("    ")
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}

var title = lazyregexp.New(`(?is)<title[^>]*>(.*?)</title>`)

// Foreign describes an answer that is not in a system's own form. It does not
// quote it: it may repeat the request, with all that is secret in it.
func Foreign(mediaType, body string) string {
	if mediaType == "" {
		mediaType = "something of no type"
	}
	what := mediaType + " that is not in its own form"
	if m := title.FindStringSubmatch(body); m != nil {
		text := strings.Join(strings.Fields(html.UnescapeString(strings.ToValidUTF8(m[1], ""))), " ")
		what += fmt.Sprintf(", titled %q", shorten(text, mostTitle))
	}
	return what
}
