// Package schemacost estimates what the schema of a resource costs Terraform
// itself: it decodes, copies, marks, encodes and renders every attribute of
// every instance about a dozen times, null or not, whatever the provider does.
package schemacost

import (
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Limit is how many times the CPU of as many terraform_data a plan of unchanged
// objects may cost Terraform, without the provider: about 30 attributes.
const Limit = 2.0

// The rule, as it was measured with providers that do nothing, 1,000 instances
// of one block with six attributes set.
const (
	base         = 0.85
	perAttribute = 0.035 // null or not
	perNull      = 0.01  // inside of an object that is null
	ofList       = 1.25  // an attribute in a list of objects or a map of them
	ofSet        = 1.9   // the same in a set
)

// Of counts the attributes of a schema at any depth, and estimates its cost as
// a multiple of the floor. Collections count as having one element.
func Of(s *tfprotov6.Schema) (attributes int, ratio float64) {
	c := counter{}
	c.block(s.Block, 1)
	return c.attributes, base + c.cost
}

type counter struct {
	attributes int
	cost       float64
}

// block counts a block; weight is what an attribute in it costs, to one that
// stands by itself.
func (c *counter) block(b *tfprotov6.SchemaBlock, weight float64) {
	for _, a := range b.Attributes {
		c.attribute(a, weight)
	}
	for _, n := range b.BlockTypes {
		c.block(n.Block, weight*ofBlock[n.Nesting])
	}
}

var ofBlock = map[tfprotov6.SchemaNestedBlockNestingMode]float64{
	tfprotov6.SchemaNestedBlockNestingModeSingle: 1, tfprotov6.SchemaNestedBlockNestingModeGroup: 1,
	tfprotov6.SchemaNestedBlockNestingModeList: ofList, tfprotov6.SchemaNestedBlockNestingModeMap: ofList,
	tfprotov6.SchemaNestedBlockNestingModeSet: ofSet,
}

func (c *counter) attribute(a *tfprotov6.SchemaAttribute, weight float64) {
	inner, nesting := nested(a)
	if len(inner) == 0 {
		c.attributes++
		c.cost += perAttribute * weight
		return
	}
	switch {
	case a.Optional && !a.Computed:
		weight = min(weight, perNull/perAttribute)
	case nesting == tfprotov6.SchemaObjectNestingModeList, nesting == tfprotov6.SchemaObjectNestingModeMap:
		weight *= ofList
	case nesting == tfprotov6.SchemaObjectNestingModeSet:
		weight *= ofSet
	}
	for _, n := range inner {
		c.attribute(n, weight)
	}
}

// nested are the attributes inside of an attribute: those of an object that is
// written as a type cost the same.
func nested(a *tfprotov6.SchemaAttribute) ([]*tfprotov6.SchemaAttribute, tfprotov6.SchemaObjectNestingMode) {
	if a.NestedType != nil {
		return a.NestedType.Attributes, a.NestedType.Nesting
	}
	nesting, of := tfprotov6.SchemaObjectNestingModeSingle, a.Type
	switch t := a.Type.(type) {
	case tftypes.List:
		nesting, of = tfprotov6.SchemaObjectNestingModeList, t.ElementType
	case tftypes.Map:
		nesting, of = tfprotov6.SchemaObjectNestingModeMap, t.ElementType
	case tftypes.Set:
		nesting, of = tfprotov6.SchemaObjectNestingModeSet, t.ElementType
	}
	object, ok := of.(tftypes.Object)
	if !ok {
		return nil, nesting
	}
	var inner []*tfprotov6.SchemaAttribute
	for name, t := range object.AttributeTypes {
		inner = append(inner, &tfprotov6.SchemaAttribute{Name: name, Type: t, Computed: true})
	}
	return inner, nesting
}
