package object

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kube"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

// Field pairs an attribute of a model with a field of the object.
type Field struct {
	path  []string
	def   func() any // nil where the server assumes nothing
	value func() attr.Value
	set   func(attr.Value)
	// computed attributes show what the server says, whoever has set it.
	computed bool
	// writeOnly attributes are sent and never read.
	writeOnly bool
	// held attributes are sent as they are planned, written or not.
	held bool
}

// Bind pairs an attribute with a field.
func Bind[V attr.Value](v *V, path ...string) Field {
	return Field{
		path:  path,
		value: func() attr.Value { return *v },
		set: func(a attr.Value) {
			if typed, ok := a.(V); ok {
				*v = typed
			}
		},
	}
}

// Default says which value the server assumes where the field is not set. A
// boolean has the default false without it.
func (f Field) Default(v any) Field {
	return f.DefaultOf(func() any { return v })
}

// Computed marks an attribute whose value comes from the server when the
// configuration has none.
func (f Field) Computed() Field {
	f.computed = true
	return f
}

// DefaultOf is Default for a value that depends on attributes that stand before
// this one.
func (f Field) DefaultOf(of func() any) Field {
	f.def = of
	return f
}

// Held marks an attribute that is sent as planned even where the configuration
// does not have it, so that the server can neither drop nor change it.
func (f Field) Held() Field {
	f.held = true
	return f
}

// WriteOnly marks an attribute that is sent and never read.
func (f Field) WriteOnly() Field {
	f.writeOnly = true
	return f
}

// hold replaces the fields that are held by those of the plan.
func hold(fields, planned []Field) []Field {
	for i, f := range planned {
		if f.held {
			fields[i] = f
		}
	}
	return fields
}

// build returns the object that a model declares, but for its name; nulls are
// left out.
func build(meta *Meta, fields []Field) (*kube.Object, error) {
	o := &kube.Object{Object: map[string]any{}}
	fields = append(slices.Clone(fields), Bind(&meta.Labels, "metadata", "labels"), Bind(&meta.Annotations, "metadata", "annotations"))
	for _, f := range fields {
		v := f.value()
		if v.IsNull() || v.IsUnknown() {
			continue
		}
		j, err := toJSON(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strings.Join(f.path, "."), err)
		}
		if err := unstructured.SetNestedField(o.Object, j, f.path...); err != nil {
			return nil, err
		}
	}
	if _, ok := o.Object["spec"]; !ok {
		o.Object["spec"] = map[string]any{}
	}
	return o, nil
}

// toJSON converts a known value. Attributes of nested objects have the field's
// name in snake case.
func toJSON(v attr.Value) (any, error) {
	switch v := v.(type) {
	case semtype.ASNumber:
		n, err := semtype.ParseASNumber(v.ValueString())
		return int64(n), err
	case basetypes.StringValuable:
		s, _ := v.ToStringValue(context.Background())
		return s.ValueString(), nil
	case types.Bool:
		return v.ValueBool(), nil
	case types.Int64:
		return v.ValueInt64(), nil
	case types.List:
		return listToJSON(v.Elements())
	case types.Set:
		return listToJSON(v.Elements())
	case types.Map:
		return mapToJSON(v.Elements(), func(key string) string { return key })
	case types.Object:
		return mapToJSON(v.Attributes(), camelCase)
	}
	return nil, fmt.Errorf("no conversion for %T", v)
}

func listToJSON(elements []attr.Value) (any, error) {
	list := make([]any, len(elements))
	for i, e := range elements {
		j, err := toJSON(e)
		if err != nil {
			return nil, err
		}
		list[i] = j
	}
	return list, nil
}

func mapToJSON(elements map[string]attr.Value, name func(string) string) (any, error) {
	m := make(map[string]any, len(elements))
	for key, e := range elements {
		if e.IsNull() {
			continue
		}
		j, err := toJSON(e)
		if err != nil {
			return nil, err
		}
		m[name(key)] = j
	}
	return m, nil
}

// camelCase turns "secret_key_ref" into "secretKeyRef".
func camelCase(snake string) string {
	parts := strings.Split(snake, "_")
	for i, p := range parts[1:] {
		parts[i+1] = strings.ToUpper(p[:1]) + p[1:]
	}
	return strings.Join(parts, "")
}

