package crud

import (
	"context"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/onprem-tools/terraform-provider-onprem/internal/wire"
)

// What follows answers for Read, ValidateConfig and ModifyPlan without the
// framework (package fastpath), from the same Spec.

// Compile prepares to read models without the framework, and returns why that
// is not possible.
func (r *Resource[M, C]) Compile(s *wire.Schema) error {
	m, err := wire.ModelOf[M](s)
	if err == nil {
		r.model = m
	}
	return err
}

// ConfigFine reports whether ValidateConfig would have nothing to say.
func (r *Resource[M, C]) ConfigFine(ctx context.Context, config []byte) bool {
	if r.Spec.Check == nil {
		return true
	}
	var m M
	var diags diag.Diagnostics
	if r.model.Decode(ctx, config, &m) != nil {
		return false
	}
	r.Spec.Check(&m, &diags)
	return len(diags) == 0
}

// PlanStays reports whether ModifyPlan would leave a plan that equals the state
// as it is, without a word. Secrets and Review have none for what stays.
func (r *Resource[M, C]) PlanStays(ctx context.Context, config, plan []byte) bool {
	if r.Spec.Complete == nil && r.Spec.Secrets == nil && r.Spec.Review == nil {
		return true
	}
	var configured, before, after M
	if r.model.Decode(ctx, config, &configured) != nil || r.model.Decode(ctx, plan, &before) != nil {
		return false
	}
	if r.Spec.Complete == nil {
		return true
	}
	if r.model.Decode(ctx, plan, &after) != nil {
		return false
	}
	r.Spec.Complete(&configured, &after)
	return reflect.DeepEqual(before, after) // to the letter: plans know no meaning
}

// ReadUnchanged reads the object that state is of. ok: the framework would keep
// the state as it is, with this identity. Otherwise the context has what was
// read, for Read to go on from.
func (r *Resource[M, C]) ReadUnchanged(ctx context.Context, state []byte) (next context.Context, identity []byte, ok bool) {
	var before, m M // read twice: Spec.Read may change what a copy would share
	if r.model.Decode(ctx, state, &before) != nil || r.model.Decode(ctx, state, &m) != nil {
		return ctx, nil, false
	}
	client, err := r.Spec.Client(r.clients)
	if err != nil {
		return ctx, nil, false
	}
	var diags diag.Diagnostics
	within, cancel := withTimeout(ctx, &m, timeouts.Value.Read, &diags)
	defer cancel()
	if len(diags) > 0 {
		return ctx, nil, false
	}
	err = r.Spec.Read(within, client, &m)
	next = context.WithValue(ctx, readKey{}, readAlready[M]{&m, err})
	if err != nil || !r.model.Stays(ctx, &before, &m) {
		return next, nil, false
	}
	identity, err = r.model.Identity(ctx, &m, r.Spec.Identity)
	return next, identity, err == nil
}

// readKey is where the context of a Read has what ReadUnchanged has read.
type readKey struct{}

type readAlready[M any] struct {
	m   *M
	err error
}

// read reads the object, unless ReadUnchanged has just done so.
func (r *Resource[M, C]) read(ctx context.Context, client C, m *M) error {
	if done, ok := ctx.Value(readKey{}).(readAlready[M]); ok {
		*m = *done.m
		return done.err
	}
	return r.Spec.Read(ctx, client, m)
}
