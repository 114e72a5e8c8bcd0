package kong

import (
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongapi"
)

var services = entity[service, kongapi.Service]{
	kind: "service", schema: serviceSchema,
	title: func(m *service) string { return m.Name.ValueString() }, check: (*service).check, complete: (*service).complete,
	in:    func(c *kongapi.Client) *kongapi.Collection[kongapi.Service] { return c.Services },
	id:    func(m *service) *types.String { return &m.ID },
	toAPI: func(ch crud.Change[service]) (*kongapi.Service, error) { return ch.Plan.toAPI(), nil }, fromAPI: (*service).fromAPI,
}

// Service manages a Kong service: an upstream application behind the gateway.
var Service = services.spec().Kind(newServiceData)

type service struct {
	ID                types.String `tfsdk:"id"`
	Name              types.String `tfsdk:"name"`
	URL               types.String `tfsdk:"url"`
	Protocol          types.String `tfsdk:"protocol"`
	Host              types.String `tfsdk:"host"`
	Port              types.Int64  `tfsdk:"port"`
	Path              types.String `tfsdk:"path"`
	Retries           types.Int64  `tfsdk:"retries"`
	ConnectTimeout    types.Int64  `tfsdk:"connect_timeout"`
	WriteTimeout      types.Int64  `tfsdk:"write_timeout"`
	ReadTimeout       types.Int64  `tfsdk:"read_timeout"`
	Enabled           types.Bool   `tfsdk:"enabled"`
	ClientCertificate types.Object `tfsdk:"client_certificate"`
	TLSVerify         types.Bool   `tfsdk:"tls_verify"`
	TLSVerifyDepth    types.Int64  `tfsdk:"tls_verify_depth"`
	CACertificates    types.List   `tfsdk:"ca_certificates"`
	Tags              types.Set    `tfsdk:"tags"`
	CreatedAt         types.String `tfsdk:"created_at"`
}

func (m *service) toAPI() *kongapi.Service {
	return &kongapi.Service{
		Name:              m.Name.ValueStringPointer(),
		Protocol:          m.Protocol.ValueString(),
		Host:              m.Host.ValueString(),
		Port:              m.Port.ValueInt64(),
		Path:              m.Path.ValueStringPointer(),
		Retries:           m.Retries.ValueInt64Pointer(),
		ConnectTimeout:    m.ConnectTimeout.ValueInt64Pointer(),
		WriteTimeout:      m.WriteTimeout.ValueInt64Pointer(),
		ReadTimeout:       m.ReadTimeout.ValueInt64Pointer(),
		Enabled:           m.Enabled.ValueBool(),
		ClientCertificate: toRef(m.ClientCertificate),
		TLSVerify:         m.TLSVerify.ValueBoolPointer(),
		TLSVerifyDepth:    m.TLSVerifyDepth.ValueInt64Pointer(),
		CACertificates:    texts(m.CACertificates),
		Tags:              texts(m.Tags),
	}
}

func (m *service) fromAPI(s *kongapi.Service) {
	m.ID = types.StringValue(s.ID)
	m.Name = types.StringPointerValue(s.Name)
	m.Protocol = types.StringValue(s.Protocol)
	m.Host = types.StringValue(s.Host)
	m.Port = types.Int64Value(s.Port)
	m.Path = types.StringPointerValue(s.Path)
	m.Retries = types.Int64PointerValue(s.Retries)
	m.ConnectTimeout = types.Int64PointerValue(s.ConnectTimeout)
	m.WriteTimeout = types.Int64PointerValue(s.WriteTimeout)
	m.ReadTimeout = types.Int64PointerValue(s.ReadTimeout)
	m.Enabled = types.BoolValue(s.Enabled)
	m.ClientCertificate = fromRef(s.ClientCertificate)
	m.TLSVerify = types.BoolPointerValue(s.TLSVerify)
	m.TLSVerifyDepth = types.Int64PointerValue(s.TLSVerifyDepth)
	m.CACertificates = toList(s.CACertificates)
	m.Tags = toSet(s.Tags)
	m.CreatedAt = moment(s.CreatedAt)
	m.URL = m.spelled()
}

// upstream is what protocol, host, port and path say together, when all of them are known.
func (m *service) upstream() (upstreamURL, bool) {
	if m.Protocol.IsUnknown() || m.Host.IsUnknown() || m.Port.IsUnknown() || m.Path.IsUnknown() {
		return upstreamURL{}, false
	}
	return upstreamURL{m.Protocol.ValueString(), m.Host.ValueString(), m.Port.ValueInt64(), m.Path.ValueString()}, true
}

