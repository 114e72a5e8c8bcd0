package harbor

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
)

// NewProjectDataSource reads a Harbor project by its name.
var NewProjectDataSource = crud.NewData(crud.DataSpec[projectData, *harborapi.Client]{
	Name: "harbor_project", Client: (*clients.Set).Harbor, Schema: projectDataSchema, Read: readProjectData,
})

type projectData struct {
	project

	OwnerName types.String `tfsdk:"owner_name"`
	RepoCount types.Int64  `tfsdk:"repo_count"`
}

func projectDataSchema(context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A Harbor project that something else manages.",
		Attributes: map[string]schema.Attribute{
			"name":           schema.StringAttribute{Required: true, MarkdownDescription: "Name of the project."},
			"project_id":     schema.Int64Attribute{Computed: true, MarkdownDescription: "Number that Harbor gives the project."},
			"owner_name":     schema.StringAttribute{Computed: true, MarkdownDescription: "Account that made the project."},
			"repo_count":     schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of repositories in the project."},
			"public":         schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether anyone may pull."},
			"storage_limit":  schema.Int64Attribute{Computed: true, MarkdownDescription: "Storage quota in bytes, `-1` for unlimited; null when there is none."},
			"registry_id":    schema.Int64Attribute{Computed: true, MarkdownDescription: "Id of the registry that the project is a proxy cache of."},
			"proxy_speed_kb": schema.Int64Attribute{Computed: true, MarkdownDescription: "Bandwidth of a proxy cache in KB/s, `-1` for unlimited."},
			"max_upstream_conn": schema.Int64Attribute{
				Computed: true, MarkdownDescription: "Most connections of a proxy cache to its registry (Harbor 2.15).",
			},
			"proxy_cache_local_on_not_found": schema.BoolAttribute{
				Computed: true, MarkdownDescription: "Whether a proxy cache serves what it has when the registry no longer has it (Harbor 2.15).",
			},
			"auto_scan":            schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether images are scanned for vulnerabilities on push."},
			"auto_sbom_generation": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether a software bill of materials is made on push."},
			"prevent_vul": schema.BoolAttribute{
				Computed: true, MarkdownDescription: "Whether images with vulnerabilities of `severity` or above cannot be pulled.",
			},
			"severity":             schema.StringAttribute{Computed: true, MarkdownDescription: "Severity that `prevent_vul` starts at."},
			"enable_content_trust": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether only images signed with Notation can be pulled."},
			"enable_content_trust_cosign": schema.BoolAttribute{
				Computed: true, MarkdownDescription: "Whether only images signed with Cosign can be pulled.",
			},
			"reuse_sys_cve_allowlist": schema.BoolAttribute{
				Computed: true, MarkdownDescription: "Whether the allowlist of the system is used instead of `cve_allowlist`.",
			},
			"cve_allowlist": schema.SingleNestedAttribute{
				Computed: true, MarkdownDescription: "Vulnerabilities that `prevent_vul` overlooks in this project.",
				Attributes: map[string]schema.Attribute{
					"items": schema.SetAttribute{
						Computed: true, ElementType: types.StringType, MarkdownDescription: "Ids of the vulnerabilities.",
					},
					"expires_at": schema.StringAttribute{
						Computed: true, CustomType: timetypes.RFC3339Type{}, MarkdownDescription: "When the list ends to count; never when null.",
					},
				},
			},
		},
	}
}

func readProjectData(ctx context.Context, c *harborapi.Client, m *projectData) error {
	p, err := c.Project(ctx, m.Name.ValueString())
	if err != nil {
		return err
	}
	m.fromAPI(p, true)
	m.OwnerName = types.StringValue(p.OwnerName)
	m.RepoCount = types.Int64Value(p.RepoCount)
	limit, err := c.StorageLimit(ctx, p.Name)
	m.StorageLimit = types.Int64PointerValue(limit)
	return err
}
