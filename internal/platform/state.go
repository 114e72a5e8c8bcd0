package platform

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// StateKey is the attribute of a backend that must differ for every unit.
type StateKey struct {
	Attribute string
	// Suffix follows the unit's path.
	Suffix string
	// Separator replaces the slashes of the path, where the backend takes none.
	Separator string
}

// stateKeys are the backends whose key is set by the generator. Names follow
// the backends' documentation for Terraform 1.11 and OpenTofu 1.11.
var stateKeys = map[string]StateKey{
	"s3":         {Attribute: "key", Suffix: "/terraform.tfstate"},
	"local":      {Attribute: "path", Suffix: "/terraform.tfstate"},
	"pg":         {Attribute: "schema_name", Separator: "_"},
	"http":       {Attribute: "address", Separator: "-"},
	"kubernetes": {Attribute: "secret_suffix", Separator: "-"},
	"consul":     {Attribute: "path"},
	"gcs":        {Attribute: "prefix"},
	"azurerm":    {Attribute: "key", Suffix: "/terraform.tfstate"},
}

// Key returns what must differ for every unit, and whether the backend is known.
func (s *State) Key() (StateKey, bool) {
	k, ok := stateKeys[s.Backend]
	return k, ok
}

// checkState checks that no two units share a state.
func (l *loader) checkState() {
	key, known := l.State.Key()
	if !known {
		if slices.ContainsFunc(l.State.Attributes, usesUnit) {
			return
		}
		l.add(ruleState.finding("Unknown backend", fmt.Sprintf("The generator knows the backends %s. For %q, say yourself what differs per unit, "+
			"with unit.path in one of its attributes.", strings.Join(keys(stateKeys), ", "), l.State.Backend), l.State.Range))
		return
	}
	attr := l.State.Attributes.Get(key.Attribute)
	if attr != nil && l.State.Backend != "http" && !usesUnit(attr) {
		l.add(ruleState.finding("One state for all units", fmt.Sprintf("Every unit needs a %s of its own. Leave it out, or write unit.path into it.", key.Attribute), attr.Expr.Range()))
	}
	if attr == nil && l.State.Backend == "http" {
		l.add(ruleState.finding("Missing address", "Write the address that the units' names are put behind, such as \"https://gitlab.example.com/api/v4/projects/42/terraform/state\".", l.State.Range))
	}
	if attr != nil && len(l.Units) > 0 {
		l.checkLocation(attr)
	}
	l.checkSeparated(key)
}

// checkLocation refuses values that would not mean what they seem to.
func (l *loader) checkLocation(attr *hclsyntax.Attribute) {
	result, diags := l.Eval(l.Units[0], attr.Expr)
	if diags.HasErrors() {
		l.add(diags...)
		return
	}
	text := (value{Value: result}).text()
	switch {
	case l.State.Backend == "http" && strings.HasSuffix(text, "/"):
		l.add(ruleState.finding("Address that ends with a slash", "The name of the unit is put behind the address with a slash in between: write it with no slash at the end.", attr.Expr.Range()))
	case l.State.Backend == "local" && !path.IsAbs(text):
		l.add(ruleState.finding("State in a cache", "Terraform runs in the folder .terragrunt-cache, and looks for a relative path there. "+
			"Leave the path out, or write one that begins with a slash.", attr.Expr.Range()))
	}
}

// usesUnit reports whether an attribute differs per unit.
func usesUnit(attr *hclsyntax.Attribute) bool {
	return slices.ContainsFunc(attr.Expr.Variables(), func(t hcl.Traversal) bool { return t.RootName() == "unit" })
}

// checkSeparated finds units whose paths are the same once the slashes are
// replaced: a-b/c and a/b-c.
func (l *loader) checkSeparated(key StateKey) {
	if key.Separator == "" {
		return
	}
	seen := map[string]*Unit{}
	for _, u := range l.Units {
		name := key.Value(u.Path())
		if l.State.Backend == "kubernetes" && strings.Contains(name, "_") {
			l.add(ruleState.finding("Unusable name of a state", fmt.Sprintf("The state of %s would be the Secret tfstate-default-%s, "+
				"but names in Kubernetes have no underscores. Write dashes in the names of places and components.", u.Path(), name), u.Component.Range))
			return
		}
		if l.State.Backend != "http" && len(name) > maxName {
			l.add(ruleState.finding("Unusable name of a state", fmt.Sprintf("The state of %s would be called %q. With %d characters that is longer than the %d "+
				"that %s keeps. Shorten the names of places and components.", u.Path(), name, len(name), maxName, l.State.Backend), u.Component.Range))
			return
		}
		if other := seen[name]; other != nil {
			l.add(ruleState.finding("Two units with one state", fmt.Sprintf("%s and %s would both keep their state as %q. Rename one of them.",
				other.Path(), u.Path(), name), other.Component.Range, u.Component.Range))
		}
		seen[name] = u
	}
}

// Value is the part of the key that belongs to the unit of that path.
func (k StateKey) Value(path string) string {
	if k.Separator != "" {
		path = strings.ReplaceAll(path, "/", k.Separator)
	}
	return path + k.Suffix
}
