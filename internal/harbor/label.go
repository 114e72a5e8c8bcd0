package harbor

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	data "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
)

// Label manages a label that images are marked with.
var Label = crud.Spec[label, *harborapi.Client]{
	Name: "harbor_label", Identity: []string{"id"},
	Client: (*clients.Set).Harbor, Schema: labelSchema,
	Rights: "The account in the provider's `harbor` block has to be a system administrator, or for the labels of a project an " +
		"administrator or maintainer of the project, or a robot with `label` create, read, update, delete and list there.",
	Create: createLabel, Read: readLabel, Update: updateLabel, Delete: deleteLabel, Import: importLabel,
	List: &crud.Listing[label, *harborapi.Client]{
		Within: []string{"project_id"}, Title: func(m *label) string { return m.Name.ValueString() },
		Each: each(func(ctx context.Context, c *harborapi.Client, within *label) ([]*harborapi.Label, error) {
			return c.Labels.In(within.ProjectID.ValueInt64()).All(ctx) // without a project those for all
		}, in((*label).fromAPI)),
	},
}.Kind(newLabelData)

// newLabelData reads a label by its name.
var newLabelData = crud.NewData(crud.DataSpec[label, *harborapi.Client]{
	Name: "harbor_label", Client: (*clients.Set).Harbor, Schema: labelDataSchema,
	Read: func(ctx context.Context, c *harborapi.Client, m *label) error {
		l, err := c.Labels.In(m.ProjectID.ValueInt64()).Named(ctx, m.Name.ValueString())
		if err != nil {
			return missing("label", m.Name.ValueString(), err)
		}
		m.fromAPI(l)
		return nil
	},
})

type label struct {
	ID          types.Int64  `tfsdk:"id"`
	Name        types.String `tfsdk:"name"`
	Description types.String `tfsdk:"description"`
	Color       types.String `tfsdk:"color"`
	ProjectID   types.Int64  `tfsdk:"project_id"`
}

var color = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

func labelSchema(context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A label that images are marked with, in all projects of Harbor or in one.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("label"),
			"name": schema.StringAttribute{
				Required: true, MarkdownDescription: "Name of the label, unique in its project or among those for all projects, up to 128 bytes.",
				Validators: []validator.String{stringvalidator.LengthBetween(1, 128)},
			},
			"description": descriptionAttribute("label"),
			"color": schema.StringAttribute{
				Optional: true, MarkdownDescription: "Colour of the label, such as `#48960C`. Without it Harbor shows its own.",
				Validators: []validator.String{stringvalidator.RegexMatches(color, "must be a colour such as #48960C")},
			},
			"project_id": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "Number of the project that the label is of, such as `onprem_harbor_project.team1.project_id`. Without it the label " +
					"is for all projects. Changing it makes a new label.",
				PlanModifiers: []planmodifier.Int64{int64planmodifier.RequiresReplace()},
				Validators:    []validator.Int64{int64validator.AtLeast(1)},
			},
		},
	}
}

func labelDataSchema(ctx context.Context) data.Schema {
	attributes := crud.Computed(labelSchema(ctx).Attributes)
	attributes["name"] = data.StringAttribute{Required: true, MarkdownDescription: "Name of the label."}
	attributes["project_id"] = data.Int64Attribute{
		Optional: true, MarkdownDescription: "Number of the project that the label is of. Without it, a label for all projects.",
	}
	return data.Schema{MarkdownDescription: "A label of Harbor that something else manages.", Attributes: attributes}
}

func createLabel(ctx context.Context, c *harborapi.Client, ch crud.Change[label]) error {
	id, err := c.Labels.In(ch.Plan.ProjectID.ValueInt64()).Create(ctx, ch.Plan.toAPI())
	ch.Plan.ID = types.Int64Value(id)
	var project *harborapi.ProjectError
	if errors.As(err, &project) {
		return crud.At(path.Root("project_id"), err)
	}
	return err
}

// readLabel takes the label of a project that is gone for gone: Harbor keeps it.
func readLabel(ctx context.Context, c *harborapi.Client, m *label) error {
	l, err := c.Labels.In(m.ProjectID.ValueInt64()).Get(ctx, m.ID.ValueInt64())
	if err != nil {
		return err
	}
	m.fromAPI(l)
	if l.ProjectID != 0 {
		_, err = c.ProjectByID(ctx, l.ProjectID)
	}
	return err
}

func updateLabel(ctx context.Context, c *harborapi.Client, ch crud.Change[label]) error {
	return c.Labels.In(ch.Plan.ProjectID.ValueInt64()).Update(ctx, ch.Plan.ID.ValueInt64(), ch.Plan.toAPI())
}

func deleteLabel(ctx context.Context, c *harborapi.Client, m *label) error {
	return c.Labels.In(m.ProjectID.ValueInt64()).Delete(ctx, m.ID.ValueInt64())
}

// importLabel takes digits for an id, project/name for the label of a project,
// and everything else for the name of a label of all projects.
func importLabel(ctx context.Context, c *harborapi.Client, id string, m *label) error {
	if n, err := strconv.ParseInt(id, 10, 64); err == nil {
		m.ID = types.Int64Value(n)
		return nil
	}
	in, name := c.Labels, id
	if project, rest, found := strings.Cut(id, "/"); found {
		p, err := c.Project(ctx, project)
		if err != nil {
			return err
		}
		in, name = c.Labels.In(int64(p.ProjectID)), rest
	}
	l, err := in.Named(ctx, name)
	if err != nil {
		return err
	}
	m.fromAPI(l)
	return nil
}

func (m *label) toAPI() *harborapi.Label {
	return &harborapi.Label{Name: m.Name.ValueString(), Description: m.Description.ValueString(), Color: m.Color.ValueString()}
}

func (m *label) fromAPI(l *harborapi.Label) {
	m.ID, m.Name = types.Int64Value(l.ID), types.StringValue(l.Name)
	m.Description, m.Color = textOrNull(l.Description), textOrNull(l.Color)
	m.ProjectID = types.Int64Null()
	if l.ProjectID != 0 {
		m.ProjectID = types.Int64Value(l.ProjectID)
	}
}
