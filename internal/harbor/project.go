package harbor

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/boolvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
)

// Project manages a Harbor project: the namespace that holds repositories.
var Project = crud.Spec[project, *harborapi.Client]{
	Name: "harbor_project", Identity: []string{"name"},
	Client: (*clients.Set).Harbor, Schema: projectSchema,
	Rights: "The account in the provider's `harbor` block has to be one of these:\n\n" +
		"- a system administrator;\n" +
		"- a system robot with `project` create and list and `quota` read, list and update, and on all projects " +
		"`project` read, update and delete, all of `metadata`, and `quota` read;\n" +
		"- any person, where the system lets everyone create projects: without `storage_limit` and `registry_id`, which are for " +
		"the two others. Harbor makes who creates a project its first administrator.",
	Create: createProject, Read: readProject, Update: updateProject, Delete: deleteProject,
	List: &crud.Listing[project, *harborapi.Client]{
		Partly: true, // Harbor lists quotas apart
		Each: each(func(ctx context.Context, c *harborapi.Client, _ *project) ([]*harborapi.Project, error) {
			return c.Projects(ctx)
		}, in(func(m *project, p *harborapi.Project) { m.Name = types.StringValue(p.Name) })),
	},
}.Kind(newProjectData)

// maxStorage is the largest quota Harbor takes: 1024 TiB.
const maxStorage = 1 << 50

var projectName = regexp.MustCompile(`^[a-z0-9]+(?:[._-][a-z0-9]+)*$`)

func projectSchema(context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A Harbor project: the namespace that holds repositories, with its quota, its security settings and, for a " +
			"proxy cache, the registry it stands for. Harbor deletes a project only when it holds no repositories.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "Name of the project: up to 255 lower case letters and digits, with single `.`, `_` or `-` between them. " +
					"Changing it makes a new project.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
				Validators: []validator.String{
					stringvalidator.LengthBetween(1, 255),
					stringvalidator.RegexMatches(projectName, "must be lower case letters and digits, with single \".\", \"_\" or \"-\" between them"),
				},
			},
			"project_id": schema.Int64Attribute{
				Computed: true, MarkdownDescription: "Number that Harbor gives the project.",
				PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()},
			},
			"public": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether anyone may pull. Defaults to `false`.",
			},
			"storage_limit": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "Storage quota in bytes, `-1` for unlimited, at most 2^50 (1024 TiB). Only a system administrator may set it. " +
					"Without it the project gets Harbor's default and its quota is not looked at; when it is removed the quota becomes the default.",
				Validators: []validator.Int64{int64validator.Any(int64validator.OneOf(-1), int64validator.Between(1, maxStorage))},
			},
			"registry_id": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "Id of the registry that the project is a proxy cache of, such as `onprem_harbor_registry.dockerhub.id`. " +
					"Changing it makes a new project.",
				PlanModifiers: []planmodifier.Int64{int64planmodifier.RequiresReplace()},
				Validators:    []validator.Int64{int64validator.AtLeast(1)},
			},
			"proxy_speed_kb": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "Bandwidth of a proxy cache in KB/s, `-1` for unlimited, which is also the default. Needs `registry_id`.",
				Validators:          []validator.Int64{int64validator.Any(int64validator.OneOf(-1), int64validator.AtLeast(1)), needsRegistry()},
			},
			"max_upstream_conn": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "Most connections of a proxy cache to its registry. Unlimited by default. Needs `registry_id`, and Harbor 2.15.",
				Validators:          []validator.Int64{int64validator.Any(int64validator.OneOf(-1), int64validator.AtLeast(1)), needsRegistry()},
			},
			"proxy_cache_local_on_not_found": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether a proxy cache serves what it has when the registry no longer has it. Defaults to `false`. " +
					"Needs `registry_id`, and Harbor 2.15.",
				Validators: []validator.Bool{boolvalidator.AlsoRequires(path.MatchRoot("registry_id"))},
			},
			"auto_scan":            flag("Whether images are scanned for vulnerabilities on push. Defaults to `false`."),
			"auto_sbom_generation": flag("Whether a software bill of materials is made on push. Defaults to `false`."),
			"prevent_vul":          flag("Whether images with vulnerabilities of `severity` or above cannot be pulled. Defaults to `false`."),
			"severity": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Severity that `prevent_vul` starts at: `none`, `low`, `medium`, `high` or `critical`.",
				Validators:          []validator.String{stringvalidator.OneOf("none", "low", "medium", "high", "critical")},
			},
			"enable_content_trust": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Whether only images signed with Notation can be pulled. Defaults to `false`. Not for a proxy cache.",
				Validators:          []validator.Bool{boolvalidator.ConflictsWith(path.MatchRoot("registry_id"))},
			},
			"enable_content_trust_cosign": flag("Whether only images signed with Cosign can be pulled. Defaults to `false`."),
			"reuse_sys_cve_allowlist":     flag("Whether the allowlist of the system is used instead of `cve_allowlist`. Defaults to `false`."),
			"cve_allowlist": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Vulnerabilities that `prevent_vul` overlooks in this project.",
				Attributes: map[string]schema.Attribute{
					"items": schema.SetAttribute{
						Required: true, ElementType: types.StringType,
						MarkdownDescription: "Ids of the vulnerabilities (Harbor's `cve_id`), such as `CVE-2026-0001`; at least one.",
						Validators: []validator.Set{
							setvalidator.SizeAtLeast(1), setvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1)),
						},
					},
					"expires_at": schema.StringAttribute{
						Optional: true, CustomType: timetypes.RFC3339Type{},
						MarkdownDescription: "When the list ends to count, as `2030-12-31T00:00:00Z` with whole seconds. Never by default.",
						Validators:          []validator.String{wholeSeconds{}},
					},
				},
			},
		},
	}
}

