package fastpath_test

import (
	"flag"
	"hash/fnv"
	"maps"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
)

var (
	rounds = flag.Int("rounds", 300, "random objects of each resource type")
	seed   = flag.Uint64("seed", 1, "of the random objects")
)

// maker makes random objects: those of the examples, changed here and there.
type maker struct {
	*rand.Rand
	texts    []string
	byName   map[string][]string // texts that an attribute has in the examples
	examples map[string][]map[string]cty.Value
}

func newMaker(t testing.TB) *maker {
	t.Helper()
	m := &maker{Rand: rand.New(rand.NewPCG(*seed, 1)), byName: map[string][]string{}, examples: map[string][]map[string]cty.Value{}}
	files, err := filepath.Glob("../../examples/resources/*/*.tf")
	if err != nil || len(files) == 0 {
		t.Fatal(err, "no examples")
	}
	for _, f := range files {
		m.learn(t, f)
	}
	m.texts = append(m.texts, "", "ünïcode", "<&>", "a\"b\\c\n", "10.0.0.1", "10.0.0.0/8", "1m30s", "90s",
		"2030-01-01T00:00:00Z", "true", "http", "https", "64512", "1.10")
	return m
}

// at is a maker for one place of a value, for walks in no order.
func (m *maker) at(salt uint64, place string) *maker {
	h := fnv.New64()
	_, _ = h.Write([]byte(place)) // never fails
	there := *m
	there.Rand = rand.New(rand.NewPCG(salt, h.Sum64()))
	return &there
}

func (m *maker) learn(t testing.TB, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`([a-z_]+)\s*=\s*"([^"$]*)"`).FindAllStringSubmatch(string(text), -1) {
		m.byName[found[1]] = append(m.byName[found[1]], found[2])
		m.texts = append(m.texts, found[2])
	}
	parsed, diags := hclsyntax.ParseConfig(text, file, hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	body, _ := parsed.Body.(*hclsyntax.Body)
	for _, b := range body.Blocks {
		if b.Type != "resource" {
			continue
		}
		example := map[string]cty.Value{}
		for name, a := range b.Body.Attributes {
			example[name] = literal(a.Expr)
		}
		m.examples[b.Labels[0]] = append(m.examples[b.Labels[0]], example)
	}
}

// literal is what an expression says; references to others are unknown.
func literal(e hclsyntax.Expression) cty.Value {
	switch e := e.(type) {
	case *hclsyntax.ObjectConsExpr:
		fields := map[string]cty.Value{}
		for _, item := range e.Items {
			if key, _ := item.KeyExpr.Value(nil); key.Type() == cty.String {
				fields[key.AsString()] = literal(item.ValueExpr)
			}
		}
		return cty.ObjectVal(fields)
	case *hclsyntax.TupleConsExpr:
		var all []cty.Value
		for _, x := range e.Exprs {
			all = append(all, literal(x))
		}
		return cty.TupleVal(all)
	}
	if v, diags := e.Value(nil); !diags.HasErrors() {
		return v
	}
	return cty.DynamicVal
}

// fit makes a value of a type from what an example says, or makes it up.
func (m *maker) fit(t tftypes.Type, name string, v cty.Value) tftypes.Value {
	switch {
	case v == cty.NilVal || !v.IsKnown():
		return m.value(t, name)
	case v.IsNull():
		return tftypes.NewValue(t, nil)
	}
	switch t := t.(type) {
	case tftypes.Object:
		values := map[string]tftypes.Value{}
		for _, n := range slices.Sorted(maps.Keys(t.AttributeTypes)) {
			at := t.AttributeTypes[n]
			values[n] = tftypes.NewValue(at, nil)
			if v.Type().IsObjectType() && v.Type().HasAttribute(n) {
				values[n] = m.fit(at, n, v.GetAttr(n))
			}
		}
		return tftypes.NewValue(t, values)
	case tftypes.List, tftypes.Set:
		var all []tftypes.Value
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			all = append(all, m.fit(elementOf(t), name, e))
		}
		return tftypes.NewValue(t, all)
	case tftypes.Map:
		all := map[string]tftypes.Value{}
		for it := v.ElementIterator(); it.Next(); { // in order
			key, e := it.Element()
			all[key.AsString()] = m.fit(t.ElementType, name, e)
		}
		return tftypes.NewValue(t, all)
	}
	switch {
	case t.Is(tftypes.String) && v.Type() == cty.String:
		return tftypes.NewValue(t, v.AsString())
	case t.Is(tftypes.String) && v.Type() == cty.Number:
		return tftypes.NewValue(t, v.AsBigFloat().String())
	case t.Is(tftypes.Number) && v.Type() == cty.Number:
		return tftypes.NewValue(t, v.AsBigFloat())
	case t.Is(tftypes.Bool) && v.Type() == cty.Bool:
		return tftypes.NewValue(t, v.True())
	}
	return m.value(t, name)
}

