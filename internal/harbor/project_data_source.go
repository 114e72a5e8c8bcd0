package harbor

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
)

// newProjectData reads a Harbor project by its name.
var newProjectData = crud.NewData(crud.DataSpec[projectData, *harborapi.Client]{
	Name: "harbor_project", Client: (*clients.Set).Harbor, Schema: projectDataSchema, Read: readProjectData,
})

type projectData struct {
	project

	OwnerName types.String `tfsdk:"owner_name"`
	RepoCount types.Int64  `tfsdk:"repo_count"`
}

func projectDataSchema(ctx context.Context) schema.Schema {
	attributes := crud.Computed(projectSchema(ctx).Attributes)
	attributes["name"] = schema.StringAttribute{Required: true, MarkdownDescription: "Name of the project."}
	attributes["owner_name"] = schema.StringAttribute{Computed: true, MarkdownDescription: "Account that made the project."}
	attributes["repo_count"] = schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of repositories in the project."}
	return schema.Schema{MarkdownDescription: "A Harbor project that something else manages.", Attributes: attributes}
}

func readProjectData(ctx context.Context, c *harborapi.Client, m *projectData) error {
	p, err := c.Project(ctx, m.Name.ValueString())
	if err != nil {
		return missing("project", m.Name.ValueString(), err)
	}
	m.fromAPI(p, true)
	m.OwnerName = types.StringValue(p.OwnerName)
	m.RepoCount = types.Int64Value(p.RepoCount)
	limit, err := c.StorageLimit(ctx, p.Name)
	m.StorageLimit = types.Int64PointerValue(limit)
	return err
}
