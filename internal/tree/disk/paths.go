package disk

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"unicode"
)

// checkPaths refuses paths that leave the output directory, and sets of paths
// that cannot stand beside each other on every file system.
func checkPaths(sorted []string) error {
	spelling := map[string]string{} // of every file and directory, by its lower-case form
	parentOf := map[string]string{} // a file below each directory
	for _, p := range sorted {
		if err := checkPath(p); err != nil {
			return err
		}
		for q := p; q != "."; q = path.Dir(q) {
			if q != p {
				parentOf[q] = p
			}
			other, seen := spelling[strings.ToLower(q)]
			if seen && other != q {
				return fmt.Errorf("%q and %q are the same on file systems that ignore case: rename one", other, q)
			}
			if seen && q != p {
				break // and so are the directories above
			}
			spelling[strings.ToLower(q)] = q
		}
	}
	for _, p := range sorted {
		if below, ok := parentOf[p]; ok {
			return fmt.Errorf("%q cannot be a file and, for %q, a directory: rename one", p, below)
		}
	}
	return nil
}

func checkPath(p string) error {
	first, _, _ := strings.Cut(strings.ToLower(p), "/")
	switch {
	case !fs.ValidPath(p), p == ".", !filepath.IsLocal(filepath.FromSlash(p)):
		return fmt.Errorf("%q is not a path inside the output directory", p)
	case strings.ContainsRune(p, '\\'), strings.ContainsFunc(p, unicode.IsControl):
		return fmt.Errorf("%q has a character that not every system allows in a file name", p)
	case first == lockFile, first == stageDir:
		return fmt.Errorf("%q is a name that the generator needs for itself", p)
	default:
		return nil
	}
}
