package platform

import (
	"errors"
	"io/fs"

	"github.com/hashicorp/hcl/v2"
)

// ErrUnavailable is what Options.Open returns for a module whose files are not
// at hand: its interface is not checked then.
var ErrUnavailable = errors.New("the module is not available")

// Options are what Load needs from the world.
type Options struct {
	// Open returns the files of a module, with fs.ErrNotExist when there is none
	// and ErrUnavailable when it was not tried. Nil: no module is available.
	Open func(Source) (fs.FS, error)
	// Builtins are the names that "builtin:…" knows, for messages.
	Builtins []string
}

// Load reads platform files, by name, and evaluates and checks everything. The
// platform is usable when the diagnostics have no errors.
func Load(sources map[string][]byte, options Options) (*Platform, hcl.Diagnostics) {
	files := map[string]*hcl.File{}
	l := &loader{Platform: &Platform{Files: files}, options: options, files: files, modules: map[string]opened{}}
	bodies := l.parse(sources)
	if l.diags.HasErrors() {
		return l.Platform, sorted(l.diags) // half a file would only give wrong advice
	}
	l.collect(bodies)
	if !l.diags.HasErrors() {
		l.link()
	}
	if !l.diags.HasErrors() {
		l.evaluate()
	}
	if !l.diags.HasErrors() {
		l.checkModules()
	}
	l.checkRules()
	l.add(l.checkSecrets()...) // whatever else is wrong: who prints the rest must know
	return l.Platform, sorted(silence(l.files, l.diags))
}