// reader fills a model from an object. It shows what the configuration
// declares: a field that another manager has set, or that the server has filled
// in, is not this resource's to compare.
type reader struct {
	ctx    context.Context
	object *kube.Object
	owners kube.Owners
	// imported is set for the first read of an object, when the model has
	// nothing but its name: it then shows what was declared before.
	imported bool
	// everything is set for data sources.
	everything bool
}

func (r *reader) fill(meta *Meta, fields []Field) error {
	meta.UID = types.StringValue(string(r.object.GetUID()))
	meta.Labels = r.keys(meta.Labels, r.object.GetLabels(), "labels")
	meta.Annotations = r.keys(meta.Annotations, ownAnnotations(r.object), "annotations")
	for _, f := range fields {
		if err := r.field(f); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(f.path, "."), err)
		}
	}
	return nil
}

func (r *reader) field(f Field) error {
	prior := f.value()
	if f.writeOnly {
		f.set(nullOf(r.ctx, prior))
		return nil
	}
	j, exists, err := unstructured.NestedFieldNoCopy(r.object.Object, f.path...)
	if err != nil {
		return err
	}
	if !exists {
		j = r.absent(f, prior)
	}
	if j == nil || !r.shows(f, prior, j) {
		f.set(nullOf(r.ctx, prior))
		return nil
	}
	v, err := r.fromJSON(prior.Type(r.ctx), prior, f.path, j)
	if err != nil {
		return err
	}
	f.set(v)
	return nil
}

// absent is what a missing field stands for. Servers written in Go drop false.
func (r *reader) absent(f Field, prior attr.Value) any {
	if _, isBool := prior.(types.Bool); isBool && f.def == nil {
		return false
	}
	if f.def == nil {
		return nil
	}
	return f.def()
}

// shows decides whether an attribute has a value at all.
func (r *reader) shows(f Field, prior attr.Value, j any) bool {
	switch {
	case r.everything, f.computed, !prior.IsNull():
		return true
	case !r.imported:
		return r.owners.Mine(f.path...)
	case r.owners.Ours():
		return r.owners.Declared(f.path...)
	}
	// Someone else's object: kubectl records defaults as its own too.
	return r.owners.Declared(f.path...) && !isDefault(f, j)
}

func isDefault(f Field, j any) bool {
	if f.def == nil {
		return j == false
	}
	return reflect.DeepEqual(f.def(), j)
}

// toolAnnotations are those in which other tools keep their books. kubectl's has
// the whole object as it was applied, passwords included; on another object all
// of them would be wrong.
var toolAnnotations = []string{
	"kubectl.kubernetes.io/last-applied-configuration",
	"argocd.argoproj.io/tracking-id", "argocd.argoproj.io/installation-id",
	"meta.helm.sh/release-name", "meta.helm.sh/release-namespace",
}

// ownAnnotations are the annotations of an object without those of other tools.
func ownAnnotations(o *kube.Object) map[string]string {
	own := maps.Clone(o.GetAnnotations())
	maps.DeleteFunc(own, func(key, _ string) bool { return slices.Contains(toolAnnotations, key) })
	return own
}

// keys are the labels or annotations that the configuration has, or has had.
func (r *reader) keys(prior types.Map, all map[string]string, name string) types.Map {
	shown := map[string]attr.Value{}
	for key, value := range all {
		_, known := prior.Elements()[key]
		mine := r.owners.Mine("metadata", name, key)
		if r.everything || known || mine || r.imported && r.owners.Declared("metadata", name, key) {
			shown[key] = types.StringValue(value)
		}
	}
	if len(shown) == 0 && prior.IsNull() {
		return types.MapNull(types.StringType)
	}
	return types.MapValueMust(types.StringType, shown)
}

// fromJSON converts a field's value to an attribute's type.
func (r *reader) fromJSON(t attr.Type, prior attr.Value, path []string, j any) (attr.Value, error) {
	if object, ok := t.(types.ObjectType); ok {
		return r.objectFromJSON(object, prior, path, j)
	}
	raw, err := toTerraform(r.ctx, t, j)
	if err != nil {
		return nil, err
	}
	return t.ValueFromTerraform(r.ctx, raw)
}

