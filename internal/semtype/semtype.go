// Package semtype has string attributes that compare by meaning: two spellings
// of the same address, prefix, range, duration, URL or AS number are no
// difference. A value that does not parse is refused at plan.
package semtype

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Kind is what a string means: its name in messages, and its one canonical
// spelling. Kinds are empty structs, so that the meaning is part of the type.
type Kind interface {
	comparable
	// Name completes "is not …": "an IP address".
	Name() string
	// Canonical returns the spelling by which values compare, or why s is none.
	Canonical(s string) (string, error)
}

// Type is the attribute type of a Kind, for CustomType and ElementType.
type Type[K Kind] struct{ basetypes.StringType }

// Value is a string that compares by the meaning K.
type Value[K Kind] struct{ basetypes.StringValue }

var (
	_ basetypes.StringTypable                    = Type[address]{}
	_ basetypes.StringValuableWithSemanticEquals = Value[address]{}
	_ xattr.ValidateableAttribute                = Value[address]{}
)

// newValue returns s as a value; "", a system's word for absent, as null.
func newValue[K Kind](s string) Value[K] {
	if s == "" {
		return Value[K]{basetypes.NewStringNull()}
	}
	return Value[K]{basetypes.NewStringValue(s)}
}

// Equal reports whether o is the same type.
func (t Type[K]) Equal(o attr.Type) bool {
	_, ok := o.(Type[K])
	return ok
}

// String names the type.
func (t Type[K]) String() string {
	var k K
	return fmt.Sprintf("semtype.Type(%s)", k.Name())
}

// ValueType returns a zero Value.
func (t Type[K]) ValueType(context.Context) attr.Value { return Value[K]{} }

// ValueFromString wraps v.
func (t Type[K]) ValueFromString(_ context.Context, v basetypes.StringValue) (basetypes.StringValuable, diag.Diagnostics) {
	return Value[K]{v}, nil
}

// ValueFromTerraform decodes v.
func (t Type[K]) ValueFromTerraform(ctx context.Context, v tftypes.Value) (attr.Value, error) {
	decoded, err := t.StringType.ValueFromTerraform(ctx, v)
	if err != nil {
		return nil, err
	}
	s, ok := decoded.(basetypes.StringValue)
	if !ok {
		return nil, fmt.Errorf("unexpected value type %T", decoded)
	}
	return Value[K]{s}, nil
}

// Type returns the Type of v.
func (v Value[K]) Type(context.Context) attr.Type { return Type[K]{} }

// Equal reports whether o has the same type, state and spelling.
func (v Value[K]) Equal(o attr.Value) bool {
	other, ok := o.(Value[K])
	return ok && v.StringValue.Equal(other.StringValue)
}

// StringSemanticEquals reports whether both spellings mean the same.
func (v Value[K]) StringSemanticEquals(_ context.Context, o basetypes.StringValuable) (bool, diag.Diagnostics) {
	other, ok := o.(Value[K])
	if !ok {
		return false, nil
	}
	mine, err := v.Canonical()
	if err != nil {
		return false, nil
	}
	theirs, err := other.Canonical()
	return err == nil && mine == theirs, nil
}

// Canonical returns the spelling by which v compares. v is neither null nor
// unknown.
func (v Value[K]) Canonical() (string, error) {
	var k K
	return k.Canonical(v.ValueString())
}

// ValidateAttribute refuses what does not parse.
func (v Value[K]) ValidateAttribute(_ context.Context, req xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse) {
	if v.IsNull() || v.IsUnknown() {
		return
	}
	if _, err := v.Canonical(); err != nil {
		var k K
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid value",
			fmt.Sprintf("%q is not %s: %s.", v.ValueString(), k.Name(), err))
	}
}
