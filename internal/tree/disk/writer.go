package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// writer does what changes the output directory, step by step, and can take
// the steps back.
type writer struct {
	root   *os.Root
	dir    string
	self   *os.File // the directory, claimed
	before func(op, path string) error
	undo   []func() error
}

// newWriter claims the output directory, which it makes when it is not there.
func newWriter(dir string, before func(op, path string) error) (*writer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, explain("make", dir, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, explain("open", dir, err)
	}
	w := &writer{root: root, dir: dir, before: before}
	if w.self, err = root.Open("."); err == nil {
		err = claim(w.self)
	}
	if err != nil {
		w.self.Close()
		root.Close()
		return nil, explain("change", dir, err)
	}
	return w, nil
}

// close lets other runs in.
func (w *writer) close() {
	release(w.self)
	w.self.Close()
	w.root.Close()
}

// step carries out one operation on p.
func (w *writer) step(op, p string, do, undo func() error) error {
	var err error
	if w.before != nil {
		err = w.before(op, p)
	}
	if err == nil {
		err = do()
	}
	if err != nil {
		return explain(op, filepath.Join(w.dir, p), err)
	}
	if undo != nil {
		w.undo = append(w.undo, undo)
	}
	return nil
}

// undoAll takes back all steps, the last one first. Where that fails it leaves
// the rest, with the journal, to the next run.
func (w *writer) undoAll() error {
	for _, undo := range slices.Backward(w.undo) {
		if err := undo(); err != nil {
			return fmt.Errorf("not all changes could be taken back, run it again to make them good: %w", err)
		}
	}
	return nil
}

// makeStage makes the staging directory: new is for what comes into the tree,
// old for what leaves it.
func (w *writer) makeStage() error {
	err := w.step("make", stageDir, func() error { return w.root.Mkdir(stageDir, 0o755) }, w.removeStage)
	for _, d := range []string{stageDir + "/new", stageDir + "/old"} {
		if err == nil {
			err = w.step("make", d, func() error { return w.root.Mkdir(d, 0o755) }, nil)
		}
	}
	return err
}

func (w *writer) removeStage() error {
	return w.step("remove", stageDir, func() error { return w.root.RemoveAll(stageDir) }, nil)
}

func (w *writer) mkdir(p string) error {
	return w.step("make", p,
		func() error { return w.root.Mkdir(p, 0o755) },
		func() error { return w.root.Remove(p) })
}

// rmdir removes a directory when it is empty.
func (w *writer) rmdir(p string) error {
	if entries, err := fs.ReadDir(w.root.FS(), p); err != nil || len(entries) > 0 {
		return nil //nolint:nilerr // what cannot be read is not known to be empty
	}
	return w.step("remove", p,
		func() error { return w.root.Remove(p) },
		func() error { return w.root.Mkdir(p, 0o755) })
}

// takeOut moves a file from the tree to the staging directory, if it still is
// the one that was seen when the run was planned.
func (w *writer) takeOut(p, name string, seen []byte) error {
	if err := w.rename("move", p, p, name); err != nil {
		return err
	}
	content, err := w.root.ReadFile(name)
	if err == nil && !bytes.Equal(content, seen) {
		err = errMeddling
	}
	if err != nil {
		return explain("move", filepath.Join(w.dir, p), err)
	}
	return nil
}

// putIn moves a file from the staging directory to where nothing is in the tree.
func (w *writer) putIn(name, p string) error {
	if _, err := w.root.Lstat(p); err == nil {
		return explain("write", filepath.Join(w.dir, p), errMeddling)
	}
	return w.rename("write", p, name, p)
}

// rename moves a file, which is the one at p for the reader.
func (w *writer) rename(op, p, from, to string) error {
	return w.step(op, p,
		func() error { return w.root.Rename(from, to) },
		func() error { return w.root.Rename(to, from) })
}

// stage writes the content meant for p under another name, in the staging
// directory, which goes as a whole.
func (w *writer) stage(name, p string, content []byte) error {
	return w.step("write", p, func() error { return w.writeFile(name, content, false) }, nil)
}

// stageLock stages a lock file, and waits until the disk has it: files can be
// generated again, but not the knowledge of which are generated.
func (w *writer) stageLock(name string, lock hashes) error {
	return w.step("write", lockFile, func() error { return w.writeFile(name, lock.encode(), true) }, nil)
}

func (w *writer) writeFile(name string, content []byte, sync bool) error {
	f, err := w.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil && sync {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