// objectFromJSON converts a nested object, whose fields have owners of their own.
func (r *reader) objectFromJSON(t types.ObjectType, prior attr.Value, path []string, j any) (attr.Value, error) {
	fields, ok := j.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("an object was expected, not %T", j)
	}
	before := map[string]attr.Value{}
	if o, ok := prior.(types.Object); ok && !o.IsNull() && !o.IsUnknown() {
		before = o.Attributes()
	}
	values := make(map[string]attr.Value, len(t.AttrTypes))
	for name, at := range t.AttrTypes {
		null, err := at.ValueFromTerraform(r.ctx, tftypes.NewValue(at.TerraformType(r.ctx), nil))
		if err != nil {
			return nil, err
		}
		was, ok := before[name]
		if !ok {
			was = null
		}
		values[name] = null
		key := camelCase(name)
		part := Field{path: append(slices.Clone(path), key)}
		value, exists := fields[key]
		if !exists || !r.shows(part, was, value) {
			continue
		}
		if values[name], err = r.fromJSON(at, was, part.path, value); err != nil {
			return nil, err
		}
	}
	o, diags := types.ObjectValue(t.AttrTypes, values)
	if diags.HasError() {
		return nil, fmt.Errorf("%s", diags[0].Detail())
	}
	return o, nil
}

// toTerraform converts a JSON value as a whole, as lists are: they have one
// owner.
func toTerraform(ctx context.Context, t attr.Type, j any) (tftypes.Value, error) {
	target := t.TerraformType(ctx)
	if j == nil {
		return tftypes.NewValue(target, nil), nil
	}
	switch t := t.(type) {
	case basetypes.StringTypable:
		return tftypes.NewValue(target, toString(j)), nil
	case types.ListType:
		return elementsToTerraform(ctx, target, t.ElemType, j)
	case types.SetType:
		return elementsToTerraform(ctx, target, t.ElemType, j)
	case types.MapType:
		return mapToTerraform(ctx, target, j, func(string) attr.Type { return t.ElemType }, nil)
	case types.ObjectType:
		names := make(map[string]string, len(t.AttrTypes))
		for name := range t.AttrTypes {
			names[camelCase(name)] = name
		}
		return mapToTerraform(ctx, target, j, func(name string) attr.Type { return t.AttrTypes[name] }, names)
	}
	if err := tftypes.ValidateValue(target, j); err != nil {
		return tftypes.Value{}, err
	}
	return tftypes.NewValue(target, j), nil
}

// toString spells numbers for attributes that are strings, such as AS numbers.
func toString(j any) string {
	switch j := j.(type) {
	case string:
		return j
	case int64:
		return strconv.FormatInt(j, 10)
	case float64:
		return strconv.FormatFloat(j, 'f', -1, 64)
	}
	b, _ := json.Marshal(j) // it came from JSON
	return string(b)
}

func elementsToTerraform(ctx context.Context, target tftypes.Type, element attr.Type, j any) (tftypes.Value, error) {
	list, ok := j.([]any)
	if !ok {
		return tftypes.Value{}, fmt.Errorf("a list was expected, not %T", j)
	}
	values := make([]tftypes.Value, len(list))
	for i, e := range list {
		if e == nil {
			return tftypes.Value{}, errors.New("there is a null in the list")
		}
		v, err := toTerraform(ctx, element, e)
		if err != nil {
			return v, err
		}
		values[i] = v
	}
	return tftypes.NewValue(target, values), nil
}

// mapToTerraform converts a map, or with names an object: unknown keys are left
// out, missing ones null.
func mapToTerraform(
	ctx context.Context, target tftypes.Type, j any, element func(string) attr.Type, names map[string]string,
) (tftypes.Value, error) {
	m, ok := j.(map[string]any)
	if !ok {
		return tftypes.Value{}, fmt.Errorf("an object was expected, not %T", j)
	}
	values := map[string]tftypes.Value{}
	for _, name := range names {
		values[name] = tftypes.NewValue(element(name).TerraformType(ctx), nil)
	}
	for key, e := range m {
		name := key
		if names != nil {
			if name, ok = names[key]; !ok {
				continue
			}
		}
		v, err := toTerraform(ctx, element(name), e)
		if err != nil {
			return v, err
		}
		values[name] = v
	}
	return tftypes.NewValue(target, values), nil
}

func nullOf(ctx context.Context, v attr.Value) attr.Value {
	t := v.Type(ctx)
	null, err := t.ValueFromTerraform(ctx, tftypes.NewValue(t.TerraformType(ctx), nil))
	if err != nil {
		return v
	}
	return null
}
