package harbor

import (
	"fmt"

	"github.com/goharbor/go-client/pkg/sdk/v2.0/models"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
)

type policy struct {
	ID                        types.Int64  `tfsdk:"id"`
	Name                      types.String `tfsdk:"name"`
	Description               types.String `tfsdk:"description"`
	SrcRegistryID             types.Int64  `tfsdk:"src_registry_id"`
	DestRegistryID            types.Int64  `tfsdk:"dest_registry_id"`
	DestNamespace             types.String `tfsdk:"dest_namespace"`
	DestNamespaceReplaceCount types.Int64  `tfsdk:"dest_namespace_replace_count"`
	Filters                   types.List   `tfsdk:"filters"`
	Trigger                   types.Object `tfsdk:"trigger"`
	Enabled                   types.Bool   `tfsdk:"enabled"`
	Override                  types.Bool   `tfsdk:"override"`
	Deletion                  types.Bool   `tfsdk:"deletion"`
	Speed                     types.Int64  `tfsdk:"speed"`
	CopyByChunk               types.Bool   `tfsdk:"copy_by_chunk"`
	SingleActiveReplication   types.Bool   `tfsdk:"single_active_replication"`
}

type policyFilter struct {
	Type, Value, Decoration types.String
	Values                  types.List
}

var filterType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"type": types.StringType, "value": types.StringType, "values": types.ListType{ElemType: types.StringType}, "decoration": types.StringType,
}}

type policyTrigger struct{ Type, Cron types.String }

var triggerType = map[string]attr.Type{"type": types.StringType, "cron": types.StringType}

// filters are the filters as far as they are known: each of them may still be unknown.
func (m *policy) filters() []policyFilter {
	out := make([]policyFilter, len(m.Filters.Elements()))
	for i, e := range m.Filters.Elements() {
		o, _ := e.(types.Object)
		f := policyFilter{
			Type: textOf(o, "type"), Value: textOf(o, "value"), Decoration: textOf(o, "decoration"), Values: types.ListUnknown(types.StringType),
		}
		if values, known := o.Attributes()["values"].(types.List); known {
			f.Values = values
		}
		out[i] = f
	}
	return out
}

// trigger is the trigger; its parts are unknown where it is.
func (m *policy) trigger() policyTrigger {
	return policyTrigger{Type: textOf(m.Trigger, "type"), Cron: textOf(m.Trigger, "cron")}
}

// textOf is a text in an object: unknown in an unknown one, null in none.
func textOf(o types.Object, name string) types.String {
	if text, ok := o.Attributes()[name].(types.String); ok {
		return text
	}
	if o.IsUnknown() {
		return types.StringUnknown()
	}
	return types.StringNull()
}

func (m *policy) toAPI() harborapi.ReplicationPolicy {
	replaceCount := int8(m.DestNamespaceReplaceCount.ValueInt64())
	speed := int32(m.Speed.ValueInt64())
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
	for _, f := range m.filters() {
		p.Filters = append(p.Filters, f.toAPI())
	}
	if !m.Trigger.IsNull() {
		t := m.trigger()
		p.Trigger = &models.ReplicationTrigger{Type: t.Type.ValueString()}
		if !t.Cron.IsNull() {
			p.Trigger.TriggerSettings = &models.ReplicationTriggerSettings{Cron: t.Cron.ValueString()}
		}
	}
	return p
}

func registryRef(id types.Int64) *models.Registry { return &models.Registry{ID: id.ValueInt64()} }

func (f policyFilter) toAPI() *models.ReplicationFilter {
	out := &models.ReplicationFilter{Type: f.Type.ValueString(), Decoration: f.Decoration.ValueString(), Value: f.Value.ValueString()}
	if f.Type.ValueString() == "label" {
		labels := []any{}
		for _, v := range f.Values.Elements() {
			if label, isText := v.(types.String); isText {
				labels = append(labels, label.ValueString())
			}
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
	m.Filters = types.ListNull(filterType)
	filters := make([]attr.Value, len(p.Filters))
	for i, f := range p.Filters {
		filter, err := filterFromAPI(f)
		if err != nil {
			return fmt.Errorf("filter %d of policy %q: %w", i+1, p.Name, err)
		}
		filters[i] = filter
	}
	if len(filters) > 0 {
		m.Filters = types.ListValueMust(filterType, filters)
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
func triggerFromAPI(t *models.ReplicationTrigger) types.Object {
	if t == nil || t.Type == "" {
		return types.ObjectNull(triggerType)
	}
	cron := types.StringNull()
	if t.Type == "scheduled" && t.TriggerSettings != nil {
		cron = textOrNull(t.TriggerSettings.Cron)
	}
	return types.ObjectValueMust(triggerType, map[string]attr.Value{"type": types.StringValue(t.Type), "cron": cron})
}

func filterFromAPI(f *models.ReplicationFilter) (types.Object, error) {
	text, labels := types.StringNull(), types.ListNull(types.StringType)
	switch value := f.Value.(type) {
	case string:
		text = types.StringValue(value)
	case []any:
		all := make([]attr.Value, len(value))
		for i, item := range value {
			label, isText := item.(string)
			if !isText {
				return types.Object{}, fmt.Errorf("its value holds a %T, not only texts", item)
			}
			all[i] = types.StringValue(label)
		}
		labels = types.ListValueMust(types.StringType, all)
	default:
		return types.Object{}, fmt.Errorf("its value is a %T, neither text nor a list", f.Value)
	}
	return types.ObjectValueMust(filterType.AttrTypes, map[string]attr.Value{
		"type": types.StringValue(f.Type), "value": text, "values": labels, "decoration": textOrNull(f.Decoration),
	}), nil
}
