// Package modules holds the built-in Terraform modules of this provider, for
// the generator to write into the trees it makes. They are plain modules, one a
// folder, and work as well without the generator.
package modules

import (
	"embed"
	"io/fs"
)

// FS has what a module's user needs of it, without its tests:
// registry/main.tf, registry/README.md and so on.
//
//go:embed */*.tf */README.md
var FS embed.FS

// Names are the names of the built-in modules, which are those of their folders
// in FS, in alphabetical order.
func Names() []string {
	entries, err := fs.ReadDir(FS, ".")
	if err != nil {
		panic(err) // what is embedded can be read
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}