func elementOf(t tftypes.Type) tftypes.Type {
	switch t := t.(type) {
	case tftypes.List:
		return t.ElementType
	case tftypes.Set:
		return t.ElementType
	}
	return nil
}

// value makes a value up.
func (m *maker) value(t tftypes.Type, name string) tftypes.Value {
	switch t := t.(type) {
	case tftypes.Object:
		values := map[string]tftypes.Value{}
		for _, n := range slices.Sorted(maps.Keys(t.AttributeTypes)) {
			at := t.AttributeTypes[n]
			if values[n] = tftypes.NewValue(at, nil); m.IntN(3) == 0 {
				values[n] = m.value(at, n)
			}
		}
		return tftypes.NewValue(t, values)
	case tftypes.List, tftypes.Set:
		all := []tftypes.Value{}
		for range m.IntN(3) {
			e := m.value(elementOf(t), name)
			if !slices.ContainsFunc(all, e.Equal) {
				all = append(all, e)
			}
		}
		return tftypes.NewValue(t, all)
	case tftypes.Map:
		all := map[string]tftypes.Value{}
		for range m.IntN(3) {
			all[m.text("key")] = m.value(t.ElementType, name)
		}
		return tftypes.NewValue(t, all)
	}
	switch {
	case t.Is(tftypes.Number) && m.IntN(40) == 0:
		return tftypes.NewValue(t, big.NewFloat(1.5))
	case t.Is(tftypes.Number):
		numbers := []int64{0, 1, -1, 22, 65535, 64512, 4294967295, 1 << 40}
		return tftypes.NewValue(t, numbers[m.IntN(len(numbers))])
	case t.Is(tftypes.Bool):
		return tftypes.NewValue(t, m.IntN(2) == 0)
	}
	return tftypes.NewValue(t, m.text(name))
}

func (m *maker) text(name string) string {
	if known := m.byName[name]; len(known) > 0 && m.IntN(4) > 0 {
		return known[m.IntN(len(known))]
	}
	return m.texts[m.IntN(len(m.texts))]
}

// config makes a configuration.
func (m *maker) config(t testing.TB, name string, s *tfprotov6.Schema, unknowns bool) tftypes.Value {
	t.Helper()
	typ, _ := s.ValueType().(tftypes.Object)
	set := map[string]any{}
	if of := m.examples[name]; len(of) > 0 {
		example := of[m.IntN(len(of))]
		for _, n := range slices.Sorted(maps.Keys(example)) {
			if at, ok := typ.AttributeTypes[n]; ok { // not for_each and the like
				set[n] = m.fit(at, n, example[n])
			}
		}
	}
	return m.mutate(t, object(typ, set), s.Block.Attributes, m.IntN(4), unknowns)
}

// mutate changes up to n attributes of an object that a user may set.
func (m *maker) mutate(t testing.TB, v tftypes.Value, all []*tfprotov6.SchemaAttribute, n int, unknowns bool) tftypes.Value {
	t.Helper()
	changed := attributes(t, v)
	for range n {
		a := all[m.IntN(len(all))]
		typ, have := a.ValueType(), changed[a.Name]
		if a.Computed && !a.Optional {
			continue
		}
		single := a.NestedType != nil && a.NestedType.Nesting == tfprotov6.SchemaObjectNestingModeSingle
		switch {
		case unknowns && m.IntN(6) == 0:
			changed[a.Name] = tftypes.NewValue(typ, tftypes.UnknownValue)
		case m.IntN(3) == 0 && !a.Required:
			changed[a.Name] = tftypes.NewValue(typ, nil)
		case single && !have.IsNull() && have.IsKnown():
			changed[a.Name] = m.mutate(t, have, a.NestedType.Attributes, 1+m.IntN(2), unknowns)
		default:
			changed[a.Name] = m.value(typ, a.Name)
		}
	}
	return tftypes.NewValue(v.Type(), changed)
}
