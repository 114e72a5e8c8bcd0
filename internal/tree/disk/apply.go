package disk

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Apply makes the directory what it should be. It refuses while files there
// are not as they were written, unless the options say to keep them. When it
// fails, the directory is as it was.
//
// All content is written to a staging directory first, which is where a full
// disk shows. Then the journal is put down, files are moved into place, and at
// last the journal becomes the lock file. A run that is killed in between is
// made good by the next: the journal tells it which files are generated ones.
func (c *Changes) Apply() error {
	if conflicts := len(c.Edited) + len(c.Foreign); conflicts > 0 && !c.opts.Keep {
		return c.refusal()
	}
	if c.upToDate() && !c.stale {
		return nil
	}
	w, err := newWriter(c.dir, c.opts.before)
	if err != nil {
		return err
	}
	defer w.close()
	if err := c.settle(w); err != nil || c.upToDate() {
		return err
	}
	if err := c.write(w); err != nil {
		if failed := w.undoAll(); failed != nil {
			return errors.Join(err, failed)
		}
		return fmt.Errorf("%w (nothing was changed)", err)
	}
	return w.removeStage()
}

func (c *Changes) upToDate() bool { return len(c.Create) == 0 && maps.Equal(c.before, c.after) }

func (c *Changes) refusal() error {
	var b strings.Builder
	for _, p := range c.Edited {
		fmt.Fprintf(&b, "\n  %s was changed since it was generated", filepath.Join(c.dir, p))
	}
	for _, p := range c.Foreign {
		fmt.Fprintf(&b, "\n  %s exists, and is not a generated file", filepath.Join(c.dir, p))
	}
	return fmt.Errorf("nothing was written, because it would overwrite changes:%s\n"+
		"Move the changes into platform.hcl and delete the file, so that it is generated again, or leave such files as they are with --keep", b.String())
}

// settle ends an interrupted run: the lock file gets to know what of it stands,
// so that its journal and its staging directory can go.
func (c *Changes) settle(w *writer) error {
	if len(c.Interrupted) > 0 {
		if err := w.stageLock(stageDir+"/settled.json", c.before); err != nil {
			return err
		}
		if err := w.rename("write", lockFile, stageDir+"/settled.json", lockFile); err != nil {
			return err
		}
		w.undo = nil // this is true whatever comes
	}
	if !c.stale {
		return nil
	}
	return w.removeStage()
}

// write stages everything, then commits it.
func (c *Changes) write(w *writer) error {
	writes := slices.Concat(c.Create, c.Update)
	slices.Sort(writes)
	if err := c.stage(w, writes); err != nil {
		return err
	}
	for _, d := range c.mkdir {
		if err := w.mkdir(d); err != nil {
			return err
		}
	}
	for i, p := range slices.Concat(c.Remove, c.Update) {
		if c.found[p].kind == absent {
			continue // removed by somebody already
		}
		if err := w.takeOut(p, staged("old", i), c.found[p].content); err != nil {
			return err
		}
	}
	for i, p := range writes {
		if err := w.putIn(staged("new", i), p); err != nil {
			return err
		}
	}
	for _, d := range c.rmdir {
		if err := w.rmdir(d); err != nil {
			return err
		}
	}
	return w.rename("write", lockFile, journal, lockFile)
}

// stage writes all new content, and the journal last: from there on a run that
// is killed has changed the tree.
func (c *Changes) stage(w *writer, writes []string) error {
	if err := w.makeStage(); err != nil {
		return err
	}
	for i, p := range writes {
		if err := w.stage(staged("new", i), p, c.wanted[p]); err != nil {
			return err
		}
	}
	if err := w.stageLock(stageDir+"/next.json", c.after); err != nil {
		return err
	}
	return w.rename("write", journal, stageDir+"/next.json", journal)
}

// staged is a name in the staging directory: a number, so that no tool takes
// the file for one of the tree.
func staged(dir string, i int) string { return path.Join(stageDir, dir, strconv.Itoa(i)) }
