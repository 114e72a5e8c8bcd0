package disk

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
)

const (
	// lockFile says which files of the output directory are generated. It is
	// to be committed together with them.
	lockFile = ".onprem.lock.json"

	// stageDir is there only while Apply is at work.
	stageDir = ".onprem.tmp"

	// journal is the next lock file, from the moment that files start to move
	// until it takes the place of the lock file.
	journal = stageDir + "/lock.json"

	// lockVersion is the format of the lock file. The version of the program
	// is not in it: a release would change the lock file of an unchanged tree.
	lockVersion = 1
)

// hashes are the generated files: path to hash.
type hashes map[string]string

type lockJSON struct {
	Version int    `json:"version"`
	Files   hashes `json:"files"`
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// encode writes one line a file, sorted, so that a diff shows what changed.
func (h hashes) encode() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(lockJSON{lockVersion, h}) // strings in a map: nothing can fail
	return b.Bytes()
}

// differences are the paths that stand in one only, or with another hash.
func (h hashes) differences(other hashes) []string {
	paths := map[string]bool{}
	for p := range h {
		paths[p] = h[p] != other[p]
	}
	for p := range other {
		paths[p] = h[p] != other[p]
	}
	maps.DeleteFunc(paths, func(_ string, differs bool) bool { return !differs })
	return slices.Sorted(maps.Keys(paths))
}

// lock reads a lock file. Without the file it is empty and not ok.
func (r *reader) lock(p string) (h hashes, ok bool, err error) {
	name := filepath.Join(r.dir, p)
	e, err := r.read(p)
	if err != nil || e.kind == absent {
		return hashes{}, false, err
	}
	if e.kind != regular {
		return nil, false, fmt.Errorf("%s is a %s, not the lock file of a generated tree: move it away", name, e.kind)
	}
	h, err = decode(e.content)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", name, err)
	}
	return h, true, nil
}

func decode(content []byte) (hashes, error) {
	var version struct{ Version int }
	err := json.Unmarshal(content, &version)
	if err == nil && version.Version > lockVersion {
		return nil, fmt.Errorf("this tree was written by a newer version of this program: its lock file has format %d, this version knows %d; use the newer version", version.Version, lockVersion)
	}
	lock := lockJSON{Files: hashes{}}
	if err == nil {
		err = json.Unmarshal(content, &lock)
	}
	if err == nil && lock.Version != lockVersion {
		err = fmt.Errorf("format version %d does not exist", lock.Version)
	}
	if err == nil {
		err = checkPaths(slices.Sorted(maps.Keys(lock.Files)))
	}
	if err != nil {
		return nil, fmt.Errorf("the lock file is damaged: %w; restore it from version control, or delete it: generated files as they should be are then adopted, all others reported", err)
	}
	return lock.Files, nil
}
