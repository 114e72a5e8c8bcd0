package crud

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ImportState implements resource.ResourceWithImportState, by id and by
// identity. Terraform reads the object right after.
func (r *Resource[M, C]) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	s := r.Spec.Schema(ctx)
	resp.State = nothing(ctx, s)
	switch {
	case req.ID == "":
		r.importByIdentity(ctx, s, req, resp)
	case r.Spec.Import != nil:
		r.importByName(ctx, req.ID, resp)
	default:
		r.importByID(ctx, req.ID, resp)
	}
}

// importByIdentity copies the identity into the state. The framework's own
// passthrough does so for strings only.
func (r *Resource[M, C]) importByIdentity(ctx context.Context, s schema.Schema, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	for _, name := range r.Spec.Identity {
		copyAttribute(ctx, s, name, req.Identity.GetAttribute, &resp.State, &resp.Diagnostics)
	}
}

// copyAttribute sets an attribute of a state, text or number, from where it has
// the same name.
func copyAttribute(ctx context.Context, s schema.Schema, name string, from getter, state *tfsdk.State, diags *diag.Diagnostics) {
	at := path.Root(name)
	if isNumber(s.Attributes[name]) {
		var n types.Int64
		diags.Append(from(ctx, at, &n)...)
		diags.Append(state.SetAttribute(ctx, at, n)...)
		return
	}
	var text types.String
	diags.Append(from(ctx, at, &text)...)
	diags.Append(state.SetAttribute(ctx, at, text)...)
}

func (r *Resource[M, C]) importByName(ctx context.Context, id string, resp *resource.ImportStateResponse) {
	var m M
	resp.Diagnostics.Append(resp.State.Get(ctx, &m)...)
	client, err := r.Spec.Client(r.clients)
	if err == nil {
		err = r.Spec.Import(ctx, client, id, &m)
	}
	if err != nil {
		r.fail(ctx, &resp.Diagnostics, "import", err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (r *Resource[M, C]) importByID(ctx context.Context, id string, resp *resource.ImportStateResponse) {
	names := r.Spec.Identity
	parts := strings.SplitN(id, "/", len(names))
	if len(parts) < len(names) || parts[len(parts)-1] == "" || strings.HasPrefix(id, "/") {
		r.wrongID(&resp.Diagnostics, id)
		return
	}
	attributes := r.Spec.Schema(ctx).Attributes
	for i, name := range names {
		v, err := identityValue(attributes[name], parts[i])
		if err != nil {
			r.wrongID(&resp.Diagnostics, id)
			return
		}
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), v)...)
	}
}

func (r *Resource[M, C]) wrongID(diags *diag.Diagnostics, id string) {
	form := "<" + strings.Join(r.Spec.Identity, ">/<") + ">"
	diags.AddError("Unable to import "+r.typeName, fmt.Sprintf("%q is not an import id of this type.\n\nWrite it as %s.", id, form))
}
