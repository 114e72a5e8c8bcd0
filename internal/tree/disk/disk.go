// Package disk keeps a generated tree in a directory. A lock file there records
// the hash of every file written, so that what a person changed since, or put
// there, is told from what may be overwritten. A run that is killed is noticed
// and made good by the next one.
package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// Options say what a run may touch.
type Options struct {
	// Keep leaves files alone that are not as this package wrote them, where
	// Apply would otherwise refuse to write anything.
	Keep bool

	// Only limits a run to the paths it says true to. What the lock file says
	// of other paths stays. Nil means all.
	Only func(path string) bool

	// before is called ahead of each operation that writes. Tests fail it, or
	// die in it.
	before func(op, path string) error
}

// Summary lists paths, sorted, by what becomes of them. Unless noted, each is
// about a file the tree should have.
type Summary struct {
	Create    []string // is missing
	Update    []string // is as it was written, and has other content now
	Remove    []string // is no longer part of the tree, and as it was written or gone already
	Adopt     []string // has the right content already, which the lock file does not know yet
	Unchanged []string // is in the lock file, and has the right content
	Edited    []string // was changed by somebody since it was written
	Foreign   []string // exists with other content, and was never written by us
	Kept      []string // is no longer part of the tree, but was changed since it was written: becomes its editor's

	// Interrupted are the paths an earlier run, which was killed, was changing.
	// They are listed above too, by what becomes of them now.
	Interrupted []string
}

// Clean reports whether the tree is what it should be, so that Apply has
// nothing to do and nothing to refuse.
func (s *Summary) Clean() bool {
	return len(s.Create)+len(s.Update)+len(s.Remove)+len(s.Adopt)+
		len(s.Edited)+len(s.Foreign)+len(s.Kept)+len(s.Interrupted) == 0
}

// Changes are what lies between a directory and the tree it should hold.
type Changes struct {
	Summary

	dir    string
	opts   Options
	wanted map[string][]byte
	found  map[string]entry // what is on disk, where that differs from wanted

	before hashes   // the lock file as it holds now, an interrupted run included
	after  hashes   // the lock file to be
	mkdir  []string // directories to make, parents first
	rmdir  []string // directories that may be left empty, children first
	stale  bool     // the staging directory of an earlier run is still there
}

// Plan compares the files a tree should have, named by slash-separated paths,
// with the lock file and with what is in dir. It writes nothing.
func Plan(dir string, files map[string][]byte, opts Options) (*Changes, error) {
	c := &Changes{dir: dir, opts: opts, wanted: maps.Clone(files), found: map[string]entry{}}
	if err := checkPaths(slices.Sorted(maps.Keys(files))); err != nil {
		return nil, err
	}
	maps.DeleteFunc(c.wanted, func(p string, _ []byte) bool { return !c.inScope(p) })

	root, err := os.OpenRoot(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		root = nil // everything is to be created
	case err != nil:
		return nil, fmt.Errorf("%w; or choose another output directory", explain("open", dir, err))
	default:
		defer root.Close()
	}
	if err := c.compare(&reader{root: root, dir: dir, directories: map[string]fileKind{".": directory}}); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Changes) inScope(p string) bool { return c.opts.Only == nil || c.opts.Only(p) }

// compare classifies every path that the tree should have or once had.
func (c *Changes) compare(r *reader) error {
	if err := c.readLock(r); err != nil {
		return err
	}
	c.after = maps.Clone(c.before)
	maps.DeleteFunc(c.after, func(p string, _ string) bool { return c.inScope(p) })
	for _, p := range slices.Sorted(maps.Keys(c.wanted)) {
		if err := c.compareWanted(r, p); err != nil {
			return err
		}
	}
	for _, p := range slices.Sorted(maps.Keys(c.before)) {
		if _, ok := c.wanted[p]; ok || !c.inScope(p) {
			continue
		}
		if err := c.compareUnwanted(r, p); err != nil {
			return err
		}
	}
	slices.Sort(c.mkdir)
	slices.Sort(c.rmdir)
	slices.Reverse(c.rmdir)
	c.rmdir = slices.Compact(c.rmdir)
	return nil
}

// readLock fills c.before with the lock file, and with what an interrupted run
// has written so far: both are this package's own.
func (c *Changes) readLock(r *reader) error {
	lock, _, err := r.lock(lockFile)
	if err != nil {
		return err
	}
	c.before = lock
	stage, err := r.read(stageDir)
	if err != nil {
		return err
	}
	c.stale = stage.kind != absent
	planned, ok, err := r.lock(journal)
	if err != nil || !ok {
		return err
	}
	c.Interrupted = lock.differences(planned)
	for _, p := range c.Interrupted {
		if !c.inScope(p) {
			return fmt.Errorf("an earlier run was interrupted while it changed %s, which is not among the files of this run: run it once for all files", filepath.Join(c.dir, p))
		}
		e, err := r.read(p)
		if err != nil {
			return err
		}
		// A new file may not be there yet, but its directory may.
		if hash, known := planned[p], lock[p] != ""; hash != "" && (!known || e.is(hash)) {
			c.before[p] = hash
		}
	}
	return nil
}

func (c *Changes) compareWanted(r *reader, p string) error {
	if err := c.needDirectory(r, path.Dir(p)); err != nil {
		return err
	}
	e, err := r.read(p)
	if err != nil {
		return err
	}
	content, hash, known := c.wanted[p], c.before[p], c.before[p] != ""
	c.after[p] = hashOf(content)
	switch {
	case e.kind == absent:
		c.Create = append(c.Create, p)
		return nil
	case e.kind == regular && bytes.Equal(e.content, content):
		if known && hash == c.after[p] {
			c.Unchanged = append(c.Unchanged, p)
		} else {
			c.Adopt = append(c.Adopt, p)
		}
		return nil
	case known && e.is(hash):
		c.Update = append(c.Update, p)
	case known:
		c.Edited = append(c.Edited, p)
		c.after[p] = hash
	default:
		c.Foreign = append(c.Foreign, p)
		delete(c.after, p)
	}
	c.found[p] = e
	return nil
}

func (c *Changes) compareUnwanted(r *reader, p string) error {
	e, err := r.read(p)
	if err != nil {
		return err
	}
	if e.kind != absent && !e.is(c.before[p]) {
		c.Kept = append(c.Kept, p)
		return nil
	}
	c.Remove = append(c.Remove, p)
	c.found[p] = e
	for d := path.Dir(p); d != "."; d = path.Dir(d) {
		kind, err := r.directory(d)
		if err != nil {
			return err
		}
		if kind == directory {
			c.rmdir = append(c.rmdir, d)
		}
	}
	return nil
}

// needDirectory notes a directory, and those above it, that is still to be made.
func (c *Changes) needDirectory(r *reader, d string) error {
	kind, err := r.directory(d)
	if err != nil {
		return err
	}
	switch kind {
	case directory, toBeMade:
		return nil
	case absent:
		r.directories[d] = toBeMade
		c.mkdir = append(c.mkdir, d)
		return c.needDirectory(r, path.Dir(d))
	default:
		return fmt.Errorf("%s is a %s where the tree needs a directory: move it away, or choose another output directory", filepath.Join(c.dir, d), kind)
	}
}
