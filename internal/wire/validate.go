package wire

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// Accepts reports whether the schema has nothing to say about a configuration
// (fwserver/attribute_validation.go). writeOnly: the client knows write-only
// attributes. decode is for validators that look around.
func (s *Schema) Accepts(ctx context.Context, config []byte, writeOnly bool, decode func() (tfsdk.Config, error)) bool {
	if s.deprecated {
		return false
	}
	v := &validation{writeOnly: writeOnly, decode: decode}
	x := &scanner{data: config}
	return v.object(ctx, s.root, x, path.Empty()) && x.at == len(config)
}

// validation is one of a configuration.
type validation struct {
	writeOnly bool
	decode    func() (tfsdk.Config, error)
	decoded   bool
	config    tfsdk.Config
}

func (v *validation) object(ctx context.Context, s *shape, x *scanner, p path.Path) bool {
	n, err := x.mapLength()
	if err != nil || n != len(s.attributes) {
		return false
	}
	for i := range s.attributes {
		if !x.key(s.attributes[i].key) || !v.attribute(ctx, &s.attributes[i], x, p) {
			return false
		}
	}
	return true
}

func (v *validation) attribute(ctx context.Context, a *attribute, x *scanner, parent path.Path) bool {
	if x.isNil() {
		return !a.schema.IsRequired() && v.obeyed(ctx, a, x, parent) && x.skip() == nil
	}
	unknown := x.isUnknown()
	readOnly := a.schema.IsComputed() && !a.schema.IsOptional()
	if readOnly || a.writeOnly && !v.writeOnly || !unknown && a.schema.GetDeprecationMessage() != "" {
		return false
	}
	if look := *x; !unknown && a.isNull(look) {
		return false // a dynamic value with nothing in it
	}
	_, nested := a.schema.(schema.NestedAttribute)
	if look := *x; !nested && !unknown && !a.shape.sound(ctx, &look) {
		return false
	}
	if !v.obeyed(ctx, a, x, parent) {
		return false
	}
	if !nested || unknown {
		return x.skip() == nil
	}
	return v.nested(ctx, a, x, parent.AtName(a.name))
}

// isNull reports whether a dynamic value has a type only, which counts as null.
func (a *attribute) isNull(x scanner) bool {
	if _, dynamic := a.shape.typ.(basetypes.DynamicTypable); !dynamic {
		return false
	}
	n, err := x.arrayLength()
	return err != nil || n != 2 || x.skip() != nil || x.isNil()
}

// obeyed asks the validators of an attribute. It leaves x where it is.
func (v *validation) obeyed(ctx context.Context, a *attribute, x *scanner, parent path.Path) bool {
	if a.rules.obeyed == nil || x.isNil() && a.rules.silentOnNull {
		return true
	}
	look := *x
	value, err := a.shape.value(ctx, &look)
	if err != nil {
		return false
	}
	if !a.rules.valueOnly && !v.decoded {
		if v.config, err = v.decode(); err != nil {
			return false
		}
		v.decoded = true
	}
	return a.rules.obeyed(ctx, question{value: value, path: parent.AtName(a.name), config: v.config, writeOnly: v.writeOnly})
}

// nested checks the attributes of an object, or of the objects in a collection.
func (v *validation) nested(ctx context.Context, a *attribute, x *scanner, p path.Path) bool {
	if a.shape.kind == kindObject {
		return v.object(ctx, a.shape, x, p)
	}
	n, err := a.shape.length(x)
	if err != nil || a.elementRules {
		return false
	}
	for i := range n {
		at, err := a.shape.at(ctx, x, p, i)
		if err != nil || !v.object(ctx, a.shape.elem, x, at) { // null and unknown ones too are the framework's
			return false
		}
	}
	return true
}

// at is the path of an element. The key of a map's is read from x.
func (s *shape) at(ctx context.Context, x *scanner, p path.Path, i int) (path.Path, error) {
	switch s.kind {
	case kindMap:
		key, err := x.text()
		return p.AtMapKey(key), err
	case kindSet:
		look := *x
		value, err := s.elem.value(ctx, &look)
		return p.AtSetValue(value), err
	default:
		return p.AtListIndex(i), nil
	}
}
