package calico

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/object"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

var bgpPeerKind = kind("bgppeers", "BGPPeer")

// BGPPeer manages a Calico BGPPeer: a session from all or some nodes to a
// router, to other nodes, or to workloads.
var BGPPeer = object.Of(object.Spec[bgpPeer]{
	Name: "calico_bgp_peer", Kind: bgpPeerKind, Schema: bgpPeerSchema,
	Meta:   func(m *bgpPeer) *object.Meta { return &m.Meta },
	Fields: func(m *bgpPeer) []object.Field { return m.fields() },
	Check:  checkBGPPeer,
}, object.DataSpec[bgpPeerData]{
	Description: "A Calico BGPPeer as it is in the cluster.",
	Meta:        func(m *bgpPeerData) *object.DataMeta { return &m.DataMeta },
	Fields:      func(m *bgpPeerData) []object.Field { return m.fields() },
})

type bgpPeer struct {
	object.Meta
	bgpPeerSpec
}

type bgpPeerData struct {
	object.DataMeta
	bgpPeerSpec
}

type bgpPeerSpec struct {
	PeerIP                   types.String     `tfsdk:"peer_ip"`
	ASNumber                 semtype.ASNumber `tfsdk:"as_number"`
	Node                     types.String     `tfsdk:"node"`
	NodeSelector             types.String     `tfsdk:"node_selector"`
	PeerSelector             types.String     `tfsdk:"peer_selector"`
	LocalWorkloadSelector    types.String     `tfsdk:"local_workload_selector"`
	KeepOriginalNextHop      types.Bool       `tfsdk:"keep_original_next_hop"`
	NextHopMode              types.String     `tfsdk:"next_hop_mode"`
	PasswordSecret           types.Object     `tfsdk:"password_secret"`
	SourceAddress            types.String     `tfsdk:"source_address"`
	MaxRestartTime           semtype.Duration `tfsdk:"max_restart_time"`
	KeepaliveTime            semtype.Duration `tfsdk:"keepalive_time"`
	NumAllowedLocalASNumbers types.Int64      `tfsdk:"num_allowed_local_as_numbers"`
	TTLSecurity              types.Int64      `tfsdk:"ttl_security"`
	ReachableBy              semtype.Address  `tfsdk:"reachable_by"`
	Filters                  types.List       `tfsdk:"filters"`
	ReversePeering           types.String     `tfsdk:"reverse_peering"`
	LocalASNumber            semtype.ASNumber `tfsdk:"local_as_number"`
}

func (m *bgpPeerSpec) fields() []object.Field {
	return []object.Field{
		object.Bind(&m.PeerIP, "spec", "peerIP"),
		object.Bind(&m.ASNumber, "spec", "asNumber"),
		object.Bind(&m.Node, "spec", "node"),
		object.Bind(&m.NodeSelector, "spec", "nodeSelector"),
		object.Bind(&m.PeerSelector, "spec", "peerSelector"),
		object.Bind(&m.LocalWorkloadSelector, "spec", "localWorkloadSelector"),
		object.Bind(&m.KeepOriginalNextHop, "spec", "keepOriginalNextHop"),
		object.Bind(&m.NextHopMode, "spec", "nextHopMode"),
		object.Bind(&m.PasswordSecret, "spec", "password", "secretKeyRef"),
		object.Bind(&m.SourceAddress, "spec", "sourceAddress").Default("UseNodeIP"),
		object.Bind(&m.MaxRestartTime, "spec", "maxRestartTime"),
		object.Bind(&m.KeepaliveTime, "spec", "keepaliveTime"),
		object.Bind(&m.NumAllowedLocalASNumbers, "spec", "numAllowedLocalASNumbers"),
		object.Bind(&m.TTLSecurity, "spec", "ttlSecurity"),
		object.Bind(&m.ReachableBy, "spec", "reachableBy"),
		object.Bind(&m.Filters, "spec", "filters"),
		object.Bind(&m.ReversePeering, "spec", "reversePeering"),
		object.Bind(&m.LocalASNumber, "spec", "localASNumber"),
	}
}

