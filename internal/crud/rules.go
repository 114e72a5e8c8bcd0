package crud

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
)

var (
	_ resource.ResourceWithValidateConfig = (*Resource[struct{}, any])(nil)
	_ resource.ResourceWithModifyPlan     = (*Resource[struct{}, any])(nil)
)

// ValidateConfig implements resource.ResourceWithValidateConfig with Spec.Check.
func (r *Resource[M, C]) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	if r.Spec.Check == nil {
		return
	}
	var m M
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if !resp.Diagnostics.HasError() {
		r.Spec.Check(&m, &resp.Diagnostics)
	}
}

// ModifyPlan implements resource.ResourceWithModifyPlan with Spec.Complete, and
// with Spec.Secrets and Spec.Review for what does not stay as it is.
func (r *Resource[M, C]) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.Spec.Complete == nil && r.Spec.Secrets == nil && r.Spec.Review == nil {
		return
	}
	ch := changeOf[M](ctx, req, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.Spec.Complete != nil && ch.Plan != nil {
		r.Spec.Complete(ch.Config, ch.Plan)
		resp.Diagnostics.Append(resp.Plan.Set(ctx, ch.Plan)...)
	}
	if resp.Diagnostics.HasError() || resp.Plan.Raw.Equal(req.State.Raw) {
		return
	}
	if r.Spec.Secrets != nil && ch.Plan != nil {
		requireSecrets(ch, r.Spec.Secrets, &resp.Diagnostics)
		r.keepPlaces(ctx, req.Private, ch, &resp.Diagnostics)
	}
	if r.Spec.Review != nil && r.clients != nil {
		ctx = Guard(ctx, tfsdk.State(req.Config), tfsdk.State(req.Plan), req.State)
		r.Spec.Review(ctx, func() (C, error) { return r.Spec.Client(r.clients) }, ch, &resp.Diagnostics)
	}
}

// keepPlaces refuses to take stored secrets elsewhere unasked.
func (r *Resource[M, C]) keepPlaces(ctx context.Context, before private, ch Change[M], diags *diag.Diagnostics) {
	if r.Spec.Secrets == nil {
		return
	}
	readPlaces(ctx, before).keep(secretsByPath(ch.Plan, r.Spec.Secrets), secretsByPath(ch.Prior, r.Spec.Secrets), diags)
}

// notePlaces remembers where a change has sent secrets.
func (r *Resource[M, C]) notePlaces(ctx context.Context, before, after private, ch Change[M], diags *diag.Diagnostics) {
	if r.Spec.Secrets == nil {
		return
	}
	planned, prior := secretsByPath(ch.Plan, r.Spec.Secrets), secretsByPath(ch.Prior, r.Spec.Secrets)
	diags.Append(readPlaces(ctx, before).remember(ctx, planned, prior, after)...)
}

// changeOf decodes what a plan is about: Prior is nil for what is created, Plan
// and Config for what is destroyed.
func changeOf[M any](ctx context.Context, req resource.ModifyPlanRequest, diags *diag.Diagnostics) Change[M] {
	var ch Change[M]
	if !req.State.Raw.IsNull() {
		ch.Prior = new(M)
		diags.Append(req.State.Get(ctx, ch.Prior)...)
	}
	if !req.Plan.Raw.IsNull() {
		ch.Plan, ch.Config = new(M), new(M)
		diags.Append(req.Plan.Get(ctx, ch.Plan)...)
		diags.Append(req.Config.Get(ctx, ch.Config)...)
	}
	return ch
}
