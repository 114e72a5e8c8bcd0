// Package git fetches modules that a platform refers to by a git source, so
// that what is passed to them can be checked. It runs the git of the machine,
// with whose credentials Terraform will fetch them too.
package git

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
)

// patience is how long a fetch may take.
const patience = time.Minute

// source is a git source, taken apart.
type source struct {
	repository string
	folder     string // of the module in the repository
	ref        string
}

// parse reads the forms of a git source that Terraform and Terragrunt share:
// git::URL//FOLDER?ref=REF, and github.com/OWNER/NAME//FOLDER?ref=REF.
func parse(raw string) (source, bool) {
	address, isGit := strings.CutPrefix(raw, "git::")
	if !isGit {
		if !strings.HasPrefix(raw, "github.com/") {
			return source{}, false
		}
		address = "https://" + raw
	}
	address, query, _ := strings.Cut(address, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return source{}, false
	}
	s := source{repository: address, ref: values.Get("ref")}
	scheme := strings.Index(address, "://")
	if i := strings.Index(address[scheme+len("://"):], "//"); scheme >= 0 && i >= 0 {
		i += scheme + len("://")
		s.repository, s.folder = address[:i], strings.Trim(address[i:], "/")
	} else if i := strings.Index(address, "//"); scheme < 0 && i >= 0 {
		s.repository, s.folder = address[:i], strings.Trim(address[i:], "/") // git@host:owner/name.git//folder
	}
	return s, true
}

// commit is the name of one, which nothing can move.
var commit = lazyregexp.New(`^[0-9a-f]{40}$`)

// Open returns the files of the module. Tags and commits are fetched once,
// since they do not change, branches every time. A source that is no git source is platform.ErrUnavailable;
// one that cannot be fetched is an error, since the tree depends on what the
// module says of itself.
func Open(raw string) (fs.FS, error) {
	s, ok := parse(raw)
	if !ok {
		return nil, platform.ErrUnavailable
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(s.repository + "?" + s.ref))
	dir := filepath.Join(cache, "terraform-provider-onprem", "modules", hex.EncodeToString(sum[:8]))
	if !s.kept(dir) {
		if err := s.fetch(dir); err != nil {
			return nil, fmt.Errorf("%w (with --fetch=false such modules are not read; then declare the outputs that others use)", err)
		}
	}
	module := filepath.Join(dir, filepath.FromSlash(s.folder))
	if !filepath.IsLocal(s.folder) && s.folder != "" {
		return nil, fmt.Errorf("the folder %q leaves the repository", s.folder)
	}
	if _, err := os.Stat(module); err != nil {
		return nil, err
	}
	return os.DirFS(module), nil
}

// kept reports whether dir has the very version that is wanted.
func (s source) kept(dir string) bool {
	wanted := filepath.Join(dir, ".git", "refs", "tags", filepath.FromSlash(s.ref))
	if commit.MatchString(s.ref) {
		wanted = filepath.Join(dir, ".git", "FETCH_HEAD")
	}
	_, err := os.Stat(wanted)
	return s.ref != "" && err == nil
}

// fetch clones into a folder beside dir and renames it: a fetch that is
// interrupted leaves nothing that looks complete.
func (s source) fetch(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := os.MkdirAll(filepath.Dir(dir), 0o750); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "fetch-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	if err := run(ctx, fresh, "init", "--quiet"); err != nil {
		return err
	}
	// A commit cannot be cloned by name, but it can be fetched.
	ref := s.ref
	if ref == "" {
		ref = "HEAD"
	}
	tag := "refs/tags/" + ref
	if run(ctx, fresh, "fetch", "--quiet", "--depth=1", "--", s.repository, tag+":"+tag) != nil {
		if err := run(ctx, fresh, "fetch", "--quiet", "--depth=1", "--", s.repository, ref); err != nil {
			return err
		}
	}
	if err := run(ctx, fresh, "checkout", "--quiet", "FETCH_HEAD"); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Rename(fresh, dir)
}

func run(ctx context.Context, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0")
	var failed *exec.ExitError
	out, err := cmd.CombinedOutput()
	if errors.As(err, &failed) {
		return fmt.Errorf("git %s: %s", args[0], strings.TrimSpace(string(out)))
	}
	return err
}
