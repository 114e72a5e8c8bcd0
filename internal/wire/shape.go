package wire

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type kind uint8

const (
	kindText   kind = iota
	kindBool        //
	kindInt64       //
	kindOther       // read by the framework: other numbers, dynamic values
	kindList        //
	kindSet         //
	kindMap         //
	kindObject      //
)

// shape is a type of values, with what the schema says of its attributes.
type shape struct {
	kind       kind
	typ        attr.Type
	wire       tftypes.Type
	elem       *shape      // of a list, set or map
	attributes []attribute // of an object, by name

	// checked: its values may be refused by their own type.
	checked bool
	// plain: nothing about the value, or in it, can be refused or filled in.
	plain bool
	// meaning: values of it, or in it, may be equal though spelled differently.
	meaning bool
}

// attribute is an attribute of an object.
type attribute struct {
	name  string
	key   []byte // the name, encoded
	shape *shape

	// What follows is of attributes with a schema. Objects that have types only
	// have none.
	schema    schema.Attribute
	writeOnly bool
	fallback  []byte // the default, encoded; nil without one
	rules     rules
	// elementRules: the objects in a collection have validators of their own.
	elementRules bool
}

// Schema is a resource's schema, compiled.
type Schema struct {
	root *shape
	// deprecated: any use of it is warned of.
	deprecated bool
	changing   []string
}

// Changing names what the schema may change in a plan that equals the state;
// such a plan is never Steady.
func (s *Schema) Changing() []string { return s.changing }

// Compile compiles the schema of a resource. Blocks are not foreseen, nor types
// and defaults of unknown make.
func Compile(ctx context.Context, s schema.Schema) (*Schema, error) {
	if len(s.Blocks) > 0 {
		return nil, fmt.Errorf("blocks: %w", errUnforeseen)
	}
	c := compiler{}
	root, err := c.object(ctx, s.Attributes, s.Type(), false)
	if err != nil {
		return nil, err
	}
	slices.Sort(c.changing)
	c.changing = slices.Compact(c.changing)
	return &Schema{root: root, deprecated: s.DeprecationMessage != "", changing: c.changing}, nil
}

// compiler collects what makes a plan change.
type compiler struct{ changing []string }

func (c *compiler) object(ctx context.Context, attributes map[string]schema.Attribute, t attr.Type, inCollection bool) (*shape, error) {
	s := &shape{kind: kindObject, typ: t, wire: t.TerraformType(ctx), plain: true, meaning: hasMeaning(ctx, t)}
	for name, a := range attributes {
		x, err := c.attribute(ctx, name, a, inCollection)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.plain = s.plain && !x.writeOnly && x.fallback == nil
		s.add(x)
	}
	return s.sorted(), nil
}

func (s *shape) add(a attribute) {
	s.attributes = append(s.attributes, a)
	s.plain = s.plain && a.shape.plain
	s.meaning = s.meaning || a.shape.meaning
}

// sorted brings the attributes into the order in which they are encoded.
func (s *shape) sorted() *shape {
	slices.SortFunc(s.attributes, func(a, b attribute) int { return strings.Compare(a.name, b.name) })
	return s
}

func (c *compiler) attribute(ctx context.Context, name string, a schema.Attribute, inCollection bool) (attribute, error) {
	x := attribute{name: name, key: appendText(nil, name), schema: a, writeOnly: a.IsWriteOnly(), rules: rulesOf(a)}
	var err error
	if x.fallback, err = fallback(ctx, a); err != nil {
		return x, err
	}
	for _, m := range changingModifiers(a) {
		c.changing = append(c.changing, name+": "+m)
	}
	if inCollection && (x.writeOnly || x.fallback != nil) {
		c.changing = append(c.changing, name+": write-only or with a default, in a collection")
	}
	if nested, ok := a.(schema.NestedAttribute); ok {
		x.elementRules = hasElementRules(nested)
		x.shape, err = c.nested(ctx, nested, inCollection)
		return x, err
	}
	x.shape, err = typed(ctx, a.GetType())
	return x, err
}

func hasElementRules(a schema.NestedAttribute) bool {
	o, ok := a.GetNestedObject().(interface{ ObjectValidators() []validator.Object })
	_, single := a.(schema.SingleNestedAttribute)
	return ok && !single && len(o.ObjectValidators()) > 0
}

