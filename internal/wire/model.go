package wire

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// Model reads objects of a schema into models, structs with tfsdk tags, and
// compares them.
type Model[M any] struct {
	binding
	fields map[string][]int
}

// binding ties a type of values to a type of Go.
type binding struct {
	read func(ctx context.Context, x *scanner, into reflect.Value) error
	// stays reports whether the framework keeps a value before when a resource
	// answers with after.
	stays func(ctx context.Context, before, after reflect.Value) bool
}

// ModelOf compiles M. Its fields are the schema's attributes one to one.
func ModelOf[M any](s *Schema) (*Model[M], error) {
	t := reflect.TypeFor[M]()
	b, err := bind(s.root, t)
	return &Model[M]{binding: b, fields: fieldsOf(t)}, err
}

// Decode reads an object into m.
func (d *Model[M]) Decode(ctx context.Context, data []byte, m *M) error {
	x := &scanner{data: data}
	if err := d.read(ctx, x, reflect.ValueOf(m).Elem()); err != nil {
		return err
	}
	if x.at != len(data) {
		return errUnforeseen
	}
	return nil
}

// Stays reports whether the framework keeps a state as it is when the resource
// has read after where before was: values are equal, or equal in meaning, in
// which case it keeps the old spelling (fwserver/schema_semantic_equality.go).
func (d *Model[M]) Stays(ctx context.Context, before, after *M) bool {
	return d.stays(ctx, reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem())
}

// Identity encodes attributes of m as an object.
func (d *Model[M]) Identity(ctx context.Context, m *M, names []string) ([]byte, error) {
	out := appendMap(nil, len(names))
	for _, name := range slices.Sorted(slices.Values(names)) {
		out = appendText(out, name)
		switch f := reflect.ValueOf(m).Elem().FieldByIndex(d.fields[name]).Interface().(type) {
		case basetypes.Int64Valuable:
			n, _ := f.ToInt64Value(ctx)
			if n.IsNull() || n.IsUnknown() {
				return nil, errUnforeseen
			}
			out = appendInt(out, n.ValueInt64())
		case basetypes.StringValuable:
			s, _ := f.ToStringValue(ctx)
			if s.IsNull() || s.IsUnknown() {
				return nil, errUnforeseen
			}
			out = appendText(out, s.ValueString())
		default:
			return nil, errUnforeseen
		}
	}
	return out, nil
}

func bind(s *shape, t reflect.Type) (binding, error) {
	switch {
	case t.Implements(reflect.TypeFor[attr.Value]()):
		return bindValue(s, t)
	case t.Kind() == reflect.Pointer:
		return bindPointer(s, t)
	case t.Kind() == reflect.Struct && s.kind == kindObject:
		return bindStruct(s, t)
	case t.Kind() == reflect.Slice && (s.kind == kindList || s.kind == kindSet):
		return bindSlice(s, t)
	case t.Kind() == reflect.Map && s.kind == kindMap && t.Key().Kind() == reflect.String:
		return bindMap(s, t)
	case t.Kind() == reflect.String && s.kind == kindText && !s.meaning:
		return bindPlain((*scanner).text, reflect.Value.SetString), nil
	case t.Kind() == reflect.Bool && s.kind == kindBool && !s.meaning:
		return bindPlain((*scanner).bool, reflect.Value.SetBool), nil
	case t.Kind() == reflect.Int64 && s.kind == kindInt64 && !s.meaning:
		return bindPlain((*scanner).int64, reflect.Value.SetInt), nil
	}
	return binding{}, fmt.Errorf("%s as %s: %w", s.typ, t, errUnforeseen)
}

func bindPlain[V any](read func(*scanner) (V, error), set func(reflect.Value, V)) binding {
	return binding{
		read: func(_ context.Context, x *scanner, into reflect.Value) error {
			v, err := read(x)
			set(into, v)
			return err
		},
		stays: func(_ context.Context, before, after reflect.Value) bool { return before.Equal(after) },
	}
}

func bindValue(s *shape, t reflect.Type) (binding, error) {
	if of := reflect.TypeOf(s.typ.ValueType(context.Background())); of != t {
		return binding{}, fmt.Errorf("%s as %s: %w", of, t, errUnforeseen)
	}
	return binding{
		read: func(ctx context.Context, x *scanner, into reflect.Value) error {
			v, err := s.value(ctx, x)
			if err != nil || reflect.TypeOf(v) != t {
				return errUnforeseen
			}
			into.Set(reflect.ValueOf(v))
			return nil
		},
		stays: func(ctx context.Context, before, after reflect.Value) bool {
			b, _ := before.Interface().(attr.Value)
			a, _ := after.Interface().(attr.Value)
			return s.stays(ctx, b, a)
		},
	}, s.comparable()
}

