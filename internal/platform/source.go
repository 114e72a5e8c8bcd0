package platform

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
	"github.com/onprem-tools/terraform-provider-onprem/internal/platform/module"
)

// Source is where a module comes from, as the platform file says it.
type Source struct {
	Raw string
	// Builtin is the module's name when it is one of this program's own.
	Builtin string
	// Dir is the module's directory relative to the platform file's, when it
	// is a local one.
	Dir string
	// Whole is the directory that has a local module and all those it calls.
	Whole string
}

// ParseSource reads a source without opening it. What is neither built in nor a
// directory is for
// Terraform to fetch.
func ParseSource(raw string) Source {
	s := Source{Raw: raw}
	if name, ok := strings.CutPrefix(raw, "builtin:"); ok {
		s.Builtin = name
	} else if strings.HasPrefix(raw, "./") || strings.HasPrefix(raw, "../") || raw == "." || raw == ".." {
		s.Dir = path.Clean(raw)
		s.Whole = s.Dir
	}
	return s
}

// Remote reports whether the module has to be fetched.
func (s Source) Remote() bool { return s.Builtin == "" && s.Dir == "" }

// folder is a path that lacks the dot in front that makes it a directory.
var folder = lazyregexp.New(`^[\w-]+(/[\w-]+)?$`)

// published is where this program's modules are in its own repository.
var published = lazyregexp.New(`github\.com[/:]onprem-tools/terraform-provider-onprem(?:\.git)?//modules/([a-z-]+)`)

// Module is the name of the module of this project that the source means,
// built in or by its repository, or "".
func (s Source) Module() string {
	if m := published.FindStringSubmatch(s.Raw); m != nil {
		return m[1]
	}
	return s.Builtin
}

// archive is an address whose file is one version already.
var archive = lazyregexp.New(`\.(zip|tar\.gz|tgz|tar\.xz)(\?|$)`)

// pinned reports whether a remote source names a version.
func (s Source) pinned() bool {
	return strings.Contains(s.Raw, "ref=") || strings.Contains(s.Raw, "version=") || strings.Contains(s.Raw, "checksum=") || archive.MatchString(s.Raw)
}

// opened is the result of reading a module once.
type opened struct {
	module *module.Module
	diags  hcl.Diagnostics
}

// source opens what an attribute module says. A module that is not at hand is
// nil.
func (l *loader) source(attr *hclsyntax.Attribute) (Source, *module.Module) {
	raw, at := "", attr.Expr.Range()
	diags := constant(attr, l.context, &raw)
	l.add(diags...)
	if diags.HasErrors() {
		return Source{}, nil
	}
	s := ParseSource(raw)
	m := l.open(s, at)
	if s.Dir != "" && m != nil {
		s.Whole = l.whole(s.Dir, m)
	}
	return s, m
}

// whole is the directory that has a module and all those it calls.
func (l *loader) whole(dir string, m *module.Module) string {
	top, seen := dir, map[string]bool{}
	var visit func(string, *module.Module)
	visit = func(dir string, m *module.Module) {
		top, seen[dir] = commonFolder(top, dir), true
		for _, call := range m.Calls {
			called := path.Join(dir, call)
			if seen[called] {
				continue
			}
			if found := l.read(Source{Raw: called, Dir: called}, hcl.Range{}); found.module != nil {
				visit(called, found.module)
			}
		}
	}
	visit(dir, m)
	return top
}

// commonFolder is the folder that two relative paths are in.
func commonFolder(a, b string) string {
	one, other := strings.Split(a, "/"), strings.Split(b, "/")
	n := 0
	for n < len(one) && n < len(other) && one[n] == other[n] {
		n++
	}
	above := 0 // what is left of either may lead further up
	for _, rest := range [][]string{one[n:], other[n:]} {
		for above < len(rest) && rest[above] == ".." {
			above++
		}
	}
	return path.Clean(path.Join(append(slices.Clone(one[:n]), slices.Repeat([]string{".."}, above)...)...))
}

// open reads the interface of a module; it is read once however often it is
// used. A module that is not at hand gives nil.
func (l *loader) open(s Source, at hcl.Range) *module.Module {
	switch {
	case s.Raw == "":
		l.add(ruleModule.finding("No source of a module", "Write module = \"builtin:network\", a directory such as \"./modules/dns\", or a git source.", at))
		return nil
	case path.IsAbs(s.Raw):
		l.add(ruleModule.finding("Module on one machine", fmt.Sprintf("%q exists on this machine only. Write the directory relative to the platform file, beginning with ./ or ../", s.Raw), at))
		return nil
	case s.Remote() && folder.MatchString(s.Raw):
		l.add(ruleModule.finding("No source of a module", fmt.Sprintf("%q is neither a directory nor something to fetch. For a directory write \"./%s\".", s.Raw, s.Raw), at))
		return nil
	case s.Remote() && !s.pinned():
		l.add(ruleUnpinned.finding("Module without version", fmt.Sprintf("%q may change without anybody changing it here. Add ?ref= with a tag.", s.Raw), at))
	}
	found, ok := l.modules[s.Raw]
	if !ok {
		found = l.read(s, at)
		l.modules[s.Raw] = found
		l.add(found.diags...)
	}
	return found.module
}

func (l *loader) read(s Source, at hcl.Range) opened {
	if l.options.Open == nil {
		return opened{}
	}
	fsys, err := l.options.Open(s)
	switch {
	case errors.Is(err, ErrUnavailable):
		return opened{}
	case errors.Is(err, fs.ErrNotExist):
		return opened{diags: hcl.Diagnostics{ruleModule.finding("Missing module", fmt.Sprintf("There is no module %q. %s", s.Raw, l.hint(s)), at)}}
	case err != nil:
		return opened{diags: hcl.Diagnostics{ruleModule.finding("Unreadable module", fmt.Sprintf("The module %q cannot be read: %v.", s.Raw, err), at)}}
	}
	m, diags := module.Read(fsys, moduleDir(s))
	for i, d := range diags {
		if d.Subject == nil { // about the module as a whole
			diags[i] = ruleModule.finding(d.Summary, d.Detail, at)
		}
	}
	if diags.HasErrors() {
		return opened{diags: diags}
	}
	return opened{module: m, diags: diags}
}

func (l *loader) hint(s Source) string {
	if s.Builtin != "" {
		return "Of this program's own there are: " + strings.Join(l.options.Builtins, ", ") + "."
	}
	return "The directory is looked for beside the platform file."
}

// moduleDir is what the files of a module are called in messages.
func moduleDir(s Source) string {
	if s.Dir != "" {
		return s.Dir
	}
	return s.Raw
}