// checkBGPPeer has the rules of Calico's validator (libcalico-go, validator/v3,
// and the CEL rules of 3.32) that concern several attributes, and one of our
// own: Calico accepts a peer that leads nowhere.
func checkBGPPeer(m *bgpPeer, diags *diag.Diagnostics) {
	if m.PeerIP.IsNull() && m.PeerSelector.IsNull() && m.LocalWorkloadSelector.IsNull() {
		diags.AddError("Invalid attribute combination", "Nothing says whom to peer with. Set one of peer_ip, peer_selector and local_workload_selector.")
	}
	if !m.PeerIP.IsNull() && m.ASNumber.IsNull() {
		refuse(diags, "as_number", "A peer at peer_ip needs its AS number: set as_number. Calico takes none for AS 0, on which BIRD refuses the whole "+
			"configuration of every node that has the peer, and keeps the old one.")
	}
	if known(m.Node) && known(m.NodeSelector) {
		refuse(diags, "node_selector", "node and node_selector exclude each other: keep one. Without either, all nodes peer.")
	}
	if known(m.PeerIP) && known(m.PeerSelector) {
		refuse(diags, "peer_selector", "peer_ip and peer_selector exclude each other: keep one.")
	}
	if known(m.ASNumber) && known(m.PeerSelector) {
		refuse(diags, "as_number", "With peer_selector the AS numbers of the selected nodes are used: leave as_number out.")
	}
	if known(m.LocalWorkloadSelector) {
		checkWorkloadPeer(m, diags)
	}
	if known(m.ReachableBy) {
		checkReachableBy(m, diags)
	}
	if m.KeepOriginalNextHop.ValueBool() && known(m.NextHopMode) {
		refuse(diags, "keep_original_next_hop", "next_hop_mode takes the place of keep_original_next_hop: keep next_hop_mode.")
	}
}

func checkWorkloadPeer(m *bgpPeer, diags *diag.Diagnostics) {
	if known(m.PeerIP) || known(m.PeerSelector) {
		refuse(diags, "local_workload_selector", "local_workload_selector excludes peer_ip and peer_selector: keep one of them.")
	}
	if m.ASNumber.IsNull() {
		refuse(diags, "local_workload_selector", "Workloads that peer need an AS number: set as_number.")
	}
}

func checkReachableBy(m *bgpPeer, diags *diag.Diagnostics) {
	if m.PeerIP.IsNull() {
		refuse(diags, "reachable_by", "reachable_by is the gateway to peer_ip, which is not set.")
		return
	}
	if !known(m.PeerIP) {
		return
	}
	gateway, ok := peerAddress(m.ReachableBy.ValueString())
	peer, alsoOK := peerAddress(m.PeerIP.ValueString())
	if ok && alsoOK && gateway.Is4() != peer.Is4() {
		refuse(diags, "reachable_by", "reachable_by and peer_ip must both be IPv4 or both be IPv6.")
	}
}

func bgpPeerSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A Calico [BGPPeer](https://docs.tigera.io/calico/latest/reference/resources/bgppeer): a BGP session from all or some nodes " +
			"to a router (`peer_ip`), to other nodes (`peer_selector`), or to workloads (`local_workload_selector`). Applied through " +
			"`projectcalico.org/v3`, which calico-apiserver serves.",
		Attributes: object.Attributes(ctx, bgpPeerKind, map[string]schema.Attribute{
			"peer_ip": schema.StringAttribute{
				MarkdownDescription: "Address of the peer, with an optional port: `192.168.1.1`, `192.168.1.1:1790`, `[2001:db8::1]:1790`.",
				Optional:            true,
				Validators:          []validator.String{peerAddressValidator},
			},
			"as_number": schema.StringAttribute{
				MarkdownDescription: "AS number of the peer, 1 to 4294967295. Needed with `peer_ip` and `local_workload_selector`; not with `peer_selector`.",
				CustomType:          semtype.ASNumberType{}, Optional: true,
			},
			"node": schema.StringAttribute{
				MarkdownDescription: "The one node that peers. Excludes `node_selector`; without either, all nodes do.",
				Optional:            true,
				Validators:          []validator.String{object.NameValidator()},
			},
			"node_selector": schema.StringAttribute{
				MarkdownDescription: "Calico selector of the nodes that peer: `service == 'payment'`. Excludes `node`; without either, all nodes do.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1), selectorValidator},
			},
			"peer_selector": schema.StringAttribute{
				MarkdownDescription: "Calico selector of nodes to peer with, at their own addresses and AS numbers. Excludes `peer_ip` and `as_number`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1), selectorValidator},
			},
			"local_workload_selector": schema.StringAttribute{
				MarkdownDescription: "Calico selector of workloads on the same node to peer with. Excludes `peer_ip` and `peer_selector`. Since Calico 3.30, which calls it `localWorkloadSelector`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1), selectorValidator},
			},
			"keep_original_next_hop": schema.BoolAttribute{
				MarkdownDescription: "Whether routes of other peers keep their next hop when they are passed on by eBGP. Defaults to `false`. " +
					"From Calico 3.30 on `next_hop_mode` says more.",
				Optional: true,
			},
			"next_hop_mode": schema.StringAttribute{
				MarkdownDescription: "Next hop of the routes passed on: `Auto` (the default: as BGP has it), `Self` or `Keep`. Since Calico 3.30, which calls it `nextHopMode`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf("Auto", "Self", "Keep")},
			},
			"password_secret": passwordSecretAttribute("The Secret with the session's TCP MD5 password, in the namespace that calico-node runs in. " +
				"Calico calls it `password.secretKeyRef`."),
			"source_address": schema.StringAttribute{
				MarkdownDescription: "Source address of the session: `UseNodeIP` (the default) or `None`, which leaves it to the routing table.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf("UseNodeIP", "None")},
			},
			"max_restart_time": schema.StringAttribute{
				MarkdownDescription: "How long the peer keeps routes while BGP restarts gracefully: `120s`. Defaults to BIRD's own, 120 s.",
				CustomType:          semtype.DurationType{}, Optional: true,
			},
			"keepalive_time": schema.StringAttribute{
				MarkdownDescription: "Time between keepalive messages: `30s`. Since Calico 3.32, which calls it `keepaliveTime`.",
				CustomType:          semtype.DurationType{}, Optional: true,
			},
			"num_allowed_local_as_numbers": schema.Int64Attribute{
				MarkdownDescription: "How often the local AS number may appear in the path of an accepted route. Defaults to 0 times; 0 to 2147483647.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(0, 1<<31-1)},
			},
			"ttl_security": schema.Int64Attribute{
				MarkdownDescription: "Hops to the peer for the generalized TTL security mechanism (RFC 5082): 1 for a neighbour. 0 to 255; off by default.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(0, 255)},
			},
			"reachable_by": schema.StringAttribute{
				MarkdownDescription: "Gateway to a peer that is not on a local network, of the same address family as `peer_ip`.",
				CustomType:          semtype.AddressType{}, Optional: true,
			},
			"filters": schema.ListAttribute{
				MarkdownDescription: "Names of the BGPFilters to apply, in this order. They must exist.",
				ElementType:         types.StringType, Optional: true,
				Validators: []validator.List{
					listvalidator.SizeAtLeast(1), listvalidator.UniqueValues(), listvalidator.ValueStringsAre(object.NameValidator()),
				},
			},
			"reverse_peering": schema.StringAttribute{
				MarkdownDescription: "Whether nodes selected by `peer_selector` peer back by themselves: `Auto` (the default) or `Manual`. Since Calico 3.30, which calls it `reversePeering`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf("Auto", "Manual")},
			},
			"local_as_number": schema.StringAttribute{
				MarkdownDescription: "AS number to use for the local end of this session, 1 to 4294967295. Defaults to the node's. Since Calico 3.31, which calls it `localASNumber`.",
				CustomType:          semtype.ASNumberType{}, Optional: true,
			},
		}),
	}
}

func passwordSecretAttribute(description string) schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: description,
		Optional:            true,
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				MarkdownDescription: "Name of the Secret.", Required: true, Validators: []validator.String{object.NameValidator()},
			},
			"key": schema.StringAttribute{
				MarkdownDescription: "Key in the Secret.", Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"optional": schema.BoolAttribute{
				MarkdownDescription: "Whether Secret and key may be missing. Defaults to `false`.", Optional: true,
			},
		},
	}
}