func bindPointer(s *shape, t reflect.Type) (binding, error) {
	to, err := bind(s, t.Elem())
	return binding{
		read: func(ctx context.Context, x *scanner, into reflect.Value) error {
			if x.isNil() {
				into.SetZero()
				return x.skip()
			}
			into.Set(reflect.New(t.Elem()))
			return to.read(ctx, x, into.Elem())
		},
		stays: func(ctx context.Context, before, after reflect.Value) bool {
			if before.IsNil() || after.IsNil() {
				return before.IsNil() && after.IsNil()
			}
			return to.stays(ctx, before.Elem(), after.Elem())
		},
	}, err
}

func bindStruct(s *shape, t reflect.Type) (binding, error) {
	fields := fieldsOf(t)
	if len(fields) != len(s.attributes) {
		return binding{}, fmt.Errorf("%s has %d fields for %d attributes: %w", t, len(fields), len(s.attributes), errUnforeseen)
	}
	to := make([]binding, len(s.attributes))
	at := make([][]int, len(s.attributes))
	for i, a := range s.attributes {
		index, ok := fields[a.name]
		if !ok {
			return binding{}, fmt.Errorf("%s has no field for %s: %w", t, a.name, errUnforeseen)
		}
		b, err := bind(a.shape, t.FieldByIndex(index).Type)
		if err != nil {
			return binding{}, fmt.Errorf("%s: %w", a.name, err)
		}
		to[i], at[i] = b, index
	}
	return binding{
		read: func(ctx context.Context, x *scanner, into reflect.Value) error {
			if n, err := x.mapLength(); err != nil || n != len(to) {
				return errUnforeseen
			}
			for i := range to {
				if !x.key(s.attributes[i].key) {
					return errUnforeseen
				}
				if err := to[i].read(ctx, x, into.FieldByIndex(at[i])); err != nil {
					return err
				}
			}
			return nil
		},
		stays: func(ctx context.Context, before, after reflect.Value) bool {
			for i := range to {
				if !to[i].stays(ctx, before.FieldByIndex(at[i]), after.FieldByIndex(at[i])) {
					return false
				}
			}
			return true
		},
	}, nil
}

// fieldsOf are the fields with tags, those of embedded structs too.
func fieldsOf(t reflect.Type) map[string][]int {
	fields := map[string][]int{}
	if t.Kind() != reflect.Struct {
		return fields
	}
	for _, f := range reflect.VisibleFields(t) {
		if tag := f.Tag.Get("tfsdk"); tag != "" && tag != "-" && f.IsExported() {
			fields[tag] = f.Index
		}
	}
	return fields
}

func bindSlice(s *shape, t reflect.Type) (binding, error) {
	to, err := bind(s.elem, t.Elem())
	if err == nil {
		err = s.comparable()
	}
	return binding{
		read: func(ctx context.Context, x *scanner, into reflect.Value) error {
			if x.isNil() {
				into.SetZero()
				return x.skip()
			}
			n, err := x.arrayLength()
			if err != nil {
				return err
			}
			into.Set(reflect.MakeSlice(t, n, n))
			for i := 0; i < n && err == nil; i++ {
				err = to.read(ctx, x, into.Index(i))
			}
			return err
		},
		stays: func(ctx context.Context, before, after reflect.Value) bool {
			return before.IsNil() == after.IsNil() && s.elementsStay(before.Len(), after.Len(), func(b, a int) bool {
				return to.stays(ctx, before.Index(b), after.Index(a))
			})
		},
	}, err
}

func bindMap(s *shape, t reflect.Type) (binding, error) {
	to, err := bind(s.elem, t.Elem())
	return binding{
		read: func(ctx context.Context, x *scanner, into reflect.Value) error {
			if x.isNil() {
				into.SetZero()
				return x.skip()
			}
			n, err := x.mapLength()
			into.Set(reflect.MakeMapWithSize(t, n))
			for i := 0; i < n && err == nil; i++ {
				var key string
				if key, err = x.text(); err != nil {
					return err
				}
				v := reflect.New(t.Elem()).Elem()
				err = to.read(ctx, x, v)
				into.SetMapIndex(reflect.ValueOf(key).Convert(t.Key()), v)
			}
			return err
		},
		stays: func(ctx context.Context, before, after reflect.Value) bool {
			if before.IsNil() != after.IsNil() || before.Len() != after.Len() {
				return false
			}
			for it := after.MapRange(); it.Next(); {
				if b := before.MapIndex(it.Key()); !b.IsValid() || !to.stays(ctx, b, it.Value()) {
					return false
				}
			}
			return true
		},
	}, err
}
