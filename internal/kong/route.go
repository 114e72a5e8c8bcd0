package kong

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongapi"
)

var routes = entity[route, kongapi.Route]{
	kind: "route", schema: routeSchema,
	title: func(m *route) string { return m.Name.ValueString() }, check: (*route).check, complete: (*route).complete,
	in:    func(c *kongapi.Client) *kongapi.Collection[kongapi.Route] { return c.Routes },
	id:    func(m *route) *types.String { return &m.ID },
	toAPI: routeToAPI, fromAPI: (*route).fromAPI, cleared: clearedOfRoute,
}

// Route manages a Kong route: which requests reach a service.
var Route = routes.spec().Kind(newRouteData)

func routeToAPI(ch crud.Change[route]) (*kongapi.Route, error) {
	r := ch.Plan.toAPI()
	if ch.Prior != nil && !ch.Prior.Priority.IsNull() && r.Priority == nil {
		r.Priority = new(int64) // Kong refuses null
	}
	return r, nil
}

func clearedOfRoute(ch crud.Change[route]) []string {
	if ch.Prior.Expression.IsNull() {
		return nil
	}
	return []string{"expression"}
}

// complete sets the default of strip_path, which is another one for gRPC.
func (m *route) complete(config *route) {
	if !config.StripPath.IsNull() {
		return
	}
	m.StripPath = types.BoolUnknown()
	if known(m.Protocols) {
		p := texts(m.Protocols)
		m.StripPath = types.BoolValue(!slices.Contains(p, "grpc") && !slices.Contains(p, "grpcs"))
	}
}
