package harbor

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
)

type project struct {
	Name         types.String `tfsdk:"name"`
	ProjectID    types.Int64  `tfsdk:"project_id"`
	Public       types.Bool   `tfsdk:"public"`
	StorageLimit types.Int64  `tfsdk:"storage_limit"`

	RegistryID                types.Int64 `tfsdk:"registry_id"`
	ProxySpeedKB              types.Int64 `tfsdk:"proxy_speed_kb"`
	MaxUpstreamConn           types.Int64 `tfsdk:"max_upstream_conn"`
	ProxyCacheLocalOnNotFound types.Bool  `tfsdk:"proxy_cache_local_on_not_found"`

	AutoScan                 types.Bool   `tfsdk:"auto_scan"`
	AutoSBOMGeneration       types.Bool   `tfsdk:"auto_sbom_generation"`
	PreventVul               types.Bool   `tfsdk:"prevent_vul"`
	Severity                 types.String `tfsdk:"severity"`
	EnableContentTrust       types.Bool   `tfsdk:"enable_content_trust"`
	EnableContentTrustCosign types.Bool   `tfsdk:"enable_content_trust_cosign"`
	ReuseSysCVEAllowlist     types.Bool   `tfsdk:"reuse_sys_cve_allowlist"`
	CVEAllowlist             types.Object `tfsdk:"cve_allowlist"`
}

// allowlist is cve_allowlist, taken apart.
type allowlist struct {
	items     []string          // in order
	expiresAt timetypes.RFC3339 // null for never
}

var allowlistType = map[string]attr.Type{"items": types.SetType{ElemType: types.StringType}, "expires_at": timetypes.RFC3339Type{}}

// allowlist is what cve_allowlist says; nothing when there is none.
func (m *project) allowlist() allowlist {
	var out allowlist
	if items, ok := m.CVEAllowlist.Attributes()["items"].(types.Set); ok {
		for _, item := range items.Elements() {
			if id, isText := item.(types.String); isText {
				out.items = append(out.items, id.ValueString())
			}
		}
	}
	slices.Sort(out.items)
	out.expiresAt, _ = m.CVEAllowlist.Attributes()["expires_at"].(timetypes.RFC3339)
	return out
}

// flags, numbers are the metadata of a project, which are strings in Harbor, by key.
func (m *project) flags() map[string]*types.Bool {
	return map[string]*types.Bool{
		"auto_scan":                      &m.AutoScan,
		"auto_sbom_generation":           &m.AutoSBOMGeneration,
		"prevent_vul":                    &m.PreventVul,
		"enable_content_trust":           &m.EnableContentTrust,
		"enable_content_trust_cosign":    &m.EnableContentTrustCosign,
		"reuse_sys_cve_allowlist":        &m.ReuseSysCVEAllowlist,
		"proxy_cache_local_on_not_found": &m.ProxyCacheLocalOnNotFound,
	}
}

func (m *project) numbers() map[string]*types.Int64 {
	return map[string]*types.Int64{"proxy_speed_kb": &m.ProxySpeedKB, "max_upstream_conn": &m.MaxUpstreamConn}
}

// metadata are those that are set.
func (m *project) metadata() map[string]string {
	out := map[string]string{"public": strconv.FormatBool(m.Public.ValueBool())}
	for key, v := range m.flags() {
		if !v.IsNull() {
			out[key] = strconv.FormatBool(v.ValueBool())
		}
	}
	for key, v := range m.numbers() {
		if !v.IsNull() {
			out[key] = strconv.FormatInt(v.ValueInt64(), 10)
		}
	}
	if !m.Severity.IsNull() {
		out["severity"] = m.Severity.ValueString()
	}
	return out
}

func (m *project) toAPI() harborapi.NewProject {
	return harborapi.NewProject{
		Name: m.Name.ValueString(), Metadata: m.metadata(),
		RegistryID: m.RegistryID.ValueInt64Pointer(), StorageLimit: m.StorageLimit.ValueInt64Pointer(),
	}
}

// fromAPI fills m. An imported project shows everything as it is; otherwise a
// flag that is false in Harbor and not configured stays null, which means the
// same: Harbor's own pages write every flag when they save one.
func (m *project) fromAPI(p *harborapi.Project, imported bool) {
	m.Name = types.StringValue(p.Name)
	m.ProjectID = types.Int64Value(int64(p.ProjectID))
	m.Public = types.BoolValue(isTrue(p.Metadata["public"]))
	m.RegistryID = types.Int64Null()
	if p.RegistryID != 0 {
		m.RegistryID = types.Int64Value(p.RegistryID)
	}
	for key, v := range m.flags() {
		text, set := p.Metadata[key]
		if v.IsNull() && !imported && !isTrue(text) || !set {
			*v = types.BoolNull()
			continue
		}
		*v = types.BoolValue(isTrue(text))
	}
	for key, v := range m.numbers() {
		n, err := strconv.ParseInt(p.Metadata[key], 10, 64)
		if *v = types.Int64Value(n); err != nil {
			*v = types.Int64Null() // absent, or nonsense that Harbor has let in
		}
	}
	m.Severity = types.StringNull()
	if severity := p.Metadata["severity"]; severity != "" {
		m.Severity = types.StringValue(severity)
	}
	m.CVEAllowlist = allowlistFromAPI(p, m.allowlist())
}

// isTrue reads a flag as Harbor does: it keeps any text it is given.
func isTrue(text string) bool { return strings.EqualFold(text, "true") || text == "1" }

func (a allowlist) toAPI() *harborapi.Allowlist {
	out := &harborapi.Allowlist{Items: []harborapi.AllowlistItem{}}
	for _, id := range a.items {
		out.Items = append(out.Items, harborapi.AllowlistItem{ID: id})
	}
	if at := a.expires(); !at.IsZero() {
		seconds := at.Unix()
		out.ExpiresAt = &seconds
	}
	return out
}

func (a allowlist) expires() time.Time {
	if a.expiresAt.IsNull() {
		return time.Time{}
	}
	at, _ := a.expiresAt.ValueRFC3339Time()
	return at
}

// allowlistFromAPI reads the list, which Harbor always shows; an empty one is
// none. A time keeps the zone it is written in.
func allowlistFromAPI(p *harborapi.Project, was allowlist) types.Object {
	list := p.CVEAllowlist
	if list == nil || len(list.Items) == 0 && list.ExpiresAt == nil {
		return types.ObjectNull(allowlistType)
	}
	items := make([]attr.Value, len(list.Items))
	for i, item := range list.Items {
		items[i] = types.StringValue(item.CVEID)
	}
	expiresAt := timetypes.NewRFC3339Null()
	if list.ExpiresAt != nil {
		at := time.Unix(*list.ExpiresAt, 0).UTC()
		expiresAt = timetypes.NewRFC3339TimeValue(at)
		if was.expires().Equal(at) {
			expiresAt = was.expiresAt
		}
	}
	return types.ObjectValueMust(allowlistType, map[string]attr.Value{"items": types.SetValueMust(types.StringType, items), "expires_at": expiresAt})
}

// wholeSeconds refuses a time that Harbor cannot keep.
type wholeSeconds struct{}

// Description implements validator.String.
func (wholeSeconds) Description(context.Context) string { return "must have whole seconds" }

// MarkdownDescription implements validator.String.
func (v wholeSeconds) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements validator.String.
func (wholeSeconds) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	at, err := time.Parse(time.RFC3339, req.ConfigValue.ValueString())
	if err == nil && at.Nanosecond() != 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid time", "Harbor keeps whole seconds: write \""+
			at.Truncate(time.Second).Format(time.RFC3339)+"\".")
	}
}
