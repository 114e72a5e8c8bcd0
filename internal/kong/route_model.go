package kong

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongapi"
)

type route struct {
	ID                      types.String `tfsdk:"id"`
	Name                    types.String `tfsdk:"name"`
	Protocols               types.Set    `tfsdk:"protocols"`
	Methods                 types.Set    `tfsdk:"methods"`
	Hosts                   types.List   `tfsdk:"hosts"`
	Paths                   types.List   `tfsdk:"paths"`
	Headers                 types.Map    `tfsdk:"headers"`
	SNIs                    types.Set    `tfsdk:"snis"`
	Sources                 types.Set    `tfsdk:"sources"`
	Destinations            types.Set    `tfsdk:"destinations"`
	Expression              types.String `tfsdk:"expression"`
	Priority                types.Int64  `tfsdk:"priority"`
	HTTPSRedirectStatusCode types.Int64  `tfsdk:"https_redirect_status_code"`
	StripPath               types.Bool   `tfsdk:"strip_path"`
	PreserveHost            types.Bool   `tfsdk:"preserve_host"`
	RequestBuffering        types.Bool   `tfsdk:"request_buffering"`
	ResponseBuffering       types.Bool   `tfsdk:"response_buffering"`
	RegexPriority           types.Int64  `tfsdk:"regex_priority"`
	PathHandling            types.String `tfsdk:"path_handling"`
	Service                 types.Object `tfsdk:"service"`
	Tags                    types.Set    `tfsdk:"tags"`
	CreatedAt               types.String `tfsdk:"created_at"`
}

func (m *route) toAPI() *kongapi.Route {
	return &kongapi.Route{
		Name:                    m.Name.ValueStringPointer(),
		Protocols:               texts(m.Protocols),
		Methods:                 texts(m.Methods),
		Hosts:                   texts(m.Hosts),
		Paths:                   texts(m.Paths),
		Headers:                 toHeaders(m.Headers),
		SNIs:                    texts(m.SNIs),
		Sources:                 toAddresses(m.Sources),
		Destinations:            toAddresses(m.Destinations),
		HTTPSRedirectStatusCode: m.HTTPSRedirectStatusCode.ValueInt64(),
		StripPath:               m.StripPath.ValueBool(),
		PreserveHost:            m.PreserveHost.ValueBool(),
		RequestBuffering:        m.RequestBuffering.ValueBool(),
		ResponseBuffering:       m.ResponseBuffering.ValueBool(),
		RegexPriority:           m.RegexPriority.ValueInt64Pointer(),
		PathHandling:            m.PathHandling.ValueStringPointer(),
		Service:                 toRef(m.Service),
		Tags:                    texts(m.Tags),
		Expression:              m.Expression.ValueStringPointer(),
		Priority:                m.Priority.ValueInt64Pointer(),
	}
}

func (m *route) fromAPI(r *kongapi.Route) {
	m.ID = types.StringValue(r.ID)
	m.Name = types.StringPointerValue(r.Name)
	m.Protocols = toSet(r.Protocols)
	m.Methods = toSet(r.Methods)
	m.Hosts = toList(r.Hosts)
	m.Paths = toList(r.Paths)
	m.Headers = fromHeaders(r.Headers)
	m.SNIs = toSet(r.SNIs)
	m.Sources = fromAddresses(r.Sources)
	m.Destinations = fromAddresses(r.Destinations)
	m.HTTPSRedirectStatusCode = types.Int64Value(r.HTTPSRedirectStatusCode)
	m.StripPath = types.BoolValue(r.StripPath)
	m.PreserveHost = types.BoolValue(r.PreserveHost)
	m.RequestBuffering = types.BoolValue(r.RequestBuffering)
	m.ResponseBuffering = types.BoolValue(r.ResponseBuffering)
	m.RegexPriority = types.Int64PointerValue(r.RegexPriority)
	m.PathHandling = types.StringPointerValue(r.PathHandling)
	m.Service = fromRef(r.Service)
	m.Tags = toSet(r.Tags)
	m.CreatedAt = moment(r.CreatedAt)
	m.Expression = types.StringPointerValue(r.Expression)
	// A gateway with expressions gives every route the priority 0, others know none: one configuration fits both.
	if r.Priority != nil && *r.Priority == 0 && m.Priority.IsNull() {
		return
	}
	m.Priority = types.Int64PointerValue(r.Priority)
}

var headerValues = types.ListType{ElemType: types.StringType}

func toHeaders(m types.Map) map[string][]string {
	if m.IsNull() {
		return nil
	}
	out := map[string][]string{}
	for name, v := range m.Elements() {
		if list, ok := v.(types.List); ok {
			out[name] = texts(list)
		}
	}
	return out
}

func fromHeaders(headers map[string][]string) types.Map {
	if headers == nil {
		return types.MapNull(headerValues)
	}
	out := make(map[string]attr.Value, len(headers))
	for name, list := range headers {
		out[name] = toList(list)
	}
	return types.MapValueMust(headerValues, out)
}

var addressType = types.ObjectType{AttrTypes: map[string]attr.Type{"ip": types.StringType, "port": types.Int64Type}}

func toAddresses(s types.Set) []kongapi.Address {
	if s.IsNull() {
		return nil
	}
	out := []kongapi.Address{}
	for _, e := range s.Elements() {
		o, _ := e.(types.Object)
		ip, _ := o.Attributes()["ip"].(types.String)
		port, _ := o.Attributes()["port"].(types.Int64)
		out = append(out, kongapi.Address{IP: ip.ValueStringPointer(), Port: port.ValueInt64Pointer()})
	}
	return out
}

func fromAddresses(list []kongapi.Address) types.Set {
	if list == nil {
		return types.SetNull(addressType)
	}
	out := make([]attr.Value, len(list))
	for i, a := range list {
		out[i] = types.ObjectValueMust(addressType.AttrTypes, map[string]attr.Value{
			"ip": types.StringPointerValue(a.IP), "port": types.Int64PointerValue(a.Port),
		})
	}
	return types.SetValueMust(addressType, out)
}
