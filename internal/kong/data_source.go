package kong

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	rschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongapi"
)

// newServiceData reads a Kong service by name or id.
var newServiceData = crud.NewData(crud.DataSpec[serviceData, *kongapi.Client]{
	Name: "kong_service", Client: (*clients.Set).Kong,
	Schema: func(ctx context.Context) schema.Schema { return dataSchema("service", serviceSchema(ctx)) },
	Read: func(ctx context.Context, c *kongapi.Client, m *serviceData) error {
		s, err := c.Services.Get(ctx, key(m.ID, m.Name))
		if err != nil {
			return missing(err, "service", m.ID, m.Name)
		}
		m.fromAPI(s)
		m.UpdatedAt = moment(s.UpdatedAt)
		return nil
	},
})

// newRouteData reads a Kong route by name or id.
var newRouteData = crud.NewData(crud.DataSpec[routeData, *kongapi.Client]{
	Name: "kong_route", Client: (*clients.Set).Kong,
	Schema: func(ctx context.Context) schema.Schema { return dataSchema("route", routeSchema(ctx)) },
	Read: func(ctx context.Context, c *kongapi.Client, m *routeData) error {
		r, err := c.Routes.Get(ctx, key(m.ID, m.Name))
		if err != nil {
			return missing(err, "route", m.ID, m.Name)
		}
		m.Priority = types.Int64PointerValue(r.Priority)
		m.fromAPI(r)
		m.UpdatedAt = moment(r.UpdatedAt)
		return nil
	},
})

type serviceData struct {
	service
	UpdatedAt types.String `tfsdk:"updated_at"`
}

type routeData struct {
	route
	UpdatedAt types.String `tfsdk:"updated_at"`
}

func key(id, name types.String) string {
	if !id.IsNull() {
		return id.ValueString()
	}
	return name.ValueString()
}

// missing words the absence of what someone depends on.
func missing(err error, kind string, id, name types.String) error {
	if !api.IsNotFound(err) {
		return err
	}
	if !id.IsNull() {
		return crud.At(path.Root("id"), fmt.Errorf("there is no %s with the id %q: %w", kind, id.ValueString(), err))
	}
	return crud.At(path.Root("name"), fmt.Errorf("there is no %s named %q: %w", kind, name.ValueString(), err))
}

// dataSchema is a resource's schema to be read: everything comes from Kong, but for the id or the name to find it by.
func dataSchema(kind string, s rschema.Schema) schema.Schema {
	attributes := crud.Computed(s.Attributes)
	attributes["updated_at"] = schema.StringAttribute{MarkdownDescription: "When it was changed last, in RFC 3339.", Computed: true}
	attributes["id"] = schema.StringAttribute{
		MarkdownDescription: "UUID of the " + kind + ". Either this or `name` is needed.",
		Optional:            true, Computed: true,
		Validators: []validator.String{uuidRule, stringvalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("name"))},
	}
	attributes["name"] = schema.StringAttribute{
		MarkdownDescription: "Name of the " + kind + ". Either this or `id` is needed.",
		Optional:            true, Computed: true,
		Validators: []validator.String{nameRule},
	}
	return schema.Schema{MarkdownDescription: "Reads a Kong " + kind + " by name or id.", Attributes: attributes}
}
