package harbor

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/robfig/cron/v3"
)

// check has the rules between attributes.
func (m *policy) check(diags *diag.Diagnostics) {
	at := path.Root("trigger")
	t := m.trigger()
	switch {
	case m.Trigger.IsNull() || t.Type.IsUnknown() || t.Cron.IsUnknown():
	case t.Type.ValueString() == "scheduled" && t.Cron.IsNull():
		diags.AddAttributeError(at.AtName("cron"), "Missing schedule", "A trigger of type \"scheduled\" needs `cron`.")
	case t.Type.ValueString() != "scheduled" && !t.Cron.IsNull():
		diags.AddAttributeError(at.AtName("cron"), "Schedule without use",
			fmt.Sprintf("A trigger of type %q has no schedule. Remove `cron`, or make the type \"scheduled\".", t.Type.ValueString()))
	}
	if t.Type.ValueString() == "event_based" {
		m.checkEventBased(diags)
	}
	for i, f := range m.filters() {
		f.check(path.Root("filters").AtListIndex(i), diags)
	}
}

func (m *policy) checkEventBased(diags *diag.Diagnostics) {
	if m.SingleActiveReplication.ValueBool() {
		diags.AddAttributeError(path.Root("single_active_replication"), "Not for this trigger",
			"Harbor refuses `single_active_replication` for a policy whose trigger is \"event_based\".")
	}
	if !m.SrcRegistryID.IsNull() {
		diags.AddAttributeWarning(path.Root("trigger").AtName("type"), "The policy will never run by itself",
			"Harbor sees pushes to itself only, so an \"event_based\" policy that pulls is never triggered. Use \"scheduled\" or \"manual\".")
	}
}

// check wants the kind of value that the filter's type needs.
func (f policyFilter) check(at path.Path, diags *diag.Diagnostics) {
	kind := f.Type.ValueString()
	if kind == "" {
		return // unknown, or said by the attribute's own validator
	}
	needs, has, other, hasOther := "value", attr.Value(f.Value), "values", attr.Value(f.Values)
	if kind == "label" {
		needs, has, other, hasOther = other, hasOther, needs, has
	}
	if has.IsNull() {
		diags.AddAttributeError(at.AtName(needs), "Missing value", fmt.Sprintf("A filter of type %q needs `%s`.", kind, needs))
	}
	if !hasOther.IsNull() {
		diags.AddAttributeError(at.AtName(other), "Wrong kind of value", fmt.Sprintf("A filter of type %q has its value in `%s`.", kind, needs))
	}
	resource := f.Value.ValueString()
	if kind == "resource" && resource != "" && resource != "image" && resource != "artifact" {
		diags.AddAttributeError(at.AtName("value"), "Unknown kind of resource",
			fmt.Sprintf("A filter of type \"resource\" takes \"image\" or \"artifact\", not %q.", resource))
	}
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
