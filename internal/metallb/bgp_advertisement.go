package metallb

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/object"
)

var bgpAdvertisementKind = kind("v1beta1", "bgpadvertisements", "BGPAdvertisement")

// BGPAdvertisement manages a MetalLB BGPAdvertisement: pools whose addresses
// the speakers announce to their BGP peers.
var BGPAdvertisement = object.Of(object.Spec[bgpAdvertisement]{
	Name: "metallb_bgp_advertisement", Kind: bgpAdvertisementKind, Schema: bgpAdvertisementSchema,
	Meta:      func(m *bgpAdvertisement) *object.Meta { return &m.Meta },
	Namespace: func(m *bgpAdvertisement) *types.String { return &m.Namespace },
	Fields:    func(m *bgpAdvertisement) []object.Field { return m.fields() },
	Check:     func(m *bgpAdvertisement, diags *diag.Diagnostics) { m.check(diags) },
}, object.DataSpec[bgpAdvertisementData]{
	Description: "A MetalLB BGPAdvertisement as it is in the cluster.",
	Meta:        func(m *bgpAdvertisementData) *object.DataMeta { return &m.DataMeta },
	Namespace:   func(m *bgpAdvertisementData) *types.String { return &m.Namespace }, DefaultNamespace: defaultNamespace,
	Fields: func(m *bgpAdvertisementData) []object.Field { return m.fields() },
})

type bgpAdvertisement struct {
	object.Meta
	bgpAdvertisementSpec
}

type bgpAdvertisementData struct {
	object.DataMeta
	bgpAdvertisementSpec
}

type bgpAdvertisementSpec struct {
	advertised
	AggregationLength   types.Int64 `tfsdk:"aggregation_length"`
	AggregationLengthV6 types.Int64 `tfsdk:"aggregation_length_v6"`
	LocalPref           types.Int64 `tfsdk:"local_pref"`
	Communities         types.List  `tfsdk:"communities"`
	Peers               types.List  `tfsdk:"peers"`
}

func (m *bgpAdvertisementSpec) fields() []object.Field {
	return append(m.advertised.fields(),
		object.Bind(&m.AggregationLength, "spec", "aggregationLength").Default(int64(32)),
		object.Bind(&m.AggregationLengthV6, "spec", "aggregationLengthV6").Default(int64(128)),
		object.Bind(&m.LocalPref, "spec", "localPref"),
		object.Bind(&m.Communities, "spec", "communities"),
		object.Bind(&m.Peers, "spec", "peers"),
	)
}

// communityValidator checks what MetalLB would take for the value of a
// community. It takes everything else for the name of an alias.
var communityValidator = object.Check{
	Rule: "must be a BGP community, or the name of one",
	Find: func(s string) string {
		if !strings.Contains(s, ":") || isCommunity(s) {
			return ""
		}
		return `want a community such as "65001:100" (twice 0 to 65535), a large one such as "large:65001:100:1" (thrice 0 to 4294967295), ` +
			"or the name that a Community gives one"
	},
}

func isCommunity(s string) bool {
	count, bits := 2, 16
	if large, ok := strings.CutPrefix(s, "large:"); ok {
		s, count, bits = large, 3, 32
	}
	numbers := strings.Split(s, ":")
	return len(numbers) == count && !slices.ContainsFunc(numbers, func(n string) bool {
		_, err := strconv.ParseUint(n, 10, bits)
		return err != nil
	})
}

func bgpAdvertisementSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A MetalLB [BGPAdvertisement](https://metallb.io/apis/#bgpadvertisement): announces the addresses of pools to the BGP peers. " +
			"Advertisements of one pool with equal aggregation lengths must agree on `local_pref`.",
		Attributes: object.Attributes(ctx, bgpAdvertisementKind, advertisedAttributes(map[string]schema.Attribute{
			"aggregation_length": schema.Int64Attribute{
				MarkdownDescription: "Prefix length to announce IPv4 addresses with, not shorter than the networks of the pools. Defaults to 32: each address by itself; 1 to 32.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(1, 32)},
			},
			"aggregation_length_v6": schema.Int64Attribute{
				MarkdownDescription: "Prefix length to announce IPv6 addresses with, not shorter than the networks of the pools. Defaults to 128: each address by itself; 1 to 128.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(1, 128)},
			},
			"local_pref": schema.Int64Attribute{
				MarkdownDescription: "Local preference of the routes for internal peers: the highest wins. Defaults to the peers' own; 0 to 4294967295.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(0, 1<<32-1)},
			},
			"communities": schema.ListAttribute{
				MarkdownDescription: "BGP communities of the routes: `65001:100`, `large:65001:100:1`, or a name from a Community object.",
				ElementType:         types.StringType, Optional: true,
				Validators: []validator.List{
					listvalidator.SizeAtLeast(1), listvalidator.UniqueValues(),
					listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1), communityValidator),
				},
			},
			"peers": namesAttribute("Names of the BGPPeers to announce to. MetalLB does not say when one is missing. Defaults to all."),
		})),
	}
}
