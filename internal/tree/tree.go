// Package tree writes a platform as the Terragrunt tree that a person would
// have written by hand: what is common stands once, as the expression of the
// platform file, and the file of a unit holds its includes and differences. It
// is pure: a platform in, a map of path to content out.
package tree

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
)

// Format is the kind of tree.
type Format string

// The formats.
const (
	Terragrunt Format = "terragrunt" // units that include what they share
	Terraform  Format = "terraform"  // one plain root module a unit
)

// Options say how a tree is written.
type Options struct {
	Format Format
	// Modules has a folder for each module that is built in.
	Modules fs.FS
	// Base is the way from the root of the tree to the folder of the platform
	// file, with slashes: "." when it is the same.
	Base string
	// Release is the version of this program, which workflows install; empty for
	// a build that is no release, which they cannot.
	Release string
}

// Render returns the files of the tree by their paths, with slashes. The same
// platform gives the same bytes.
func Render(p *platform.Platform, o Options) (map[string][]byte, error) {
	t := &tree{Platform: p, Options: o, files: map[string][]byte{}, plainUnits: map[*platform.Component][]byte{}}
	switch o.Format {
	case Terragrunt:
		t.terragrunt()
	case Terraform:
		t.terraform()
	default:
		return nil, fmt.Errorf("unknown format %q: there is %s and %s", o.Format, Terragrunt, Terraform)
	}
	if err := t.modules(); err != nil {
		return nil, err
	}
	t.extras()
	return t.files, nil
}

// tree is a tree in the making.
type tree struct {
	*platform.Platform
	Options
	files      map[string][]byte
	plainUnits map[*platform.Component][]byte // the file of units without overrides
}

// add adds a file of HCL in canonical format.
func (t *tree) add(name string, file *hclwrite.File) {
	text := strings.TrimLeft(string(hclwrite.Format(file.Bytes())), "\n")
	t.files[name] = []byte(text)
}

// modules copies the built-in modules that are used into the tree.
func (t *tree) modules() error {
	used := map[string]bool{}
	for _, u := range t.Units {
		if u.Source.Builtin != "" {
			used[u.Source.Builtin] = true
		}
	}
	for name := range used {
		err := fs.WalkDir(t.Modules, name, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := fs.ReadFile(t.Modules, file)
			t.files[path.Join("modules", file)] = content
			return err
		})
		if err != nil {
			return fmt.Errorf("built-in module %s: %w", name, err)
		}
	}
	return nil
}
