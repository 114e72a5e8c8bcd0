package metallb

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/object"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

func bgpPeerSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A MetalLB [BGPPeer](https://metallb.io/apis/#bgppeer) (`metallb.io/v1beta2`): a router that the speakers announce the addresses of " +
			"services to. The webhook sees all peers together: on one node they must agree on the local AS number and router ID.",
		Attributes: object.Attributes(ctx, bgpPeerKind, map[string]schema.Attribute{
			"namespace": namespaceAttribute(),
			"my_asn": schema.StringAttribute{
				MarkdownDescription: "AS number of the speakers, 1 to 4294967295.",
				CustomType:          semtype.ASNumberType{}, Required: true,
			},
			"peer_asn": schema.StringAttribute{
				MarkdownDescription: "AS number of the peer, 1 to 4294967295. Either this or `dynamic_asn`.",
				CustomType:          semtype.ASNumberType{}, Optional: true,
			},
			"dynamic_asn": schema.StringAttribute{
				MarkdownDescription: "Accept the AS number the peer has: `internal` if it must be `my_asn`, `external` if it must be another. Either this or `peer_asn`. FRR only.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf("internal", "external")},
			},
			"local_asn": schema.StringAttribute{
				MarkdownDescription: "AS number to show this peer in the place of `my_asn`, 1 to 4294967295. FRR only. Since MetalLB 0.16, which calls it `localASN`.",
				CustomType:          semtype.ASNumberType{}, Optional: true,
			},
			"peer_address": schema.StringAttribute{
				MarkdownDescription: "Address of the peer. Either this or `interface`.",
				CustomType:          semtype.AddressType{}, Optional: true,
			},
			"interface": schema.StringAttribute{
				MarkdownDescription: "Network interface of the nodes over which to find the peer without an address (unnumbered BGP). Either this or `peer_address`. FRR only.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.LengthBetween(1, 15)},
			},
			"peer_port": schema.Int64Attribute{
				MarkdownDescription: "Port of the peer. Defaults to 179; 1 to 16384.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(1, 16384)},
			},
			"source_address": schema.StringAttribute{
				MarkdownDescription: "Address of the speaker to start the session from. Defaults to the routing table's choice.",
				CustomType:          semtype.AddressType{}, Optional: true,
			},
			"hold_time": schema.StringAttribute{
				MarkdownDescription: "How long a silent peer counts as up: `90s`. 0, or 3 s to 65535 s. Defaults to three times `keepalive_time` if that is set, else to the speaker's own.",
				CustomType:          semtype.DurationType{}, Optional: true,
			},
			"keepalive_time": schema.StringAttribute{
				MarkdownDescription: "Time between keepalive messages, at most `hold_time`. Defaults to a third of it. FRR only.",
				CustomType:          semtype.DurationType{}, Optional: true,
			},
			"connect_time": schema.StringAttribute{
				MarkdownDescription: "Time between attempts to connect, in whole seconds from `1s` to `65535s`. FRR only.",
				CustomType:          semtype.DurationType{}, Optional: true,
			},
			"router_id": schema.StringAttribute{
				MarkdownDescription: "Router ID to show the peer. Defaults to the node's address. The same for all peers of a node.",
				CustomType:          semtype.AddressType{}, Optional: true,
			},
			"node_selectors":  selectorsAttribute("Label selectors of the nodes that connect to the peer; one that matches is enough. Defaults to all nodes."),
			"password_secret": passwordSecretAttribute(),
			"password_wo": crud.SecretAttribute("password_wo",
				"TCP MD5 password of the session, `password` in MetalLB. It is kept out of Terraform's state, but everyone who may read "+
					"BGPPeers in the cluster sees it: prefer `password_secret`. Objects are applied as a whole, so it goes along with every change.",
				stringvalidator.LengthBetween(1, 80), stringvalidator.AlsoRequires(path.MatchRoot("password_wo_version"))),
			"password_wo_version": crud.SecretVersionAttribute("password_wo", int64validator.AlsoRequires(path.MatchRoot("password_wo"))),
			"bfd_profile": schema.StringAttribute{
				MarkdownDescription: "Name of the BFDProfile for fast failure detection. Without one there is no BFD. FRR only.",
				Optional:            true,
				Validators:          []validator.String{object.NameValidator()},
			},
			"ebgp_multi_hop": schema.BoolAttribute{
				MarkdownDescription: "Whether the external peer is more than one hop away. Defaults to `false`. Not with equal AS numbers. FRR only.",
				Optional:            true,
			},
			"enable_graceful_restart": schema.BoolAttribute{
				MarkdownDescription: "Whether the peer keeps routes while a speaker restarts. Defaults to `false`. MetalLB does not change it on a peer " +
					"that exists: a change makes a new object, and a new session. FRR only.",
				Optional:      true,
				PlanModifiers: []planmodifier.Bool{boolplanmodifier.RequiresReplaceIf(gracefulRestartChanges, gracefulRestartReason, gracefulRestartReason)},
			},
			"vrf": schema.StringAttribute{
				MarkdownDescription: "VRF of the nodes that the peer is in. FRR only.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.LengthBetween(1, 15)},
			},
			"disable_mp": schema.BoolAttribute{
				MarkdownDescription: "Whether IPv4 and IPv6 routes go over sessions of their own. Defaults to `false`. Deprecated by MetalLB in favour of " +
					"`dual_stack_address_family`.",
				Optional: true,
			},
			"dual_stack_address_family": schema.BoolAttribute{
				MarkdownDescription: "Whether routes of the other address family than the session's are announced too. Defaults to `false`.",
				Optional:            true,
			},
		}),
	}
}

func passwordSecretAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "The Secret with the session's TCP MD5 password, of type `kubernetes.io/basic-auth`, under the key `password`.",
		Optional:            true,
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				MarkdownDescription: "Name of the Secret.", Required: true, Validators: []validator.String{object.NameValidator()},
			},
			"namespace": schema.StringAttribute{
				MarkdownDescription: "Namespace of the Secret: MetalLB's own, which is also the default.", Optional: true,
				Validators: []validator.String{object.NamespaceValidator()},
			},
		},
	}
}

const gracefulRestartReason = "MetalLB does not change graceful restart on a peer that exists."

// gracefulRestartChanges compares meanings: absent is false. A removal that
// the API server would accept needs a new session all the same.
func gracefulRestartChanges(_ context.Context, req planmodifier.BoolRequest, resp *boolplanmodifier.RequiresReplaceIfFuncResponse) {
	resp.RequiresReplace = !req.PlanValue.IsUnknown() && req.StateValue.ValueBool() != req.PlanValue.ValueBool()
}
