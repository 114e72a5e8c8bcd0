package wire

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// keeper is a plan modifier of this provider that leaves an unchanged object as
// it is, as far as the resource's Complete does not say the same.
type keeper interface{ KeepsUnchanged() }

// framework is where the packages are that have the framework's own plan
// modifiers and defaults.
const framework = "github.com/hashicorp/terraform-plugin-framework/resource/schema/"

// keepers are the framework's plan modifiers that leave a value alone when it
// equals the state: resource/schema/*planmodifier.
var keepers = map[string]bool{
	"requiresReplaceIfModifier": true, "useStateForUnknownModifier": true, "useNonNullStateForUnknown": true,
}

// changingModifiers names the plan modifiers of an attribute, and of the objects
// in it, that may change a value which equals the state.
func changingModifiers(a schema.Attribute) []string {
	var found []string
	if n, ok := a.(schema.NestedAttribute); ok {
		if o, ok := n.GetNestedObject().(interface{ ObjectPlanModifiers() []planmodifier.Object }); ok {
			found = changing(o.ObjectPlanModifiers())
		}
	}
	switch a := a.(type) {
	case interface{ StringPlanModifiers() []planmodifier.String }:
		return append(found, changing(a.StringPlanModifiers())...)
	case interface{ BoolPlanModifiers() []planmodifier.Bool }:
		return append(found, changing(a.BoolPlanModifiers())...)
	case interface{ Int32PlanModifiers() []planmodifier.Int32 }:
		return append(found, changing(a.Int32PlanModifiers())...)
	case interface{ Int64PlanModifiers() []planmodifier.Int64 }:
		return append(found, changing(a.Int64PlanModifiers())...)
	case interface{ Float32PlanModifiers() []planmodifier.Float32 }:
		return append(found, changing(a.Float32PlanModifiers())...)
	case interface{ Float64PlanModifiers() []planmodifier.Float64 }:
		return append(found, changing(a.Float64PlanModifiers())...)
	case interface{ NumberPlanModifiers() []planmodifier.Number }:
		return append(found, changing(a.NumberPlanModifiers())...)
	case interface{ DynamicPlanModifiers() []planmodifier.Dynamic }:
		return append(found, changing(a.DynamicPlanModifiers())...)
	case interface{ ListPlanModifiers() []planmodifier.List }:
		return append(found, changing(a.ListPlanModifiers())...)
	case interface{ SetPlanModifiers() []planmodifier.Set }:
		return append(found, changing(a.SetPlanModifiers())...)
	case interface{ MapPlanModifiers() []planmodifier.Map }:
		return append(found, changing(a.MapPlanModifiers())...)
	case interface{ ObjectPlanModifiers() []planmodifier.Object }:
		return append(found, changing(a.ObjectPlanModifiers())...)
	}
	return append(found, fmt.Sprintf("plan modifiers of %T", a))
}

func changing[M any](modifiers []M) []string {
	var found []string
	for _, m := range modifiers {
		t := reflect.TypeOf(m)
		_, keeps := any(m).(keeper)
		if !keeps && !(strings.HasPrefix(t.PkgPath(), framework) && keepers[t.Name()]) {
			found = append(found, "plan modifier "+t.String())
		}
	}
	return found
}

// fallback is the default of an attribute, encoded; nil without one.
func fallback(ctx context.Context, a schema.Attribute) ([]byte, error) {
	switch a := a.(type) {
	case interface{ StringDefaultValue() defaults.String }:
		return constant(ctx, a.StringDefaultValue(), defaults.String.DefaultString)
	case interface{ BoolDefaultValue() defaults.Bool }:
		return constant(ctx, a.BoolDefaultValue(), defaults.Bool.DefaultBool)
	case interface{ Int32DefaultValue() defaults.Int32 }:
		return constant(ctx, a.Int32DefaultValue(), defaults.Int32.DefaultInt32)
	case interface{ Int64DefaultValue() defaults.Int64 }:
		return constant(ctx, a.Int64DefaultValue(), defaults.Int64.DefaultInt64)
	case interface{ Float32DefaultValue() defaults.Float32 }:
		return constant(ctx, a.Float32DefaultValue(), defaults.Float32.DefaultFloat32)
	case interface{ Float64DefaultValue() defaults.Float64 }:
		return constant(ctx, a.Float64DefaultValue(), defaults.Float64.DefaultFloat64)
	case interface{ NumberDefaultValue() defaults.Number }:
		return constant(ctx, a.NumberDefaultValue(), defaults.Number.DefaultNumber)
	case interface{ DynamicDefaultValue() defaults.Dynamic }:
		return constant(ctx, a.DynamicDefaultValue(), defaults.Dynamic.DefaultDynamic)
	case interface{ ListDefaultValue() defaults.List }:
		return constant(ctx, a.ListDefaultValue(), defaults.List.DefaultList)
	case interface{ SetDefaultValue() defaults.Set }:
		return constant(ctx, a.SetDefaultValue(), defaults.Set.DefaultSet)
	case interface{ MapDefaultValue() defaults.Map }:
		return constant(ctx, a.MapDefaultValue(), defaults.Map.DefaultMap)
	case interface{ ObjectDefaultValue() defaults.Object }:
		return constant(ctx, a.ObjectDefaultValue(), defaults.Object.DefaultObject)
	}
	return nil, fmt.Errorf("defaults of %T: %w", a, errUnforeseen)
}

type (
	defaultRequest                interface{ ~struct{ Path path.Path } }
	defaultResponse[V attr.Value] interface {
		~struct {
			Diagnostics diag.Diagnostics
			PlanValue   V
		}
	}
)

// constant encodes a default of the framework's, which is always the same. One
// of another make may be another one every time.
func constant[D any, Q defaultRequest, A defaultResponse[V], V attr.Value](ctx context.Context, d D, ask func(D, context.Context, Q, *A)) ([]byte, error) {
	if any(d) == nil {
		return nil, nil
	}
	if !strings.HasPrefix(reflect.TypeOf(d).PkgPath(), framework) {
		return nil, fmt.Errorf("default %T: %w", d, errUnforeseen)
	}
	var q Q
	var answer A
	ask(d, ctx, q, &answer)
	got := struct {
		Diagnostics diag.Diagnostics
		PlanValue   V
	}(answer)
	v, err := got.PlanValue.ToTerraformValue(ctx)
	if err != nil || len(got.Diagnostics) > 0 {
		return nil, fmt.Errorf("default %T: %w", d, errUnforeseen)
	}
	encoded, err := tfprotov6.NewDynamicValue(v.Type(), v)
	return encoded.MsgPack, err
}
