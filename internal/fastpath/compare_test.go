package fastpath_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/onprem-tools/terraform-provider-onprem/internal/fastpath"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/provider"
)

func TestMain(m *testing.M) { os.Exit(kubetest.Main(m)) }

// pair is the framework's server, and the fast path in front of another one of
// the same provider: they share what its clients remember.
type pair struct {
	framework, fast fastpath.Server
	left            *left
	schemas         map[string]*tfprotov6.Schema
}

// left counts what the fast path leaves to the framework.
type left struct {
	fastpath.Server
	n int
}

func (l *left) UpgradeResourceState(ctx context.Context, r *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	l.n++
	return l.Server.UpgradeResourceState(ctx, r)
}

func (l *left) ReadResource(ctx context.Context, r *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	l.n++
	return l.Server.ReadResource(ctx, r)
}

func (l *left) ValidateResourceConfig(ctx context.Context, r *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	l.n++
	return l.Server.ValidateResourceConfig(ctx, r)
}

func (l *left) PlanResourceChange(ctx context.Context, r *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	l.n++
	return l.Server.PlanResourceChange(ctx, r)
}

// serve starts both servers of p.
func serve(t testing.TB, p fastpath.Provider) *pair {
	t.Helper()
	framework, ok := providerserver.NewProtocol6(p)().(fastpath.Server)
	if !ok {
		t.Fatal("the framework's server has not all methods")
	}
	l := &left{Server: framework}
	schemas, err := framework.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || failed(schemas.Diagnostics) {
		t.Fatal(err, words(schemas.Diagnostics))
	}
	return &pair{framework: framework, fast: fastpath.New(l, p), left: l, schemas: schemas.ResourceSchemas}
}

// ours serves this provider with some settings of one of its blocks.
func ours(t testing.TB, block string, settings map[string]string) *pair {
	t.Helper()
	p, ok := provider.New("test")().(fastpath.Provider)
	if !ok {
		t.Fatal("the provider does not fit the fast path")
	}
	served := serve(t, p)
	served.configure(t, block, settings)
	return served
}

func (p *pair) configure(t testing.TB, block string, settings map[string]string) {
	t.Helper()
	schemas, err := p.framework.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	typ, _ := schemas.Provider.ValueType().(tftypes.Object)
	values := map[string]any{}
	if inner, ok := typ.AttributeTypes[block].(tftypes.Object); ok {
		set := map[string]any{}
		for name, v := range settings {
			set[name] = v
		}
		values[block] = object(inner, set)
	}
	resp, err := p.framework.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: encode(t, object(typ, values))})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatal(err, words(resp.Diagnostics))
	}
}

// object makes an object of a type; what is not set is null.
func object(typ tftypes.Type, set map[string]any) tftypes.Value {
	of, _ := typ.(tftypes.Object)
	values := map[string]tftypes.Value{}
	for name, at := range of.AttributeTypes {
		if v, ok := set[name].(tftypes.Value); ok {
			values[name] = v
		} else {
			values[name] = tftypes.NewValue(at, set[name])
		}
	}
	return tftypes.NewValue(of, values)
}

// attributes are what is in an object.
func attributes(t testing.TB, v tftypes.Value) map[string]tftypes.Value {
	t.Helper()
	var in map[string]tftypes.Value
	if err := v.As(&in); err != nil {
		t.Fatal(err)
	}
	out := map[string]tftypes.Value{}
	for name, x := range in { // a copy, to be changed
		out[name] = x
	}
	return out
}

func encode(t testing.TB, v tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	d, err := tfprotov6.NewDynamicValue(v.Type(), v)
	if err != nil {
		t.Fatal(err)
	}
	return &d
}

