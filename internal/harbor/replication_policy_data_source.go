package harbor

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
)

// NewReplicationPolicyDataSource reads a replication policy by its name.
var NewReplicationPolicyDataSource = crud.NewData(crud.DataSpec[policy, *harborapi.Client]{
	Name: "harbor_replication_policy", Client: (*clients.Set).Harbor, Schema: policyDataSchema, Read: readPolicyData,
})

func policyDataSchema(context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A replication policy of Harbor that something else manages.",
		Attributes: map[string]schema.Attribute{
			"name":             schema.StringAttribute{Required: true, MarkdownDescription: "Name of the policy."},
			"id":               schema.Int64Attribute{Computed: true, MarkdownDescription: "Number that Harbor gives the policy."},
			"description":      schema.StringAttribute{Computed: true, MarkdownDescription: "What the policy is for."},
			"src_registry_id":  schema.Int64Attribute{Computed: true, MarkdownDescription: "Id of the registry it pulls from; null for Harbor itself."},
			"dest_registry_id": schema.Int64Attribute{Computed: true, MarkdownDescription: "Id of the registry it pushes to; null for Harbor itself."},
			"dest_namespace":   schema.StringAttribute{Computed: true, MarkdownDescription: "Namespace that copies go to."},
			"dest_namespace_replace_count": schema.Int64Attribute{
				Computed: true, MarkdownDescription: "How many leading parts of the repository's path `dest_namespace` replaces; `-1` for all but the last one.",
			},
			"filters": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "What is copied: artifacts that all filters let through.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"type":       schema.StringAttribute{Computed: true, MarkdownDescription: "What is looked at: `name`, `tag`, `label` or `resource`."},
					"value":      schema.StringAttribute{Computed: true, MarkdownDescription: "Pattern, or kind of resource."},
					"values":     schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Labels of a `label` filter."},
					"decoration": schema.StringAttribute{Computed: true, MarkdownDescription: "Whether the filter `matches` or `excludes`."},
				}},
			},
			"trigger": schema.SingleNestedAttribute{
				Computed: true, MarkdownDescription: "When the policy runs; null for only by hand.",
				Attributes: map[string]schema.Attribute{
					"type": schema.StringAttribute{Computed: true, MarkdownDescription: "`manual`, `scheduled` or `event_based`."},
					"cron": schema.StringAttribute{Computed: true, MarkdownDescription: "Schedule in six fields, seconds first."},
				},
			},
			"enabled":       schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the policy runs."},
			"override":      schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether artifacts of the same name at the destination are replaced."},
			"deletion":      schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether deletions are replicated as well."},
			"speed":         schema.Int64Attribute{Computed: true, MarkdownDescription: "Bandwidth of each task in KB/s; `0` for unlimited."},
			"copy_by_chunk": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether layers are copied in chunks."},
			"single_active_replication": schema.BoolAttribute{
				Computed: true, MarkdownDescription: "Whether a run is skipped while another one is under way (Harbor 2.15).",
			},
		},
	}
}

func readPolicyData(ctx context.Context, c *harborapi.Client, m *policy) error {
	p, err := c.ReplicationPolicyByName(ctx, m.Name.ValueString())
	if err != nil {
		return err
	}
	return m.fromAPI(p)
}