// spelled is the service's URL: as the user has written it while that still means the same, else the shortest form.
func (m *service) spelled() types.String {
	u, known := m.upstream()
	if !known {
		return types.StringUnknown()
	}
	if written, err := parseURL(m.URL.ValueString()); err == nil && written == u {
		return m.URL
	}
	return types.StringValue(u.String())
}

// complete works out what `url` means for protocol, host, port and path, and the other way around. The attributes
// cannot have defaults of their own: with a URL these come from it.
func (m *service) complete(config *service) {
	switch {
	case config.URL.IsUnknown():
		m.URL, m.Port = types.StringUnknown(), given(config.Port, types.Int64Unknown())
		m.Protocol, m.Host, m.Path = given(config.Protocol, m.URL), given(config.Host, m.URL), given(config.Path, m.URL)
	case !config.URL.IsNull():
		u, _ := parseURL(config.URL.ValueString()) // validated before
		m.URL, m.Port = config.URL, given(config.Port, types.Int64Value(u.port))
		m.Protocol, m.Host = given(config.Protocol, types.StringValue(u.protocol)), given(config.Host, types.StringValue(u.host))
		m.Path = given(config.Path, u.pathValue())
	default:
		m.Protocol, m.Port = given(config.Protocol, types.StringValue("http")), given(config.Port, types.Int64Value(80))
		m.Host, m.Path = config.Host, config.Path
		m.URL = m.spelled()
	}
}

// given is what is configured, or what it is otherwise.
func given[T attr.Value](config, otherwise T) T {
	if config.IsNull() {
		return otherwise
	}
	return config
}

func (u upstreamURL) pathValue() types.String {
	if u.path == "" {
		return types.StringNull()
	}
	return types.StringValue(u.path)
}

// check has the rules over several attributes, which Kong calls entity checks.
func (m *service) check(diags *diag.Diagnostics) {
	if u, err := parseURL(m.URL.ValueString()); err != nil && !m.URL.IsNull() {
		return // unknown, or said by the attribute's own validator
	} else if err == nil {
		m.validateParts(u, diags)
		m.validatePath(path.Root("url"), u.protocol, u.path != "", diags)
		m.Protocol = types.StringValue(u.protocol)
	}
	if m.Protocol.IsUnknown() {
		return
	}
	if m.Protocol.IsNull() {
		m.Protocol = types.StringValue("http")
	}
	m.validatePath(path.Root("path"), m.Protocol.ValueString(), !m.Path.IsNull(), diags)
	m.validateTLS(diags)
}

// validateParts lets parts stand beside the URL that says the same: Terraform writes both when it generates a
// configuration.
func (m *service) validateParts(u upstreamURL, diags *diag.Diagnostics) {
	for name, part := range map[string]struct{ written, meant attr.Value }{
		"protocol": {m.Protocol, types.StringValue(u.protocol)},
		"host":     {m.Host, types.StringValue(u.host)},
		"port":     {m.Port, types.Int64Value(u.port)},
		"path":     {m.Path, u.pathValue()},
	} {
		if part.written.IsNull() || part.written.IsUnknown() || part.written.Equal(part.meant) {
			continue
		}
		says := part.meant.String()
		if part.meant.IsNull() {
			says = "none"
		}
		diags.AddAttributeError(path.Root(name), "Two addresses",
			fmt.Sprintf("`%s` is %s, and `url` says %s. Leave one of the two out.", name, part.written, says))
	}
}

func (m *service) validatePath(at path.Path, protocol string, has bool, diags *diag.Diagnostics) {
	if has && slices.Contains([]string{"tcp", "tls", "udp", "grpc", "grpcs"}, protocol) {
		diags.AddAttributeError(at, "Path without HTTP", "A service with the protocol "+protocol+" has no path: remove it, or choose http or https.")
	}
}

func (m *service) validateTLS(diags *diag.Diagnostics) {
	protocol := m.Protocol.ValueString()
	if protocol == "https" || protocol == "tls" {
		return
	}
	for name, unset := range map[string]bool{
		"client_certificate": m.ClientCertificate.IsNull(),
		"tls_verify":         m.TLSVerify.IsNull(),
		"tls_verify_depth":   m.TLSVerifyDepth.IsNull(),
		"ca_certificates":    m.CACertificates.IsNull(),
	} {
		if !unset {
			diags.AddAttributeError(path.Root(name), "TLS setting without TLS", "`"+name+"` needs the protocol https or tls; it is "+protocol+".")
		}
	}
}
