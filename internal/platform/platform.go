// Package platform reads platform.hcl: what exists where, what is deployed and
// what differs. Load parses the files, evaluates every component for every
// environment and site, and checks the result before Terraform ever starts. It
// is pure: it reads no file and no network by itself.
package platform

import (
	"cmp"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform/module"
)

// Platform is everything that platform.hcl says, evaluated.
type Platform struct {
	Name              string
	Tool              string // "terraform" or "tofu"
	TerraformVersion  string // constraint for the tool, "" for none
	TerragruntVersion string // constraint for Terragrunt
	Owners            []string

	Locals       Attributes
	State        *State
	Providers    []*Provider // of every unit whose module wants them
	Workflows    *Workflows  // nil: none are written
	Environments []*Environment
	Components   []*Component
	Units        []*Unit // enabled ones, by path

	// Secrets are the names of all secret("NAME"), in order.
	Secrets []string

	// LocalValue is the object of all locals, as expressions see it.
	LocalValue cty.Value
	outputs    cty.Value // the object that expressions know as component
	functions  map[string]function.Function

	// Files are the files that were read, by name.
	Files map[string]*hcl.File
	// Range is the header of the platform block.
	Range hcl.Range
}

// Attributes are the attributes of a body, in the order they were written.
type Attributes []*hclsyntax.Attribute

// Get returns the attribute of that name, or nil.
func (a Attributes) Get(name string) *hclsyntax.Attribute {
	for _, attr := range a {
		if attr.Name == name {
			return attr
		}
	}
	return nil
}

// AttributesOf returns the attributes of a body, in the order they were written.
func AttributesOf(body *hclsyntax.Body) Attributes {
	list := make(Attributes, 0, len(body.Attributes))
	for _, attr := range body.Attributes {
		list = append(list, attr)
	}
	slices.SortFunc(list, func(a, b *hclsyntax.Attribute) int { return cmp.Compare(a.SrcRange.Start.Byte, b.SrcRange.Start.Byte) })
	return list
}

// State is where Terraform keeps its state. Its attributes are the backend's
// own configuration.
type State struct {
	Backend    string
	Attributes Attributes
	Range      hcl.Range
}

// Provider is a provider block: what it says is written into every unit whose
// module wants this provider.
type Provider struct {
	Name  string
	Body  *hclsyntax.Body
	Range hcl.Range
}

// Environment is a set of sites that are operated together, such as stage.
type Environment struct {
	Name       string
	Protected  bool     // a person approves every apply
	Owners     []string // for CODEOWNERS
	Attributes Attributes
	Sites      []*Site
	Value      cty.Value // the object that expressions know as env
	Range      hcl.Range
}

// Site is a place of an environment: one cluster, one network.
type Site struct {
	Env        *Environment
	Name       string
	Attributes Attributes
	Value      cty.Value // the object that expressions know as site
	Range      hcl.Range
}

// Path is the site's folder in the tree.
func (s *Site) Path() string { return s.Env.Name + "/" + s.Name }

// Scope says how often a component exists.
type Scope string

// The scopes of components, from narrow to wide.
const (
	PerSite        Scope = "site"
	PerEnvironment Scope = "environment"
	PerPlatform    Scope = "platform"
)

// PlatformFolder is the folder of the units that exist once per platform.
const PlatformFolder = "platform"

// sees reports whether a unit of scope s can refer to one of scope t: to one of
// the same or of a wider scope, because of these there is exactly one.
func (s Scope) sees(t Scope) bool {
	order := []Scope{PerSite, PerEnvironment, PerPlatform}
	return slices.Index(order, s) <= slices.Index(order, t)
}

// Component is something deployed: one unit per site, environment or platform.
type Component struct {
	Name      string
	Per       Scope
	Source    Source
	Module    *module.Module // nil when the module's files are not at hand
	Inputs    Inputs
	Enabled   hclsyntax.Expression // nil: everywhere
	DependsOn []*Component         // beside references
	Providers []*Provider          // the component's own
	Overrides []*Override
	Range     hcl.Range

	declared  map[string]cty.Type // outputs written in the platform file
	refs      []*Component        // of inputs without overrides, and of depends_on
	dependsOn hclsyntax.Expression
	locals    Attributes // of the platform, to find where values stand
}

// Needs are the components that all units of this one depend on: referred to
// by the inputs, or named by depends_on, in order of their names. What only an
// override refers to is not among them.
func (c *Component) Needs() []*Component { return c.refs }

// Outputs are the types of the component's outputs: those of the module, and
// those declared in the platform file, which win. It is nil when nothing is
// known of them.
func (c *Component) Outputs() map[string]cty.Type {
	if c.Module == nil && c.declared == nil {
		return nil
	}
	types := map[string]cty.Type{}
	if c.Module != nil {
		for name, o := range c.Module.Outputs {
			if !o.Ephemeral {
				types[name] = o.Type
			}
		}
	}
	for name, t := range c.declared {
		types[name] = t
	}
	return types
}

// Inputs is the object of inputs as it was written: expressions by name, in
// order.
type Inputs []Input

// Input is one input of a component or of an override.
type Input struct {
	Name  string
	Expr  hclsyntax.Expression
	Range hcl.Range // of the name
}

// Get returns the expression of an input, or nil.
func (in Inputs) Get(name string) hclsyntax.Expression {
	for _, i := range in {
		if i.Name == name {
			return i.Expr
		}
	}
	return nil
}

// Override is what differs in one environment or site.
type Override struct {
	Env     *Environment
	Site    *Site // nil: the whole environment
	Source  *Source
	Inputs  Inputs
	Enabled hclsyntax.Expression
	Range   hcl.Range

	module *module.Module
	target string
}

// Unit is one component at one place: a folder with one terragrunt.hcl and one
// state.
type Unit struct {
	Component *Component
	Env       *Environment // nil for a unit of the platform
	Site      *Site        // nil for a unit of an environment or of the platform
	Source    Source
	Module    *module.Module
	Overrides []*Override // those that apply, the narrower last

	// Base are the inputs without overrides, Inputs those with them. What is
	// known only after an apply, and every secret, is unknown.
	Base, Inputs map[string]cty.Value

	// Differences are the inputs of each of the overrides.
	Differences []map[string]cty.Value

	// Needs are the units this one depends on, by path.
	Needs []*Unit
}

// Path is the unit's folder in the tree, such as prod/seoul/network. It is the
// stem of the state's key as well.
func (u *Unit) Path() string {
	switch {
	case u.Site != nil:
		return u.Site.Path() + "/" + u.Component.Name
	case u.Env != nil:
		return u.Env.Name + "/" + u.Component.Name
	default:
		return PlatformFolder + "/" + u.Component.Name
	}
}

// Workflows says which pipelines to write.
type Workflows struct {
	Forge    string // "github"
	Runner   []string
	Schedule string   // cron of the nightly look for drift
	Secrets  []string // names of secrets given to every run, beside those of secret()
	Env      map[string]string
	Range    hcl.Range
}