func (c *compiler) nested(ctx context.Context, a schema.NestedAttribute, inCollection bool) (*shape, error) {
	below := map[string]schema.Attribute{}
	for name, b := range a.GetNestedObject().GetAttributes() {
		under, ok := b.(schema.Attribute)
		if !ok {
			return nil, fmt.Errorf("%s: %T: %w", name, b, errUnforeseen)
		}
		below[name] = under
	}
	t := a.GetType()
	if isChecked(ctx, t) {
		return nil, fmt.Errorf("%s validates itself: %w", t, errUnforeseen)
	}
	if _, single := t.(basetypes.ObjectTypable); single {
		return c.object(ctx, below, t, inCollection)
	}
	s := &shape{kind: collection(t), typ: t, wire: t.TerraformType(ctx)}
	with, ok := t.(attr.TypeWithElementType)
	if !ok || s.kind == kindOther || isChecked(ctx, with.ElementType()) {
		return nil, fmt.Errorf("%s: %w", t, errUnforeseen)
	}
	var err error
	if s.elem, err = c.object(ctx, below, with.ElementType(), true); err != nil {
		return nil, err
	}
	s.plain, s.meaning = s.elem.plain, s.elem.meaning || hasMeaning(ctx, t)
	return s, nil
}

func collection(t attr.Type) kind {
	switch t.(type) {
	case basetypes.ListTypable:
		return kindList
	case basetypes.SetTypable:
		return kindSet
	case basetypes.MapTypable:
		return kindMap
	}
	return kindOther
}

// typed is the shape of a type without a schema.
func typed(ctx context.Context, t attr.Type) (*shape, error) {
	s := &shape{typ: t, wire: t.TerraformType(ctx), checked: isChecked(ctx, t), meaning: hasMeaning(ctx, t)}
	switch t := t.(type) {
	case basetypes.StringTypable:
		s.kind, s.plain = kindText, !s.checked
	case basetypes.BoolTypable:
		s.kind, s.plain = kindBool, !s.checked
	case basetypes.Int64Typable:
		s.kind = kindInt64 // the encoding can have larger ones, and fractions
	case basetypes.Float64Typable, basetypes.NumberTypable, basetypes.Int32Typable, basetypes.Float32Typable, basetypes.DynamicTypable:
		s.kind = kindOther
	case basetypes.ListTypable, basetypes.SetTypable, basetypes.MapTypable:
		with, ok := t.(attr.TypeWithElementType)
		if !ok {
			return nil, fmt.Errorf("%s: %w", t, errUnforeseen)
		}
		elem, err := typed(ctx, with.ElementType())
		if err != nil {
			return nil, err
		}
		s.kind, s.elem, s.plain, s.meaning = collection(t), elem, elem.plain && !s.checked, elem.meaning || s.meaning
	case basetypes.ObjectTypable:
		with, ok := t.(attr.TypeWithAttributeTypes)
		if !ok {
			return nil, fmt.Errorf("%s: %w", t, errUnforeseen)
		}
		s.kind, s.plain = kindObject, !s.checked
		for name, at := range with.AttributeTypes() {
			below, err := typed(ctx, at)
			if err != nil {
				return nil, err
			}
			s.add(attribute{name: name, key: appendText(nil, name), shape: below})
		}
		s.sorted()
	default:
		return nil, fmt.Errorf("%s: %w", t, errUnforeseen)
	}
	return s, nil
}

// isChecked reports whether values of a type may be refused by it, in either of
// the framework's two ways. The second one is outdated; of the framework's own
// types those of numbers use it, which are never plain, and those of
// collections, to ask their elements.
func isChecked(ctx context.Context, t attr.Type) bool {
	switch t.(type) {
	case basetypes.ListType, basetypes.SetType, basetypes.MapType:
		return false
	}
	_, itself := t.ValueType(ctx).(xattr.ValidateableAttribute)
	_, byType := t.(xattr.TypeWithValidate) //nolint:staticcheck // outdated, but the framework asks it
	return itself || byType
}

// hasMeaning reports whether values of a type decide themselves what is equal.
func hasMeaning(ctx context.Context, t attr.Type) bool {
	switch t.ValueType(ctx).(type) {
	case basetypes.StringValuableWithSemanticEquals, basetypes.BoolValuableWithSemanticEquals,
		basetypes.Int32ValuableWithSemanticEquals, basetypes.Int64ValuableWithSemanticEquals,
		basetypes.Float32ValuableWithSemanticEquals, basetypes.Float64ValuableWithSemanticEquals,
		basetypes.NumberValuableWithSemanticEquals, basetypes.DynamicValuableWithSemanticEquals,
		basetypes.ListValuableWithSemanticEquals, basetypes.SetValuableWithSemanticEquals,
		basetypes.MapValuableWithSemanticEquals, basetypes.ObjectValuableWithSemanticEquals:
		return true
	}
	return false
}