func flag(description string) schema.BoolAttribute {
	return schema.BoolAttribute{Optional: true, MarkdownDescription: description}
}

func needsRegistry() validator.Int64 {
	return int64validator.AlsoRequires(path.MatchRoot("registry_id"))
}

func createProject(ctx context.Context, c *harborapi.Client, ch crud.Change[project]) error {
	m := ch.Plan
	if err := supportsProject(ctx, c, m); err != nil {
		return err
	}
	if err := c.CreateProject(ctx, m.toAPI()); err != nil {
		return err
	}
	return crud.Incomplete(completeProject(ctx, c, m))
}

// completeProject does what a create cannot: Harbor ignores the allowlist in
// it, and says nothing when it ignores the quota.
func completeProject(ctx context.Context, c *harborapi.Client, m *project) error {
	name := m.Name.ValueString()
	if !m.CVEAllowlist.IsNull() {
		if err := c.UpdateProject(ctx, name, harborapi.ProjectUpdate{Allowlist: m.allowlist().toAPI()}); err != nil {
			return err
		}
	}
	if m.StorageLimit.IsNull() {
		return nil
	}
	limit, err := c.StorageLimit(ctx, name)
	if err != nil {
		return err
	}
	if limit == nil || *limit != m.StorageLimit.ValueInt64() {
		return crud.At(path.Root("storage_limit"), &api.Error{
			System: "harbor", Message: fmt.Sprintf("the project %q was made, but its storage quota was not set as asked", name),
			Advice: "Harbor heeds `storage_limit` only from a system administrator, and only while quotas per project are turned on " +
				"(`quota_per_project_enable`). Use such an account, or remove `storage_limit`.",
		})
	}
	c.KeepStorageLimit(name, limit)
	return nil
}

// supportsProject refuses what an older Harbor would drop without a word.
func supportsProject(ctx context.Context, c *harborapi.Client, m *project) error {
	if !m.MaxUpstreamConn.IsNull() {
		return crud.At(path.Root("max_upstream_conn"), c.Require(ctx, 2, 15, "max_upstream_conn"))
	}
	if !m.ProxyCacheLocalOnNotFound.IsNull() {
		return crud.At(path.Root("proxy_cache_local_on_not_found"), c.Require(ctx, 2, 15, "proxy_cache_local_on_not_found"))
	}
	return nil
}

func readProject(ctx context.Context, c *harborapi.Client, m *project) error {
	imported := m.ProjectID.IsNull()
	p, err := c.Project(ctx, m.Name.ValueString())
	if err != nil {
		return err
	}
	m.fromAPI(p, imported)
	if !imported && m.StorageLimit.IsNull() {
		return nil // not ours to look at
	}
	limit, err := c.StorageLimit(ctx, p.Name)
	if err != nil {
		return err
	}
	m.StorageLimit = types.Int64PointerValue(limit)
	if imported && m.StorageLimit.ValueInt64() == -1 {
		m.StorageLimit = types.Int64Null() // what a project has that nobody gave a quota
	}
	return nil
}

func updateProject(ctx context.Context, c *harborapi.Client, ch crud.Change[project]) error {
	m, prior := ch.Plan, ch.Prior
	if err := supportsProject(ctx, c, m); err != nil {
		return err
	}
	u := harborapi.ProjectUpdate{}
	u.Metadata, u.Remove = harborapi.MetadataOf(prior.metadata(), m.metadata())
	if is, was := m.allowlist(), prior.allowlist(); !slices.Equal(is.items, was.items) || !is.expires().Equal(was.expires()) {
		u.Allowlist = is.toAPI()
	}
	name := m.Name.ValueString()
	if err := c.UpdateProject(ctx, name, u); err != nil {
		return err
	}
	if m.StorageLimit.Equal(prior.StorageLimit) {
		return nil
	}
	return crud.At(path.Root("storage_limit"), c.SetStorageLimit(ctx, name, m.StorageLimit.ValueInt64Pointer()))
}

func deleteProject(ctx context.Context, c *harborapi.Client, m *project) error {
	return c.DeleteProject(ctx, m.Name.ValueString())
}
