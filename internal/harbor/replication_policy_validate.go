package harbor

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/robfig/cron/v3"
)

// ValidateConfig implements resource.ResourceWithValidateConfig: the rules
// between attributes.
func (r *policyResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	diags := &resp.Diagnostics
	trigger := path.Root("trigger")
	kind := text(ctx, req.Config, trigger.AtName("type"), diags)
	schedule := text(ctx, req.Config, trigger.AtName("cron"), diags)
	switch {
	case kind.IsUnknown() || schedule.IsUnknown() || kind.IsNull():
	case kind.ValueString() == "scheduled" && schedule.IsNull():
		diags.AddAttributeError(trigger.AtName("cron"), "Missing schedule", "A trigger of type \"scheduled\" needs `cron`.")
	case kind.ValueString() != "scheduled" && !schedule.IsNull():
		diags.AddAttributeError(trigger.AtName("cron"), "Schedule without use",
			fmt.Sprintf("A trigger of type %q has no schedule. Remove `cron`, or make the type \"scheduled\".", kind.ValueString()))
	}
	if kind.ValueString() == "event_based" {
		validateEventBased(ctx, req.Config, diags)
	}
	validateFilters(ctx, req.Config, diags)
}

func validateEventBased(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) {
	var single types.Bool
	diags.Append(config.GetAttribute(ctx, path.Root("single_active_replication"), &single)...)
	if single.ValueBool() {
		diags.AddAttributeError(path.Root("single_active_replication"), "Not for this trigger",
			"Harbor refuses `single_active_replication` for a policy whose trigger is \"event_based\".")
	}
	var source types.Int64
	diags.Append(config.GetAttribute(ctx, path.Root("src_registry_id"), &source)...)
	if !source.IsNull() {
		diags.AddAttributeWarning(path.Root("trigger").AtName("type"), "The policy will never run by itself",
			"Harbor sees pushes to itself only, so an \"event_based\" policy that pulls is never triggered. Use \"scheduled\" or \"manual\".")
	}
}

// validateFilters checks that each filter has the kind of value its type needs.
func validateFilters(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) {
	var filters types.List
	diags.Append(config.GetAttribute(ctx, path.Root("filters"), &filters)...)
	for i := range filters.Elements() {
		at := path.Root("filters").AtListIndex(i)
		kind := text(ctx, config, at.AtName("type"), diags)
		value := text(ctx, config, at.AtName("value"), diags)
		var labels types.List
		diags.Append(config.GetAttribute(ctx, at.AtName("values"), &labels)...)
		if kind.IsUnknown() || kind.IsNull() {
			continue
		}
		needs, has, other, hasOther := "value", attr.Value(value), "values", attr.Value(labels)
		if kind.ValueString() == "label" {
			needs, has, other, hasOther = other, hasOther, needs, has
		}
		if has.IsNull() {
			diags.AddAttributeError(at.AtName(needs), "Missing value", fmt.Sprintf("A filter of type %q needs `%s`.", kind.ValueString(), needs))
		}
		if !hasOther.IsNull() {
			diags.AddAttributeError(at.AtName(other), "Wrong kind of value",
				fmt.Sprintf("A filter of type %q has its value in `%s`.", kind.ValueString(), needs))
		}
		resource := value.ValueString()
		if kind.ValueString() == "resource" && resource != "" && resource != "image" && resource != "artifact" {
			diags.AddAttributeError(at.AtName("value"), "Unknown kind of resource",
				fmt.Sprintf("A filter of type \"resource\" takes \"image\" or \"artifact\", not %q.", resource))
		}
	}
}

func text(ctx context.Context, config tfsdk.Config, at path.Path, diags *diag.Diagnostics) types.String {
	var v types.String
	diags.Append(config.GetAttribute(ctx, at, &v)...)
	return v
}

// cronValidator holds a schedule to what Harbor takes.
type cronValidator struct{}

// Description implements validator.String.
func (cronValidator) Description(context.Context) string {
	return "must be a schedule of six fields, the first one 0"
}

// MarkdownDescription implements validator.String.
func (v cronValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements validator.String.
func (cronValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := checkCron(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid schedule", err.Error())
	}
}

// cronParser is the one of Harbor's job service.
var cronParser = cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

func checkCron(schedule string) error {
	fields := strings.Fields(schedule)
	switch {
	case len(fields) == 5:
		return fmt.Errorf("%q has five fields, and Harbor wants six: second, minute, hour, day of the month, month and day of the week. "+
			"Put the second in front: \"0 %s\"", schedule, strings.Join(fields, " "))
	case len(fields) != 6:
		return fmt.Errorf("%q is not a schedule of six fields: second, minute, hour, day of the month, month and day of the week, "+
			"such as \"0 0 2 * * *\"", schedule)
	case fields[0] != "0":
		return fmt.Errorf("the first field of %q is the second, which Harbor takes only as \"0\"", schedule)
	case fields[1] == "*":
		return fmt.Errorf("the second field of %q is the minute, for which Harbor refuses \"*\": name minutes, or use \"*/5\"", schedule)
	}
	if _, err := cronParser.Parse(schedule); err != nil {
		return fmt.Errorf("%q is not a schedule: %w", schedule, err)
	}
	return nil
}