func decode(t testing.TB, typ tftypes.Type, d *tfprotov6.DynamicValue) tftypes.Value {
	t.Helper()
	v, err := d.Unmarshal(typ)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// ask asks both servers, and tells whether the fast path has answered itself.
func ask[Q, A any](t testing.TB, p *pair, rpc func(fastpath.Server, context.Context, *Q) (*A, error), q *Q) (framework, fast *A, quick bool) {
	t.Helper()
	again := *q
	framework, err := rpc(p.framework, t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	before := p.left.n
	fast, err = rpc(p.fast, t.Context(), &again)
	if err != nil {
		t.Fatal(err)
	}
	return framework, fast, p.left.n == before
}

func (p *pair) validate(t testing.TB, name string, config tftypes.Value, writeOnly bool) (quick bool) {
	t.Helper()
	framework, fast, quick := ask(t, p, fastpath.Server.ValidateResourceConfig, &tfprotov6.ValidateResourceConfigRequest{
		TypeName: name, Config: encode(t, config),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: writeOnly},
	})
	sameWords(t, config, framework.Diagnostics, fast.Diagnostics)
	return quick
}

func (p *pair) upgrade(t testing.TB, name, state string, version int64) (quick bool) {
	t.Helper()
	framework, fast, quick := ask(t, p, fastpath.Server.UpgradeResourceState, &tfprotov6.UpgradeResourceStateRequest{
		TypeName: name, Version: version, RawState: &tfprotov6.RawState{JSON: []byte(state)},
	})
	sameWords(t, state, framework.Diagnostics, fast.Diagnostics)
	sameValue(t, state, p.schemas[name].ValueType(), framework.UpgradedState, fast.UpgradedState)
	return quick
}

// planned is what a plan is asked with.
type planned struct {
	config, prior tftypes.Value
	private       string
}

func (p *pair) plan(t testing.TB, name string, of planned) (quick bool) {
	t.Helper()
	framework, fast, quick := p.planBoth(t, name, of)
	what := fmt.Sprint(of.config, "\nwas ", of.prior)
	if failed(framework.Diagnostics) { // and stopped at the first error of many, in any order
		if quick || !failed(fast.Diagnostics) {
			t.Fatalf("%s: the framework says %s, the fast path nothing", what, words(framework.Diagnostics))
		}
		return quick
	}
	sameWords(t, what, framework.Diagnostics, fast.Diagnostics)
	sameValue(t, what, p.schemas[name].ValueType(), framework.PlannedState, fast.PlannedState)
	sameIdentity(t, what, framework.PlannedIdentity, fast.PlannedIdentity)
	if fmt.Sprint(framework.RequiresReplace) != fmt.Sprint(fast.RequiresReplace) || !bytes.Equal(framework.PlannedPrivate, fast.PlannedPrivate) {
		t.Fatalf("%s: framework %+v, fast path %+v", what, framework, fast)
	}
	return quick
}

func (p *pair) planBoth(t testing.TB, name string, of planned) (framework, fast *tfprotov6.PlanResourceChangeResponse, quick bool) {
	t.Helper()
	return ask(t, p, fastpath.Server.PlanResourceChange, &tfprotov6.PlanResourceChangeRequest{
		TypeName: name, Config: encode(t, of.config), PriorState: encode(t, of.prior), PriorPrivate: []byte(of.private),
		ProposedNewState: encode(t, propose(t, p.schemas[name].Block.Attributes, of.prior, of.config)),
	})
}

// stored is what a state has of an object.
type stored struct {
	state    tftypes.Value
	identity *tfprotov6.ResourceIdentityData
	private  string
}

func (p *pair) read(t testing.TB, name string, of stored) (quick bool) {
	t.Helper()
	framework, fast, quick := ask(t, p, fastpath.Server.ReadResource, &tfprotov6.ReadResourceRequest{
		TypeName: name, CurrentState: encode(t, of.state), CurrentIdentity: of.identity, Private: []byte(of.private),
	})
	what := fmt.Sprint(name, " ", of.state)
	if failed(framework.Diagnostics) { // and stopped at the first error of many, in any order
		if quick || !failed(fast.Diagnostics) {
			t.Fatalf("%s: the framework says %s, the fast path nothing", what, words(framework.Diagnostics))
		}
		return quick
	}
	sameRead(t, p, name, what, framework, fast)
	return quick
}

func sameRead(t testing.TB, p *pair, name, what string, framework, fast *tfprotov6.ReadResourceResponse) {
	t.Helper()
	sameWords(t, what, framework.Diagnostics, fast.Diagnostics)
	sameValue(t, what, p.schemas[name].ValueType(), framework.NewState, fast.NewState)
	sameIdentity(t, what, framework.NewIdentity, fast.NewIdentity)
	if !bytes.Equal(framework.Private, fast.Private) {
		t.Fatalf("%s: private state of the framework %q, of the fast path %q", what, framework.Private, fast.Private)
	}
}

// sameValue compares two answers by meaning: the framework encodes maps and sets in
// any order.
func sameValue(t testing.TB, what string, typ tftypes.Type, framework, fast *tfprotov6.DynamicValue) {
	t.Helper()
	if (framework == nil) != (fast == nil) {
		t.Fatalf("%s: framework %v, fast path %v", what, framework, fast)
	}
	if framework == nil || bytes.Equal(framework.MsgPack, fast.MsgPack) {
		return
	}
	a, b := sorted(t, decode(t, typ, framework)), sorted(t, decode(t, typ, fast))
	if !a.Equal(b) {
		diffs, _ := a.Diff(b)
		t.Fatalf("%s: framework and fast path differ: %v", what, diffs)
	}
}

// sorted brings the elements of sets into one order.
func sorted(t testing.TB, v tftypes.Value) tftypes.Value {
	t.Helper()
	out, err := tftypes.Transform(v, func(_ *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if !v.Type().Is(tftypes.Set{}) || v.IsNull() || !v.IsKnown() {
			return v, nil
		}
		var elements []tftypes.Value
		err := v.As(&elements)
		slices.SortFunc(elements, func(a, b tftypes.Value) int { return strings.Compare(a.String(), b.String()) })
		return tftypes.NewValue(v.Type(), elements), err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sameIdentity(t testing.TB, what string, framework, fast *tfprotov6.ResourceIdentityData) {
	t.Helper()
	of := func(d *tfprotov6.ResourceIdentityData) string {
		switch {
		case d == nil:
			return "none"
		case d.IdentityData == nil:
			return "empty"
		}
		return fmt.Sprintf("%q", d.IdentityData.MsgPack)
	}
	if of(framework) != of(fast) {
		t.Fatalf("%s: identity of the framework %s, of the fast path %s", what, of(framework), of(fast))
	}
}

func sameWords(t testing.TB, what any, framework, fast []*tfprotov6.Diagnostic) {
	t.Helper()
	if a, b := words(framework), words(fast); a != b {
		t.Fatalf("%v: framework says\n%s\nfast path says\n%s", what, a, b)
	}
}

// took is how long a client has tried, which is another time every time.
var took = regexp.MustCompile(`tries in [0-9.]+`)

func words(all []*tfprotov6.Diagnostic) string {
	var out []string
	for _, d := range all {
		out = append(out, fmt.Sprint(d.Severity, d.Summary, took.ReplaceAllString(d.Detail, ""), d.Attribute))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func failed(all []*tfprotov6.Diagnostic) bool {
	return slices.ContainsFunc(all, func(d *tfprotov6.Diagnostic) bool { return d.Severity == tfprotov6.DiagnosticSeverityError })
}

// propose merges a configuration into a state as Terraform does.
func propose(t testing.TB, all []*tfprotov6.SchemaAttribute, prior, config tftypes.Value) tftypes.Value {
	t.Helper()
	was, out := attributes(t, prior), attributes(t, config)
	for _, a := range all {
		have, before := out[a.Name], was[a.Name]
		single := a.NestedType != nil && a.NestedType.Nesting == tfprotov6.SchemaObjectNestingModeSingle
		switch {
		case have.IsNull() && a.Computed:
			out[a.Name] = before
		case single && !have.IsNull() && have.IsKnown() && !before.IsNull():
			out[a.Name] = propose(t, a.NestedType.Attributes, before, have)
		}
	}
	return tftypes.NewValue(prior.Type(), out)
}
