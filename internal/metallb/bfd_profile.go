package metallb

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/object"
)

var bfdProfileKind = kind("v1beta1", "bfdprofiles", "BFDProfile")

// BFDProfile manages a MetalLB BFDProfile: how fast the loss of a BGP peer is
// noticed.
var BFDProfile = object.Of(object.Spec[bfdProfile]{
	Name: "metallb_bfd_profile", Kind: bfdProfileKind, Schema: bfdProfileSchema,
	Meta:      func(m *bfdProfile) *object.Meta { return &m.Meta },
	Namespace: func(m *bfdProfile) *types.String { return &m.Namespace },
	Fields:    func(m *bfdProfile) []object.Field { return m.fields() },
}, object.DataSpec[bfdProfileData]{
	Description: "A MetalLB BFDProfile as it is in the cluster.",
	Meta:        func(m *bfdProfileData) *object.DataMeta { return &m.DataMeta },
	Namespace:   func(m *bfdProfileData) *types.String { return &m.Namespace }, DefaultNamespace: defaultNamespace,
	Fields: func(m *bfdProfileData) []object.Field { return m.fields() },
})

type bfdProfile struct {
	object.Meta
	bfdProfileSpec
}

type bfdProfileData struct {
	object.DataMeta
	bfdProfileSpec
}

type bfdProfileSpec struct {
	Namespace        types.String `tfsdk:"namespace"`
	ReceiveInterval  types.Int64  `tfsdk:"receive_interval"`
	TransmitInterval types.Int64  `tfsdk:"transmit_interval"`
	DetectMultiplier types.Int64  `tfsdk:"detect_multiplier"`
	EchoInterval     types.Int64  `tfsdk:"echo_interval"`
	EchoMode         types.Bool   `tfsdk:"echo_mode"`
	PassiveMode      types.Bool   `tfsdk:"passive_mode"`
	MinimumTTL       types.Int64  `tfsdk:"minimum_ttl"`
}

// MetalLB writes no defaults into the object; the speaker has them.
func (m *bfdProfileSpec) fields() []object.Field {
	return []object.Field{
		object.Bind(&m.ReceiveInterval, "spec", "receiveInterval").Default(int64(300)),
		object.Bind(&m.TransmitInterval, "spec", "transmitInterval").Default(int64(300)),
		object.Bind(&m.DetectMultiplier, "spec", "detectMultiplier").Default(int64(3)),
		object.Bind(&m.EchoInterval, "spec", "echoInterval").Default(int64(50)),
		object.Bind(&m.EchoMode, "spec", "echoMode"),
		object.Bind(&m.PassiveMode, "spec", "passiveMode"),
		object.Bind(&m.MinimumTTL, "spec", "minimumTtl").Default(int64(254)),
	}
}

func bfdProfileSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A MetalLB [BFDProfile](https://metallb.io/apis/#bfdprofile): how the speakers watch BGP sessions by BFD, which notices a lost peer " +
			"within a second. BGPPeers name it in `bfd_profile`, and it cannot be deleted while one does: with `create_before_destroy` in its lifecycle, " +
			"Terraform changes the peers first. FRR only.",
		Attributes: object.Attributes(ctx, bfdProfileKind, map[string]schema.Attribute{
			"namespace":         namespaceAttribute(),
			"receive_interval":  milliseconds("Shortest time between control packets that the speaker can receive, in milliseconds. Defaults to 300; 10 to 60000."),
			"transmit_interval": milliseconds("Shortest time between control packets that the speaker sends, in milliseconds. Defaults to 300; 10 to 60000."),
			"detect_multiplier": schema.Int64Attribute{
				MarkdownDescription: "How many control packets may be lost before the peer counts as down. Defaults to 3; 2 to 255.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(2, 255)},
			},
			"echo_interval": milliseconds("Shortest time between echo packets, in milliseconds. Defaults to 50; 10 to 60000."),
			"echo_mode": schema.BoolAttribute{
				MarkdownDescription: "Whether to send echo packets, for single-hop sessions to peers that return them. Defaults to `false`.",
				Optional:            true,
			},
			"passive_mode": schema.BoolAttribute{
				MarkdownDescription: "Whether to wait for the peer's control packets before sending any. Defaults to `false`.",
				Optional:            true,
			},
			"minimum_ttl": schema.Int64Attribute{
				MarkdownDescription: "Lowest TTL of the control packets that are accepted in multi-hop sessions. Defaults to 254; 1 to 254.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(1, 254)},
			},
		}),
	}
}

func milliseconds(description string) schema.Attribute {
	return schema.Int64Attribute{
		MarkdownDescription: description, Optional: true, Validators: []validator.Int64{int64validator.Between(10, 60000)},
	}
}
