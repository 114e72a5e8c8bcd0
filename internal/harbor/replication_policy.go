package harbor

import (
	"context"
	"math"
	"regexp"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
)

// ReplicationPolicy manages a replication policy: what is copied from or to
// another registry, and when.
var ReplicationPolicy = crud.Spec[policy, *harborapi.Client]{
	Name: "harbor_replication_policy", Identity: []string{"id"},
	Client: (*clients.Set).Harbor, Schema: policySchema, Check: (*policy).check,
	Rights: "The account in the provider's `harbor` block has to be a system administrator, or a system robot with all of " +
		"`replication-policy` and of `registry`.",
	Create: createPolicy, Read: readPolicy, Update: updatePolicy, Delete: deletePolicy, Import: importPolicy,
	List: &crud.Listing[policy, *harborapi.Client]{
		Title: func(m *policy) string { return m.Name.ValueString() },
		Each: each(func(ctx context.Context, c *harborapi.Client, _ *policy) ([]*harborapi.ReplicationPolicy, error) {
			return c.ReplicationPolicies.All(ctx)
		}, (*policy).fromAPI),
	},
}.Kind(newReplicationPolicyData)

// namespace is a path of repository name components, as Harbor wants it.
var namespace = regexp.MustCompile(`^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$`)

func policySchema(context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A replication policy: what Harbor copies from another registry (pull) or to one (push), and when. " +
			"Updates keep fields that this provider does not know yet.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("policy"),
			"name": schema.StringAttribute{
				Required: true, MarkdownDescription: "Name of the policy, unique.",
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"description": descriptionAttribute("policy"),
			"src_registry_id": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "Id of the registry to pull from (Harbor's `src_registry.id`); Harbor itself is then the destination. " +
					"Exactly one of this and `dest_registry_id` is needed.",
				Validators: []validator.Int64{
					int64validator.AtLeast(1), int64validator.ExactlyOneOf(path.MatchRoot("src_registry_id"), path.MatchRoot("dest_registry_id")),
				},
			},
			"dest_registry_id": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "Id of the registry to push to (Harbor's `dest_registry.id`); Harbor itself is then the source.",
				Validators:          []validator.Int64{int64validator.AtLeast(1)},
			},
			"dest_namespace": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Namespace (project) that copies go to. By default that of the source.",
				Validators: []validator.String{stringvalidator.RegexMatches(namespace,
					"must be lower case letters and digits, with \".\", \"_\" or \"-\" between them, in parts separated by \"/\"")},
			},
			"dest_namespace_replace_count": schema.Int64Attribute{
				Optional: true, Computed: true, Default: int64default.StaticInt64(-1),
				MarkdownDescription: "How many leading parts of the repository's path `dest_namespace` replaces: 0 to 127, or `-1` for all but the " +
					"last one, which is the default.",
				Validators: []validator.Int64{int64validator.Between(-1, math.MaxInt8)},
			},
			"filters": filtersAttribute(),
			"trigger": triggerAttribute(),
			"enabled": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(true),
				MarkdownDescription: "Whether the policy runs. Defaults to `true`.",
			},
			"override": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether artifacts of the same name at the destination are replaced. Defaults to `false`.",
			},
			"deletion": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether deletions are replicated as well (by `event_based` policies). Defaults to `false`.",
			},
			"speed": schema.Int64Attribute{
				Optional: true, Computed: true, Default: int64default.StaticInt64(0),
				MarkdownDescription: "Bandwidth of each task in KB/s; `0`, the default, for unlimited.",
				Validators:          []validator.Int64{int64validator.Between(0, math.MaxInt32)},
			},
			"copy_by_chunk": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether layers are copied in chunks, between two Harbors. Defaults to `false`.",
			},
			"single_active_replication": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether a run is skipped while another one of the policy is under way. Defaults to `false`. " +
					"Needs Harbor 2.15; not for `event_based` policies.",
			},
		},
	}
}

