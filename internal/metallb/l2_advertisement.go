package metallb

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/object"
)

var l2AdvertisementKind = kind("v1beta1", "l2advertisements", "L2Advertisement")

// L2Advertisement manages a MetalLB L2Advertisement: pools whose addresses
// one node at a time answers ARP and NDP for.
var L2Advertisement = object.Of(object.Spec[l2Advertisement]{
	Name: "metallb_l2_advertisement", Kind: l2AdvertisementKind, Schema: l2AdvertisementSchema,
	Meta:      func(m *l2Advertisement) *object.Meta { return &m.Meta },
	Namespace: func(m *l2Advertisement) *types.String { return &m.Namespace },
	Fields:    func(m *l2Advertisement) []object.Field { return m.fields() },
	Check:     func(m *l2Advertisement, diags *diag.Diagnostics) { m.check(diags) },
}, object.DataSpec[l2AdvertisementData]{
	Description: "A MetalLB L2Advertisement as it is in the cluster.",
	Meta:        func(m *l2AdvertisementData) *object.DataMeta { return &m.DataMeta },
	Namespace:   func(m *l2AdvertisementData) *types.String { return &m.Namespace }, DefaultNamespace: defaultNamespace,
	Fields: func(m *l2AdvertisementData) []object.Field { return m.fields() },
})

type l2Advertisement struct {
	object.Meta
	l2AdvertisementSpec
}

type l2AdvertisementData struct {
	object.DataMeta
	l2AdvertisementSpec
}

type l2AdvertisementSpec struct {
	advertised
	Interfaces types.List `tfsdk:"interfaces"`
}

func (m *l2AdvertisementSpec) fields() []object.Field {
	return append(m.advertised.fields(), object.Bind(&m.Interfaces, "spec", "interfaces"))
}

func l2AdvertisementSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A MetalLB [L2Advertisement](https://metallb.io/apis/#l2advertisement): announces the addresses of pools on the nodes' own network, " +
			"where one node at a time answers ARP and NDP for each.",
		Attributes: object.Attributes(ctx, l2AdvertisementKind, advertisedAttributes(map[string]schema.Attribute{
			"interfaces": schema.ListAttribute{
				MarkdownDescription: "Network interfaces of the nodes to announce from: `bond0`. Defaults to all. A node that has none of them announces nothing.",
				ElementType:         types.StringType, Optional: true,
				Validators: []validator.List{
					listvalidator.SizeAtLeast(1), listvalidator.UniqueValues(), listvalidator.ValueStringsAre(stringvalidator.LengthBetween(1, 15)),
				},
			},
		})),
	}
}
