package harbor

import (
	"fmt"

	"github.com/goharbor/go-client/pkg/sdk/v2.0/models"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
)

type policy struct {
	ID                        types.Int64    `tfsdk:"id"`
	Name                      types.String   `tfsdk:"name"`
	Description               types.String   `tfsdk:"description"`
	SrcRegistryID             types.Int64    `tfsdk:"src_registry_id"`
	DestRegistryID            types.Int64    `tfsdk:"dest_registry_id"`
	DestNamespace             types.String   `tfsdk:"dest_namespace"`
	DestNamespaceReplaceCount types.Int64    `tfsdk:"dest_namespace_replace_count"`
	Filters                   []policyFilter `tfsdk:"filters"`
	Trigger                   *policyTrigger `tfsdk:"trigger"`
	Enabled                   types.Bool     `tfsdk:"enabled"`
	Override                  types.Bool     `tfsdk:"override"`
	Deletion                  types.Bool     `tfsdk:"deletion"`
	Speed                     types.Int64    `tfsdk:"speed"`
	CopyByChunk               types.Bool     `tfsdk:"copy_by_chunk"`
	SingleActiveReplication   types.Bool     `tfsdk:"single_active_replication"`
}

type policyFilter struct {
	Type       types.String   `tfsdk:"type"`
	Value      types.String   `tfsdk:"value"`
	Values     []types.String `tfsdk:"values"`
	Decoration types.String   `tfsdk:"decoration"`
}

type policyTrigger struct {
	Type types.String `tfsdk:"type"`
	Cron types.String `tfsdk:"cron"`
}

func (m *policy) toAPI() harborapi.ReplicationPolicy {
	replaceCount := int8(m.DestNamespaceReplaceCount.ValueInt64()) //nolint:gosec // validated
	speed := int32(m.Speed.ValueInt64())                           //nolint:gosec // validated
	p := harborapi.ReplicationPolicy{
		SingleActiveReplication: m.SingleActiveReplication.ValueBoolPointer(),
		ReplicationPolicy: models.ReplicationPolicy{
			Name: m.Name.ValueString(), Description: m.Description.ValueString(),
			SrcRegistry: registryRef(m.SrcRegistryID), DestRegistry: registryRef(m.DestRegistryID),
			DestNamespace: m.DestNamespace.ValueString(), DestNamespaceReplaceCount: &replaceCount,
			Enabled: m.Enabled.ValueBool(), Override: m.Override.ValueBool(), Deletion: m.Deletion.ValueBool(),
			Speed: &speed, CopyByChunk: m.CopyByChunk.ValueBoolPointer(),
		},
	}
	for _, f := range m.Filters {
		p.Filters = append(p.Filters, f.toAPI())
	}
	if m.Trigger != nil {
		p.Trigger = &models.ReplicationTrigger{Type: m.Trigger.Type.ValueString()}
		if !m.Trigger.Cron.IsNull() {
			p.Trigger.TriggerSettings = &models.ReplicationTriggerSettings{Cron: m.Trigger.Cron.ValueString()}
		}
	}
	return p
}

func registryRef(id types.Int64) *models.Registry { return &models.Registry{ID: id.ValueInt64()} }

func (f policyFilter) toAPI() *models.ReplicationFilter {
	out := &models.ReplicationFilter{Type: f.Type.ValueString(), Decoration: f.Decoration.ValueString(), Value: f.Value.ValueString()}
	if f.Type.ValueString() == "label" {
		labels := make([]any, len(f.Values))
		for i, v := range f.Values {
			labels[i] = v.ValueString()
		}
		out.Value = labels
	}
	return out
}

func (m *policy) fromAPI(p *harborapi.ReplicationPolicy) error {
	m.ID = types.Int64Value(p.ID)
	m.Name = types.StringValue(p.Name)
	m.Description = textOrNull(p.Description)
	m.SrcRegistryID, m.DestRegistryID = registryID(p.SrcRegistry), registryID(p.DestRegistry)
	m.DestNamespace = textOrNull(p.DestNamespace)
	m.DestNamespaceReplaceCount = types.Int64Value(-1)
	if p.DestNamespaceReplaceCount != nil {
		m.DestNamespaceReplaceCount = types.Int64Value(int64(*p.DestNamespaceReplaceCount))
	}
	m.Enabled, m.Override = types.BoolValue(p.Enabled), types.BoolValue(p.Override)
	m.Deletion = types.BoolValue(p.Deletion || p.ReplicateDeletion)
	m.Speed = types.Int64Value(0)
	if p.Speed != nil {
		m.Speed = types.Int64Value(int64(*p.Speed))
	}
	m.CopyByChunk = types.BoolValue(p.CopyByChunk != nil && *p.CopyByChunk)
	// Older releases do not have it, newer ones always show it.
	if single := p.SingleActiveReplication; single != nil && *single || !m.SingleActiveReplication.IsNull() {
		m.SingleActiveReplication = types.BoolValue(single != nil && *single)
	}
	m.Trigger = triggerFromAPI(p.Trigger)
	m.Filters = nil
	for i, f := range p.Filters {
		filter, err := filterFromAPI(f)
		if err != nil {
			return fmt.Errorf("filter %d of policy %q: %w", i+1, p.Name, err)
		}
		m.Filters = append(m.Filters, filter)
	}
	return nil
}

// registryID is null for Harbor itself, whose id is 0.
func registryID(r *models.Registry) types.Int64 {
	if r == nil || r.ID == 0 {
		return types.Int64Null()
	}
	return types.Int64Value(r.ID)
}

// triggerFromAPI drops a schedule that has been left in a trigger of another type.
func triggerFromAPI(t *models.ReplicationTrigger) *policyTrigger {
	if t == nil || t.Type == "" {
		return nil
	}
	out := &policyTrigger{Type: types.StringValue(t.Type), Cron: types.StringNull()}
	if t.Type == "scheduled" && t.TriggerSettings != nil {
		out.Cron = textOrNull(t.TriggerSettings.Cron)
	}
	return out
}

func filterFromAPI(f *models.ReplicationFilter) (policyFilter, error) {
	out := policyFilter{Type: types.StringValue(f.Type), Decoration: textOrNull(f.Decoration), Value: types.StringNull()}
	switch value := f.Value.(type) {
	case string:
		out.Value = types.StringValue(value)
	case []any:
		for _, item := range value {
			text, isText := item.(string)
			if !isText {
				return out, fmt.Errorf("its value holds a %T, not only texts", item)
			}
			out.Values = append(out.Values, types.StringValue(text))
		}
	default:
		return out, fmt.Errorf("its value is a %T, neither text nor a list", f.Value)
	}
	return out, nil
}
