package disk

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// fileKind is what stands at a path.
type fileKind string

const (
	absent    fileKind = ""
	regular   fileKind = "file"
	directory fileKind = "directory"
	symlink   fileKind = "symbolic link"
	special   fileKind = "special file"

	toBeMade fileKind = "directory to be made"
)

func kindOf(mode fs.FileMode) fileKind {
	switch {
	case mode.IsRegular():
		return regular
	case mode.IsDir():
		return directory
	case mode.Type() == fs.ModeSymlink:
		return symlink
	default:
		return special
	}
}

// entry is what is on disk at a path. Only regular files have content.
type entry struct {
	kind    fileKind
	content []byte
}

func (e entry) is(hash string) bool { return e.kind == regular && hashOf(e.content) == hash }

// reader reads below the output directory and follows no symbolic link there:
// a link is an entry of its own, and nothing is below it.
type reader struct {
	root        *os.Root // nil while the output directory does not exist
	dir         string
	directories map[string]fileKind // what is known of paths that should be directories
}

// read returns what is at p.
func (r *reader) read(p string) (entry, error) {
	above, err := r.directory(path.Dir(p))
	if err != nil || above != directory {
		return entry{}, err
	}
	kind, err := r.lstat(p)
	if err != nil || kind != regular {
		return entry{kind: kind}, err
	}
	content, err := r.root.ReadFile(p)
	if err != nil {
		return entry{}, explain("read", filepath.Join(r.dir, p), err)
	}
	return entry{kind, content}, nil
}

// directory returns what is at p, which should be a directory.
func (r *reader) directory(p string) (fileKind, error) {
	if kind, ok := r.directories[p]; ok {
		return kind, nil
	}
	kind, err := r.directory(path.Dir(p))
	if err != nil {
		return absent, err
	}
	if kind == directory {
		kind, err = r.lstat(p)
	} else {
		kind = absent
	}
	r.directories[p] = kind
	return kind, err
}

func (r *reader) lstat(p string) (fileKind, error) {
	if r.root == nil {
		return absent, nil
	}
	info, err := r.root.Lstat(p)
	if errors.Is(err, fs.ErrNotExist) {
		return absent, nil
	}
	if err != nil {
		return absent, explain("look at", filepath.Join(r.dir, p), err)
	}
	return kindOf(info.Mode()), nil
}
