// Package module reads the interface of a Terraform or OpenTofu module from its
// files, its variables and its outputs, and checks values against it: what
// Terraform would refuse when it runs is found before it does.
package module

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"
)

// Module is the interface of a module.
type Module struct {
	Variables       map[string]*Variable
	Outputs         map[string]*Output
	Providers       map[string]Provider // by local name, those that resources imply included
	Calls           []string            // sources of the directories it calls as modules
	RequiredVersion string              // of Terraform or OpenTofu; several constraints joined by commas

	Files   []string             // names of the files read, sorted
	Sources map[string]*hcl.File // the same by the name that ranges carry

	locals map[string]hcl.Expression
}

// Provider is a provider that the module requires, or has resources of.
type Provider struct {
	Source  string
	Version string
}

// Variable is an input of a module.
type Variable struct {
	Name        string
	Description string
	Type        cty.Type           // may have optional attributes; cty.DynamicPseudoType when none is declared
	Untyped     bool               // whether none is
	Defaults    *typeexpr.Defaults // of optional attributes
	Default     cty.Value          // converted to the type; cty.NilVal when Required
	Required    bool
	Nullable    bool
	Sensitive   bool
	Ephemeral   bool
	Validations []Validation
	Range       hcl.Range // of the header of the block
}

// Validation is a rule that a variable states about its values.
type Validation struct {
	Condition    hcl.Expression
	ErrorMessage hcl.Expression
	Range        hcl.Range
}

// Output is a value that a module gives.
type Output struct {
	Name        string
	Description string
	Sensitive   bool
	Ephemeral   bool
	Type        cty.Type // as far as the expression tells; cty.DynamicPseudoType where it does not
	Range       hcl.Range

	value hcl.Expression
}
