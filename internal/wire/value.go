package wire

import (
	"bytes"
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// value reads a value of the framework: the most common ones directly, the rest
// the framework's way.
func (s *shape) value(ctx context.Context, x *scanner) (attr.Value, error) {
	v, err := s.decode(x)
	if err != nil {
		return nil, err
	}
	return s.typ.ValueFromTerraform(ctx, v)
}

func (s *shape) decode(x *scanner) (tftypes.Value, error) {
	switch {
	case x.isNil():
		x.at++
		return tftypes.NewValue(s.wire, nil), nil
	case x.isUnknown():
		return tftypes.NewValue(s.wire, tftypes.UnknownValue), x.skip()
	case s.kind == kindText:
		v, err := x.text()
		return tftypes.NewValue(tftypes.String, v), err
	case s.kind == kindBool:
		v, err := x.bool()
		return tftypes.NewValue(tftypes.Bool, v), err
	case s.kind == kindInt64 && !x.isText(): // a large number is a text
		v, err := x.int64()
		return tftypes.NewValue(tftypes.Number, v), err
	}
	raw, err := x.raw()
	if err != nil {
		return tftypes.Value{}, err
	}
	return tfprotov6.DynamicValue{MsgPack: raw}.Unmarshal(s.wire)
}

// sound reports whether the framework accepts a value and all that is in it.
// It looks whenever it reads a value: fwschemadata/data_value.go and
// reflect/into.go.
func (s *shape) sound(ctx context.Context, x *scanner) bool {
	if x.isUnknown() {
		return false
	}
	if x.isNil() || s.plain {
		return x.skip() == nil
	}
	if _, usual := s.typ.(basetypes.Int64Type); usual && !x.isText() {
		_, err := x.int64()
		return err == nil
	}
	if look := *x; (s.checked || s.kind == kindInt64 || s.kind == kindOther) && !s.accepted(ctx, &look) {
		return false
	}
	switch s.kind {
	case kindObject:
		n, err := x.mapLength()
		if err != nil || n != len(s.attributes) {
			return false
		}
		for i := range s.attributes {
			if !x.key(s.attributes[i].key) || !s.attributes[i].shape.sound(ctx, x) {
				return false
			}
		}
		return true
	case kindList, kindSet, kindMap:
		n, err := s.length(x)
		for range n {
			if s.kind == kindMap && x.skip() != nil || !s.elem.sound(ctx, x) {
				return false
			}
		}
		return err == nil
	default:
		return x.skip() == nil
	}
}

// length reads how many elements a collection has.
func (s *shape) length(x *scanner) (int, error) {
	if s.kind == kindMap {
		return x.mapLength()
	}
	return x.arrayLength()
}

// accepted reports whether the type of a value has nothing to say about it.
func (s *shape) accepted(ctx context.Context, x *scanner) bool {
	if _, dynamic := s.typ.(basetypes.DynamicTypable); dynamic && !settled(*x) {
		return false
	}
	wired, err := s.decode(x)
	if err != nil {
		return false
	}
	v, err := s.typ.ValueFromTerraform(ctx, wired)
	if err != nil {
		return false
	}
	if !s.checked {
		return true
	}
	if t, ok := s.typ.(xattr.TypeWithValidate); ok { //nolint:staticcheck // outdated, but the framework asks it
		if len(t.Validate(ctx, wired, path.Empty())) > 0 {
			return false
		}
	}
	return valid(ctx, v)
}

func valid(ctx context.Context, v attr.Value) bool {
	var resp xattr.ValidateAttributeResponse
	if itself, ok := v.(xattr.ValidateableAttribute); ok {
		itself.ValidateAttribute(ctx, xattr.ValidateAttributeRequest{}, &resp)
	}
	return len(resp.Diagnostics) == 0
}

// settled reports whether the type of a dynamic value, which stands before it,
// leaves nothing open.
func settled(x scanner) bool {
	n, err := x.arrayLength()
	if err != nil || n != 2 {
		return false
	}
	typ, err := x.raw()
	return err == nil && !bytes.Contains(typ, []byte(`"dynamic"`)) && !x.isUnknown()
}
