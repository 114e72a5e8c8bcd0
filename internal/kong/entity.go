package kong

import (
	"context"

	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongapi"
)

// entity describes a kind of Kong's entities with model M and the form E that the Admin API gives it. Every kind is
// made, read, changed, deleted and imported alike.
type entity[M any, E kongapi.Entity] struct {
	kind   string // "service": the resource is onprem_kong_service
	schema func(context.Context) schema.Schema
	in     func(*kongapi.Client) *kongapi.Collection[E]
	id     func(*M) *types.String
	// toAPI is what is sent. Write-only values are in the configuration alone.
	toAPI   func(crud.Change[M]) (*E, error)
	fromAPI func(*M, *E)

	// The rest may be nil. title is what people call an entity. check and complete are those of crud.Spec.
	title    func(*M) string
	check    func(*M, *diag.Diagnostics)
	complete func(m, config *M)
	// cleared names fields that are to be set to null although toAPI leaves them out.
	cleared func(crud.Change[M]) []string
}

func (e entity[M, E]) spec() crud.Spec[M, *kongapi.Client] {
	s := crud.Spec[M, *kongapi.Client]{
		Name: "kong_" + e.kind, Identity: []string{"id"},
		Client: (*clients.Set).Kong, Schema: e.schema, Rights: rights, Check: e.check,
		Create: e.create, Read: e.read, Update: e.update, Delete: e.delete, Import: e.find,
		List: &crud.Listing[M, *kongapi.Client]{Each: e.each, Title: e.title},
	}
	if e.complete != nil {
		s.Complete = func(config, plan *M) { e.complete(plan, config) }
	}
	return s
}

func (e entity[M, E]) create(ctx context.Context, c *kongapi.Client, ch crud.Change[M]) error {
	sent, err := e.toAPI(ch)
	if err != nil {
		return err
	}
	id := uuid.NewString()
	*e.id(ch.Plan) = types.StringValue(id)
	err = e.in(c).Create(ctx, id, sent)
	if api.Ambiguous(err) {
		return crud.Incomplete(err) // recorded, so that the next apply knows where to look
	}
	return explained(ctx, err, e.kind, e.in(c))
}

func (e entity[M, E]) read(ctx context.Context, c *kongapi.Client, m *M) error {
	found, err := e.in(c).Get(ctx, e.id(m).ValueString())
	if err != nil {
		return err
	}
	e.fromAPI(m, found)
	return nil
}

func (e entity[M, E]) update(ctx context.Context, c *kongapi.Client, ch crud.Change[M]) error {
	sent, err := e.toAPI(ch)
	if err != nil {
		return err
	}
	var cleared []string
	if e.cleared != nil {
		cleared = e.cleared(ch)
	}
	return explained(ctx, e.in(c).Update(ctx, e.id(ch.Plan).ValueString(), sent, cleared...), e.kind, e.in(c))
}

func (e entity[M, E]) delete(ctx context.Context, c *kongapi.Client, m *M) error {
	return e.in(c).Delete(ctx, e.id(m).ValueString())
}

func (e entity[M, E]) find(ctx context.Context, c *kongapi.Client, id string, m *M) error {
	found, err := find(ctx, id, e.in(c))
	*e.id(m) = types.StringValue(found)
	return err
}

func (e entity[M, E]) each(ctx context.Context, c *kongapi.Client, _ *M, found func(func(*M) error) bool) error {
	all, err := e.in(c).All(ctx)
	if err != nil {
		return err
	}
	crud.Visit(all, func(m *M, entity *E) error { e.fromAPI(m, entity); return nil }, found)
	return nil
}
