package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// glued is a unit at the end of a sentence that it does not belong to.
var glued = regexp.MustCompile(`[a-z]\. [A-Z][^.]*, in (milli)?seconds, \d`)

// TestPagesRead: what generator and templates put together still reads well.
func TestPagesRead(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join(root, "docs/*/*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatal("no pages", err)
	}
	for _, page := range pages {
		text := string(read(t, page))
		if sentence := glued.FindString(text); sentence != "" {
			t.Errorf("%s: a unit in a sentence of something else: %q", page, sentence)
		}
		if _, after, ok := strings.Cut(text, "\n### Identity Schema\n"); ok && strings.Contains(after, "\nBy id") {
			t.Errorf("%s: how to import by id stands under the heading of the identity", page)
		}
	}
}
