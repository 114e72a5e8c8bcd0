package kong

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongapi"
)

var routeSpec = crud.Spec[route, *kongapi.Client]{
	Name: "kong_route", Identity: []string{"id"},
	Client: (*clients.Set).Kong, Schema: routeSchema,
	Create: createRoute, Read: readRoute, Update: updateRoute, Delete: deleteRoute, Import: importRoute,
}

// routeResource adds the rules over several attributes.
type routeResource struct {
	*crud.Resource[route, *kongapi.Client]
}

// NewRoute manages a Kong route: which requests reach a service.
func NewRoute() resource.Resource {
	return &routeResource{crud.NewResource(routeSpec)}
}

func createRoute(ctx context.Context, c *kongapi.Client, ch crud.Change[route]) error {
	id := uuid.NewString()
	ch.Plan.ID = types.StringValue(id)
	err := c.Routes.Create(ctx, id, ch.Plan.toAPI())
	if api.Ambiguous(err) {
		return crud.Incomplete(err) // recorded, so that the next apply knows where to look
	}
	return explained(ctx, err, "route", c.Routes, routeID)
}

func readRoute(ctx context.Context, c *kongapi.Client, m *route) error {
	r, err := c.Routes.Get(ctx, m.ID.ValueString())
	if err != nil {
		return err
	}
	m.fromAPI(r)
	return nil
}

func updateRoute(ctx context.Context, c *kongapi.Client, ch crud.Change[route]) error {
	changed := ch.Plan.toAPI()
	var cleared []string
	if !ch.Prior.Expression.IsNull() {
		cleared = append(cleared, "expression")
	}
	if !ch.Prior.Priority.IsNull() && changed.Priority == nil {
		changed.Priority = new(int64) // Kong refuses null
	}
	err := c.Routes.Update(ctx, ch.Plan.ID.ValueString(), changed, cleared...)
	return explained(ctx, err, "route", c.Routes, routeID)
}

func deleteRoute(ctx context.Context, c *kongapi.Client, m *route) error {
	return c.Routes.Delete(ctx, m.ID.ValueString())
}

func importRoute(ctx context.Context, c *kongapi.Client, id string, m *route) error {
	found, err := find(ctx, id, c.Routes, routeID)
	m.ID = types.StringValue(found)
	return err
}

func routeID(r *kongapi.Route) string { return r.ID }

// ModifyPlan sets the default of strip_path, which is another one for gRPC.
func (r *routeResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // a destroy
	}
	var configured, planned types.Bool
	var protocols types.Set
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("strip_path"), &configured)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("strip_path"), &planned)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("protocols"), &protocols)...)
	if resp.Diagnostics.HasError() || !configured.IsNull() {
		return
	}
	byDefault := types.BoolUnknown()
	if known(protocols) {
		p := texts(protocols)
		byDefault = types.BoolValue(!slices.Contains(p, "grpc") && !slices.Contains(p, "grpcs"))
	}
	if !planned.Equal(byDefault) {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("strip_path"), byDefault)...)
	}
}
