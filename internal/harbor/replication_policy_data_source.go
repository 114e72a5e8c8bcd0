package harbor

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
)

// newReplicationPolicyData reads a replication policy by its name.
var newReplicationPolicyData = crud.NewData(crud.DataSpec[policy, *harborapi.Client]{
	Name: "harbor_replication_policy", Client: (*clients.Set).Harbor, Schema: policyDataSchema, Read: readPolicyData,
})

func policyDataSchema(ctx context.Context) schema.Schema {
	attributes := crud.Computed(policySchema(ctx).Attributes)
	attributes["name"] = schema.StringAttribute{Required: true, MarkdownDescription: "Name of the policy."}
	return schema.Schema{MarkdownDescription: "A replication policy of Harbor that something else manages.", Attributes: attributes}
}

func readPolicyData(ctx context.Context, c *harborapi.Client, m *policy) error {
	p, err := c.ReplicationPolicies.Named(ctx, m.Name.ValueString())
	if err != nil {
		return missing("replication policy", m.Name.ValueString(), err)
	}
	return m.fromAPI(p)
}
