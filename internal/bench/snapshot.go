package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// snapshot is what is below a directory, by path, the directory included.
type snapshot map[string]fs.FileInfo

func takeSnapshot(dir string) (snapshot, error) {
	s := snapshot{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		s[filepath.ToSlash(name)], err = entry.Info()
		return err
	})
	return s, err
}

// written are the paths that were made, changed, replaced or removed between
// two snapshots. A directory changes with the names in it, so that a temporary
// file does not pass unseen either.
func (s snapshot) written(after snapshot) (files, directories []string) {
	note := func(path string, info fs.FileInfo) {
		if info.IsDir() {
			directories = append(directories, path)
		} else {
			files = append(files, path)
		}
	}
	for path, now := range after {
		if then, ok := s[path]; !ok || !os.SameFile(then, now) || !then.ModTime().Equal(now.ModTime()) {
			note(path, now)
		}
	}
	for path, then := range s {
		if _, ok := after[path]; !ok {
			note(path, then)
		}
	}
	slices.Sort(files)
	slices.Sort(directories)
	return files, directories
}

// read returns the contents of all files.
func (s snapshot) read(dir string) (map[string][]byte, error) {
	contents := map[string][]byte{}
	for path, info := range s {
		if info.IsDir() {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return nil, err
		}
		contents[path] = content
	}
	return contents, nil
}

// writeFiles is what the generator is measured against: it writes the files one
// after the other, and does nothing else.
func writeFiles(dir string, files map[string][]byte) error {
	for path, content := range files {
		name := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
