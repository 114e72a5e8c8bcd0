package tree

import (
	"slices"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
)

// readme is what the template of the README knows.
type readme struct{ *tree }

// Terragrunt reports whether the units are Terragrunt's.
func (r readme) Terragrunt() bool { return r.Format == Terragrunt }

// WithWorkflows reports whether there are pipelines.
func (r readme) WithWorkflows() bool { return r.hasWorkflows() }

// Places are the folders at the top that units are in, Automatic those that are
// applied on merge, Manual those that a person applies.
func (r readme) Places() []string    { return r.places() }
func (r readme) Automatic() []string { return r.automatic() }
func (r readme) Manual() string {
	return strings.Join(slices.DeleteFunc(r.places(), r.IsAutomatic), ", ")
}

// IsAutomatic reports whether a place is applied on merge.
func (r readme) IsAutomatic(name string) bool { return !r.isProtected(name) }

// Flags are those that generate needs to write this tree.
func (r readme) Flags() string {
	flags := r.From()
	if flags != "" {
		flags += " -o ."
	}
	if r.Format != Terragrunt {
		flags += " --format " + string(r.Format)
	}
	return flags
}

// From is the flag that names the platform file, where one is needed.
func (r readme) From() string {
	if r.Base == "." {
		return ""
	}
	return " -f " + r.Base
}

// Example is the folder of a unit that needs another one, if there is any.
func (r readme) Example() string {
	example := "<unit>"
	for _, u := range r.Units {
		if example == "<unit>" || len(u.Needs) > 0 {
			example = u.Path()
		}
	}
	return example
}

// Place is the folder at the top that the example is in.
func (r readme) Place() string {
	name, _, _ := strings.Cut(r.Example(), "/")
	return name
}

// ModuleOf is where a component's module is: a folder of the tree, or else its
// source.
func (r readme) ModuleOf(c *platform.Component) string {
	if c.Source.Builtin != "" {
		return "[modules/" + c.Source.Builtin + "](modules/" + c.Source.Builtin + ")"
	}
	return "`" + c.Source.Raw + "`"
}

// Count is the number of units of a component.
func (r readme) Count(c *platform.Component) int {
	n := 0
	for _, u := range r.Units {
		if u.Component == c {
			n++
		}
	}
	return n
}

// Needs are the names of the components that come before another one, anywhere.
func (r readme) Needs(c *platform.Component) []string {
	var names []string
	for _, on := range c.Needs() {
		names = append(names, on.Name)
	}
	for _, u := range r.Units {
		if u.Component != c {
			continue
		}
		for _, on := range u.Needs {
			names = append(names, on.Component.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// order are the units of a place, each after those it needs.
type order struct {
	Place string
	Units []string
}

// Orders are the units of all places, in an order to apply them in.
func (r readme) Orders() []order {
	list := make([]order, len(r.places()))
	for i, name := range r.places() {
		list[i].Place = name
	}
	done := map[*platform.Unit]bool{}
	var visit func(*platform.Unit)
	visit = func(u *platform.Unit) {
		if done[u] {
			return
		}
		done[u] = true
		for _, on := range u.Needs {
			visit(on)
		}
		i := slices.IndexFunc(list, func(o order) bool { return o.Place == place(u) })
		list[i].Units = append(list[i].Units, u.Path())
	}
	for _, u := range r.Units {
		visit(u)
	}
	return list
}

// AllSecrets are the names of secrets, Accounts those that no file reads.
func (r readme) AllSecrets() []string { return r.secrets() }
func (r readme) Accounts() []string {
	return slices.DeleteFunc(r.secrets(), func(name string) bool { return slices.Contains(r.Secrets, name) })
}

// Variable is the environment variable that a secret is read from.
func (r readme) Variable(secret string) string {
	if r.Format == Terraform {
		return "TF_VAR_" + secret
	}
	return secret
}
