package crud

import (
	"context"
	"fmt"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// IdentitySchema implements resource.ResourceWithIdentity: the attributes that
// Spec.Identity names, with their types and descriptions.
func (r *Resource[M, C]) IdentitySchema(ctx context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	attributes := r.Spec.Schema(ctx).Attributes
	resp.IdentitySchema.Attributes = map[string]identityschema.Attribute{}
	for _, name := range r.Spec.Identity {
		a := attributes[name]
		if isNumber(a) {
			resp.IdentitySchema.Attributes[name] = identityschema.Int64Attribute{Description: a.GetMarkdownDescription(), RequiredForImport: true}
			continue
		}
		resp.IdentitySchema.Attributes[name] = identityschema.StringAttribute{Description: a.GetMarkdownDescription(), RequiredForImport: true}
	}
}

// record stores m, what is still unknown as null, and its identity. Unknown
// values remain only where a read-back will fill them or has failed.
func (r *Resource[M, C]) record(ctx context.Context, state *tfsdk.State, identity *tfsdk.ResourceIdentity, m *M, diags *diag.Diagnostics) {
	diags.Append(state.Set(ctx, m)...)
	if state.Raw.IsFullyKnown() {
		r.identify(ctx, *state, identity, diags)
		return
	}
	known, err := tftypes.Transform(state.Raw, func(_ *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if !v.IsKnown() {
			return tftypes.NewValue(v.Type(), nil), nil
		}
		return v, nil
	})
	if err != nil {
		diags.AddError("Unable to record "+r.typeName, err.Error())
		return
	}
	state.Raw = known
	r.identify(ctx, *state, identity, diags)
}

// identify copies the identity attributes of state. Terraform before 1.12 has
// no identities.
func (r *Resource[M, C]) identify(ctx context.Context, state tfsdk.State, identity *tfsdk.ResourceIdentity, diags *diag.Diagnostics) {
	if identity == nil {
		return
	}
	for _, name := range r.Spec.Identity {
		v := r.attribute(ctx, state, name, diags)
		if v != nil {
			diags.Append(identity.SetAttribute(ctx, path.Root(name), v)...)
		}
	}
}

// attribute returns an identity attribute of state as a plain string or int64.
func (r *Resource[M, C]) attribute(ctx context.Context, state tfsdk.State, name string, diags *diag.Diagnostics) attr.Value {
	var v attr.Value
	diags.Append(state.GetAttribute(ctx, path.Root(name), &v)...)
	switch v := v.(type) {
	case basetypes.Int64Valuable:
		n, d := v.ToInt64Value(ctx)
		diags.Append(d...)
		return n
	case basetypes.StringValuable:
		s, d := v.ToStringValue(ctx)
		diags.Append(d...)
		return s
	}
	diags.AddError("Unable to identify "+r.typeName, fmt.Sprintf("The attribute %q has no value.", name))
	return nil
}

// nothing is an object of the schema's type with every attribute null, where
// an import starts.
func nothing(ctx context.Context, s schema.Schema) tfsdk.State {
	object, _ := s.Type().TerraformType(ctx).(tftypes.Object)
	values := make(map[string]tftypes.Value, len(object.AttributeTypes))
	for name, t := range object.AttributeTypes {
		values[name] = tftypes.NewValue(t, nil)
	}
	return tfsdk.State{Schema: s, Raw: tftypes.NewValue(object, values)}
}

// isNumber tells the identity attributes that are numbers from those that are
// strings.
func isNumber(a schema.Attribute) bool {
	_, ok := a.GetType().(basetypes.Int64Typable)
	return ok
}

// identityValue turns a part of an import id into the attribute's type.
func identityValue(a schema.Attribute, part string) (attr.Value, error) {
	if !isNumber(a) {
		return types.StringValue(part), nil
	}
	n, err := strconv.ParseInt(part, 10, 64)
	return types.Int64Value(n), err
}
