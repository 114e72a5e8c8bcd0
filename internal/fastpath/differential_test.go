package fastpath_test

import (
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// tally counts what a test has compared.
type tally struct{ compared, quick int }

func (n *tally) note(quick bool) {
	n.compared++
	if quick {
		n.quick++
	}
}

// check: a test that never compares a quick answer proves nothing.
func (n *tally) check(t *testing.T, name string) {
	t.Helper()
	t.Logf("%d compared, %d of them answered by the fast path", n.compared, n.quick)
	if _, excepted := exceptions[name]; !excepted && n.quick == 0 {
		t.Error("none answered by the fast path")
	}
}

// each compares random objects of every resource type.
func each(t *testing.T, compare func(t *testing.T, p *pair, m *maker, name string, n *tally)) {
	t.Helper()
	p, m := ours(t, "", nil), newMaker(t)
	for _, name := range slices.Sorted(maps.Keys(p.schemas)) {
		t.Run(name, func(t *testing.T) {
			n := &tally{}
			for range *rounds {
				compare(t, p, m, name, n)
			}
			n.check(t, name)
		})
	}
}

// TestValidate: where the fast path says nothing, the framework says nothing.
func TestValidate(t *testing.T) {
	each(t, func(t *testing.T, p *pair, m *maker, name string, n *tally) {
		t.Helper()
		n.note(p.validate(t, name, m.config(t, name, p.schemas[name], true), m.IntN(10) > 0))
	})
}

// TestUpgrade: stored states become the same values.
func TestUpgrade(t *testing.T) {
	each(t, func(t *testing.T, p *pair, m *maker, name string, n *tally) {
		t.Helper()
		state, _ := plain(t, m.config(t, name, p.schemas[name], false)).(map[string]any)
		switch m.IntN(10) {
		case 0: // attributes of an older version
			state["zz_dropped"], state["a_dropped"] = map[string]any{"x": []any{1.5, "a", nil, true}}, "x"
		case 1: // one that came since
			delete(state, slices.Sorted(maps.Keys(state))[m.IntN(len(state))])
		}
		text, err := json.Marshal(state)
		if err != nil {
			t.Fatal(err)
		}
		n.note(p.upgrade(t, name, string(text), p.schemas[name].Version))
	})
}

// TestPlan: a plan of an object that has a state, with the configuration that
// made it, or another one.
func TestPlan(t *testing.T) {
	each(t, func(t *testing.T, p *pair, m *maker, name string, n *tally) {
		t.Helper()
		s := p.schemas[name]
		config := m.config(t, name, s, false)
		prior, ok := made(t, p, m, name, config)
		if !ok {
			return
		}
		of := planned{config: config, prior: prior}
		switch m.IntN(4) {
		case 0:
			of.config = m.mutate(t, config, s.Block.Attributes, 1, true)
		case 1:
			of.prior = m.mutate(t, prior, s.Block.Attributes, 1, false)
		case 2:
			of.private = `{"key":"InZhbHVlIg=="}`
		}
		n.note(p.plan(t, name, of))
	})
}

// made is the state after a create: as planned, what is unknown made up.
func made(t *testing.T, p *pair, m *maker, name string, config tftypes.Value) (tftypes.Value, bool) {
	t.Helper()
	null := tftypes.NewValue(config.Type(), nil)
	resp, err := p.framework.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: name, Config: encode(t, config), PriorState: encode(t, null), ProposedNewState: encode(t, config),
	})
	if err != nil {
		t.Fatal(err)
	}
	if failed(resp.Diagnostics) {
		return null, false
	}
	salt := m.Uint64()
	state, err := tftypes.Transform(decode(t, config.Type(), resp.PlannedState), func(p *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if !v.IsKnown() {
			return m.at(salt, p.String()).value(v.Type(), ""), nil
		}
		return v, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return state, true
}

// plain is a value as the JSON of a state has it.
func plain(t testing.TB, v tftypes.Value) any {
	t.Helper()
	if v.IsNull() {
		return nil
	}
	var err error
	var out any
	switch typ := v.Type(); {
	case typ.Is(tftypes.Object{}) || typ.Is(tftypes.Map{}):
		fields := map[string]any{}
		for key, x := range attributes(t, v) {
			fields[key] = plain(t, x)
		}
		out = fields
	case typ.Is(tftypes.List{}) || typ.Is(tftypes.Set{}):
		var in []tftypes.Value
		err = v.As(&in)
		all := []any{}
		for _, x := range in {
			all = append(all, plain(t, x))
		}
		out = all
	case typ.Is(tftypes.Number):
		var f big.Float
		err = v.As(&f)
		out = json.Number(f.Text('f', -1))
	case typ.Is(tftypes.Bool):
		var b bool
		err = v.As(&b)
		out = b
	default:
		var s string
		err = v.As(&s)
		out = s
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}
