package disk

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// Diff shows what would change as unified diffs, sorted by path. For edited and
// foreign files they lead from what is there to what would be written.
func (c *Changes) Diff() string {
	return c.diffs(slices.Concat(c.Create, c.Update, c.Remove, c.Edited, c.Foreign))
}

// Conflicts is the part of Diff that makes Apply refuse, unless it is to keep
// such files.
func (c *Changes) Conflicts() string {
	if c.opts.Keep {
		return ""
	}
	return c.diffs(slices.Concat(c.Edited, c.Foreign))
}

func (c *Changes) diffs(paths []string) string {
	slices.Sort(paths)
	var b strings.Builder
	for _, p := range paths {
		b.WriteString(c.diff(p))
	}
	return b.String()
}

func (c *Changes) diff(p string) string {
	from, to := "a/"+p, "b/"+p
	found := c.found[p]
	wanted, ok := c.wanted[p]
	if !ok {
		to = "/dev/null"
	}
	switch found.kind {
	case regular:
	case absent:
		from = "/dev/null"
	default:
		return fmt.Sprintf("%s is a %s, and would be a file\n", p, found.kind)
	}
	if isBinary(found.content) || isBinary(wanted) {
		return fmt.Sprintf("Binary files %s and %s differ\n", from, to)
	}
	return udiff.Unified(from, to, string(found.content), string(wanted))
}

func isBinary(content []byte) bool { return bytes.IndexByte(content, 0) >= 0 }
