package schemacost

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func flat(n int) []*tfprotov6.SchemaAttribute {
	var all []*tfprotov6.SchemaAttribute
	for i := range n {
		all = append(all, &tfprotov6.SchemaAttribute{Name: fmt.Sprintf("a%d", i), Type: tftypes.String, Optional: true})
	}
	return all
}

// with adds objects of n attributes to flat ones.
func with(attributes []*tfprotov6.SchemaAttribute, objects, n int, as tfprotov6.SchemaAttribute, nesting tfprotov6.SchemaObjectNestingMode) []*tfprotov6.SchemaAttribute {
	for range objects {
		a := as
		a.NestedType = &tfprotov6.SchemaObject{Attributes: flat(n), Nesting: nesting}
		attributes = append(attributes, &a)
	}
	return attributes
}

// TestRule holds the rule to what schemas of many shapes were measured to cost.
func TestRule(t *testing.T) {
	t.Parallel()
	null, used := tfprotov6.SchemaAttribute{Optional: true}, tfprotov6.SchemaAttribute{Required: true}
	const (
		single = tfprotov6.SchemaObjectNestingModeSingle
		list   = tfprotov6.SchemaObjectNestingModeList
		set    = tfprotov6.SchemaObjectNestingModeSet
	)
	typed := map[string]tftypes.Type{}
	for i := range 60 {
		typed[fmt.Sprintf("a%d", i)] = tftypes.String
	}
	for name, c := range map[string]struct {
		schema     []*tfprotov6.SchemaAttribute
		attributes int
		measured   float64
	}{
		"10":                               {flat(10), 10, 1.2},
		"16":                               {flat(16), 16, 1.5},
		"25":                               {flat(25), 25, 1.85},
		"45":                               {flat(45), 45, 2.5},
		"60":                               {flat(60), 60, 2.95},
		"100":                              {flat(100), 100, 4.5},
		"one object of 60, used":           {with(nil, 1, 60, used, single), 60, 2.9},
		"an object of 60 as a type":        {[]*tfprotov6.SchemaAttribute{{Type: tftypes.Object{AttributeTypes: typed}, Optional: true, Computed: true}}, 60, 2.9},
		"a list of one object of 60":       {with(nil, 1, 60, used, list), 60, 3.4},
		"a set of one object of 60":        {with(nil, 1, 60, used, set), 60, 4.7},
		"12 and 6 null objects of 8":       {with(flat(12), 6, 8, null, single), 60, 1.7},
		"12 and 11 null objects of 8":      {with(flat(12), 11, 8, null, single), 100, 2.1},
		"10, one object of 55, 4 of 51":    {with(with(flat(10), 1, 55, used, single), 4, 51, null, single), 269, 4.8},
		"12, 2 objects of 24, one of them": {with(with(flat(12), 1, 24, used, single), 1, 24, null, single), 60, 2.4},
	} {
		attributes, ratio := Of(&tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{Attributes: c.schema}})
		if attributes != c.attributes || ratio < c.measured*0.85 || ratio > c.measured*1.15 {
			t.Errorf("%s: %d attributes cost %.2f by the rule, want %d and %.2f, within 15 %%", name, attributes, ratio, c.attributes, c.measured)
		}
	}
}
