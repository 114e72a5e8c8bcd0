package wire

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// comparable returns an error for values whose meaning is not foreseen. Texts
// and fractions may have one, wherever they are but in the objects or
// collections of a set: the framework takes an element for the same as soon as a
// part of it is (fwschemadata/value_semantic_equality_set.go).
func (s *shape) comparable() error {
	switch {
	case !s.meaning || s.isScalar():
		return nil
	case hasMeaning(context.Background(), s.typ):
		return fmt.Errorf("%s has a meaning of its own: %w", s.typ, errUnforeseen)
	case s.kind == kindSet && !s.elem.isScalar():
		return fmt.Errorf("%s has elements equal in part: %w", s.typ, errUnforeseen)
	case s.elem != nil:
		return s.elem.comparable()
	}
	for i := range s.attributes {
		if err := s.attributes[i].shape.comparable(); err != nil {
			return err
		}
	}
	return nil
}

// isScalar reports whether sameMeaning compares values of a type.
func (s *shape) isScalar() bool {
	switch s.typ.(type) {
	case basetypes.StringTypable, basetypes.Float64Typable, basetypes.Float32Typable:
		return true
	}
	return false
}

// stays reports whether the framework keeps before when a resource answers with
// after: fwschemadata/value_semantic_equality.go.
func (s *shape) stays(ctx context.Context, before, after attr.Value) bool {
	if !s.meaning || before.IsNull() || before.IsUnknown() || after.IsNull() || after.IsUnknown() {
		return before.Equal(after)
	}
	switch s.kind {
	case kindObject:
		b, a := attributesOf(ctx, before), attributesOf(ctx, after)
		for i := range s.attributes {
			bv, av := b[s.attributes[i].name], a[s.attributes[i].name]
			if bv == nil || av == nil || !s.attributes[i].shape.stays(ctx, bv, av) {
				return false
			}
		}
		return true
	case kindMap:
		b, a := entriesOf(ctx, before), entriesOf(ctx, after)
		for key, av := range a {
			if bv := b[key]; bv == nil || !s.elem.stays(ctx, bv, av) {
				return false
			}
		}
		return a != nil && len(a) == len(b)
	case kindList, kindSet:
		b, a := elementsOf(ctx, before), elementsOf(ctx, after)
		return a != nil && s.elementsStay(len(b), len(a), func(i, j int) bool { return s.elem.stays(ctx, b[i], a[j]) })
	}
	return before.Equal(after) || sameMeaning(ctx, before, after)
}

// sameMeaning: the framework asks the new value, and keeps the old one. It
// refuses a new one that is not valid.
func sameMeaning(ctx context.Context, before, after attr.Value) bool {
	var same bool
	var diags diag.Diagnostics
	switch a := after.(type) {
	case basetypes.StringValuableWithSemanticEquals:
		if b, ok := before.(basetypes.StringValuableWithSemanticEquals); ok {
			same, diags = a.StringSemanticEquals(ctx, b)
		}
	case basetypes.Float64ValuableWithSemanticEquals: // the framework's own too
		if b, ok := before.(basetypes.Float64ValuableWithSemanticEquals); ok {
			same, diags = a.Float64SemanticEquals(ctx, b)
		}
	case basetypes.Float32ValuableWithSemanticEquals:
		if b, ok := before.(basetypes.Float32ValuableWithSemanticEquals); ok {
			same, diags = a.Float32SemanticEquals(ctx, b)
		}
	}
	return same && len(diags) == 0 && valid(ctx, after)
}

// elementsStay compares the elements of a list one by one. Those of a set are
// in any order; each must be the same as one other alone, since which one the
// framework would take of several depends on the order.
func (s *shape) elementsStay(before, after int, stays func(before, after int) bool) bool {
	if before != after {
		return false
	}
	taken := make([]bool, before)
	for a := range after {
		if s.kind == kindList {
			if !stays(a, a) {
				return false
			}
			continue
		}
		match := -1
		for b := range before {
			if !stays(b, a) {
				continue
			}
			if match >= 0 {
				return false
			}
			match = b
		}
		if match < 0 || taken[match] {
			return false
		}
		taken[match] = true
	}
	return true
}

// What is in a value; nil where it is not what its shape says.

func attributesOf(ctx context.Context, v attr.Value) map[string]attr.Value {
	of, _ := v.(basetypes.ObjectValuable)
	if of == nil {
		return nil
	}
	object, diags := of.ToObjectValue(ctx)
	return unless(diags, object.Attributes())
}

func entriesOf(ctx context.Context, v attr.Value) map[string]attr.Value {
	of, _ := v.(basetypes.MapValuable)
	if of == nil {
		return nil
	}
	m, diags := of.ToMapValue(ctx)
	return unless(diags, m.Elements())
}

func elementsOf(ctx context.Context, v attr.Value) []attr.Value {
	switch of := v.(type) {
	case basetypes.ListValuable:
		list, diags := of.ToListValue(ctx)
		return unless(diags, list.Elements())
	case basetypes.SetValuable:
		set, diags := of.ToSetValue(ctx)
		return unless(diags, set.Elements())
	}
	return nil
}

func unless[T any](diags diag.Diagnostics, v T) (out T) {
	if len(diags) == 0 {
		out = v
	}
	return out
}