func filtersAttribute() schema.Attribute {
	return schema.ListNestedAttribute{
		Optional:            true,
		MarkdownDescription: "What is copied: artifacts that all filters let through, everything by default. The order is kept.",
		Validators:          []validator.List{listvalidator.SizeAtLeast(1)},
		NestedObject: schema.NestedAttributeObject{
			Attributes: map[string]schema.Attribute{
				"type": schema.StringAttribute{
					Required: true, MarkdownDescription: "What is looked at: `name` (of the repository), `tag`, `label` or `resource`.",
					Validators: []validator.String{stringvalidator.OneOf("name", "tag", "label", "resource")},
				},
				"value": schema.StringAttribute{
					Optional: true,
					MarkdownDescription: "Pattern such as `team1-prod/**` or `{v*.*.*,latest}`; for `resource` either `image` or `artifact`. " +
						"Needed by every type but `label`.",
				},
				"values": schema.ListAttribute{
					Optional: true, ElementType: types.StringType,
					MarkdownDescription: "Labels that an artifact must all have (Harbor's `value` of a `label` filter).",
					Validators: []validator.List{
						listvalidator.SizeAtLeast(1), listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1)),
					},
				},
				"decoration": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: "Whether the filter lets through what `matches`, or what it `excludes`. Matches by default.",
					Validators:          []validator.String{stringvalidator.OneOf("matches", "excludes")},
				},
			},
		},
	}
}

func triggerAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "When the policy runs. Only by hand when left out.",
		Attributes: map[string]schema.Attribute{
			"type": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "`manual`; `scheduled`, which needs `cron`; or `event_based`, on each push and deletion, which works only for " +
					"policies that push.",
				Validators: []validator.String{stringvalidator.OneOf("manual", "scheduled", "event_based")},
			},
			"cron": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Schedule (Harbor's `trigger_settings.cron`) in six fields: second, minute, hour, day of the month, month and day of the week. " +
					"The second is always `0`, the minute never `*`. `0 0 2 * * *` is every night at two.",
				Validators: []validator.String{cronValidator{}},
			},
		},
	}
}

func createPolicy(ctx context.Context, c *harborapi.Client, ch crud.Change[policy]) error {
	m := ch.Plan
	if err := supportsPolicy(ctx, c, m); err != nil {
		return err
	}
	id, err := c.ReplicationPolicies.Create(ctx, new(m.toAPI()))
	m.ID = types.Int64Value(id)
	return err
}

func supportsPolicy(ctx context.Context, c *harborapi.Client, m *policy) error {
	if !m.SingleActiveReplication.ValueBool() {
		return nil
	}
	return crud.At(path.Root("single_active_replication"), c.Require(ctx, 2, 15, "single_active_replication"))
}

func readPolicy(ctx context.Context, c *harborapi.Client, m *policy) error {
	p, err := c.ReplicationPolicies.Get(ctx, m.ID.ValueInt64())
	if err != nil {
		return err
	}
	return m.fromAPI(p)
}

func updatePolicy(ctx context.Context, c *harborapi.Client, ch crud.Change[policy]) error {
	if err := supportsPolicy(ctx, c, ch.Plan); err != nil {
		return err
	}
	return c.ReplicationPolicies.Update(ctx, ch.Plan.ID.ValueInt64(), ch.Plan.toAPI())
}

func deletePolicy(ctx context.Context, c *harborapi.Client, m *policy) error {
	return c.ReplicationPolicies.Delete(ctx, m.ID.ValueInt64())
}

// importPolicy takes digits for an id, everything else for a name.
func importPolicy(ctx context.Context, c *harborapi.Client, id string, m *policy) error {
	n, err := strconv.ParseInt(id, 10, 64)
	if err == nil {
		m.ID = types.Int64Value(n)
		return nil
	}
	p, err := c.ReplicationPolicies.Named(ctx, id)
	if err != nil {
		return err
	}
	m.ID = types.Int64Value(p.ID)
	return nil
}
