package metallb

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/object"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

var bgpPeerKind = kind("v1beta2", "bgppeers", "BGPPeer")

// BGPPeer manages a MetalLB BGPPeer: a router that the speakers announce
// addresses to.
var BGPPeer = object.Of(object.Spec[bgpPeer]{
	Name: "metallb_bgp_peer", Kind: bgpPeerKind, Schema: bgpPeerSchema,
	Meta:      func(m *bgpPeer) *object.Meta { return &m.Meta },
	Namespace: func(m *bgpPeer) *types.String { return &m.Namespace },
	Fields:    func(m *bgpPeer) []object.Field { return m.fields() },
	Check:     checkBGPPeer,
}, object.DataSpec[bgpPeerData]{
	Description: "A MetalLB BGPPeer as it is in the cluster. A password that is part of it is not shown.",
	Meta:        func(m *bgpPeerData) *object.DataMeta { return &m.DataMeta },
	Namespace:   func(m *bgpPeerData) *types.String { return &m.Namespace }, DefaultNamespace: defaultNamespace,
	Fields: func(m *bgpPeerData) []object.Field { return m.fields() },
})

type bgpPeer struct {
	object.Meta
	bgpPeerSpec
	PasswordWO        types.String `tfsdk:"password_wo"`
	PasswordWOVersion types.Int64  `tfsdk:"password_wo_version"`
}

type bgpPeerData struct {
	object.DataMeta
	bgpPeerSpec
}

type bgpPeerSpec struct {
	Namespace              types.String     `tfsdk:"namespace"`
	MyASN                  semtype.ASNumber `tfsdk:"my_asn"`
	PeerASN                semtype.ASNumber `tfsdk:"peer_asn"`
	DynamicASN             types.String     `tfsdk:"dynamic_asn"`
	LocalASN               semtype.ASNumber `tfsdk:"local_asn"`
	PeerAddress            semtype.Address  `tfsdk:"peer_address"`
	Interface              types.String     `tfsdk:"interface"`
	PeerPort               types.Int64      `tfsdk:"peer_port"`
	SourceAddress          semtype.Address  `tfsdk:"source_address"`
	HoldTime               semtype.Duration `tfsdk:"hold_time"`
	KeepaliveTime          semtype.Duration `tfsdk:"keepalive_time"`
	ConnectTime            semtype.Duration `tfsdk:"connect_time"`
	RouterID               semtype.Address  `tfsdk:"router_id"`
	NodeSelectors          types.List       `tfsdk:"node_selectors"`
	PasswordSecret         types.Object     `tfsdk:"password_secret"`
	BFDProfile             types.String     `tfsdk:"bfd_profile"`
	EBGPMultiHop           types.Bool       `tfsdk:"ebgp_multi_hop"`
	EnableGracefulRestart  types.Bool       `tfsdk:"enable_graceful_restart"`
	VRF                    types.String     `tfsdk:"vrf"`
	DisableMP              types.Bool       `tfsdk:"disable_mp"`
	DualStackAddressFamily types.Bool       `tfsdk:"dual_stack_address_family"`
}

func (m *bgpPeer) fields() []object.Field {
	return append(m.bgpPeerSpec.fields(), object.Bind(&m.PasswordWO, "spec", "password").WriteOnly())
}

func (m *bgpPeerSpec) fields() []object.Field {
	return []object.Field{
		object.Bind(&m.MyASN, "spec", "myASN"),
		object.Bind(&m.PeerASN, "spec", "peerASN"),
		object.Bind(&m.DynamicASN, "spec", "dynamicASN"),
		object.Bind(&m.LocalASN, "spec", "localASN"),
		object.Bind(&m.PeerAddress, "spec", "peerAddress"),
		object.Bind(&m.Interface, "spec", "interface"),
		object.Bind(&m.PeerPort, "spec", "peerPort").Default(int64(179)),
		object.Bind(&m.SourceAddress, "spec", "sourceAddress"),
		object.Bind(&m.HoldTime, "spec", "holdTime"),
		object.Bind(&m.KeepaliveTime, "spec", "keepaliveTime"),
		object.Bind(&m.ConnectTime, "spec", "connectTime"),
		object.Bind(&m.RouterID, "spec", "routerID"),
		object.Bind(&m.NodeSelectors, "spec", "nodeSelectors"),
		object.Bind(&m.PasswordSecret, "spec", "passwordSecret"),
		object.Bind(&m.BFDProfile, "spec", "bfdProfile"),
		object.Bind(&m.EBGPMultiHop, "spec", "ebgpMultiHop"),
		object.Bind(&m.EnableGracefulRestart, "spec", "enableGracefulRestart"),
		object.Bind(&m.VRF, "spec", "vrf"),
		object.Bind(&m.DisableMP, "spec", "disableMP"),
		object.Bind(&m.DualStackAddressFamily, "spec", "dualStackAddressFamily"),
	}
}

// checkBGPPeer has the rules of MetalLB's own parser (internal/config of 0.15)
// that need no other object.
func checkBGPPeer(m *bgpPeer, diags *diag.Diagnostics) {
	checkASNs(m, diags)
	switch {
	case m.PeerAddress.IsNull() && m.Interface.IsNull():
		refuse(diags, path.Root("peer_address"), "Nothing says where the peer is. Set peer_address, or interface for a session without addresses.")
	case known(m.PeerAddress) && known(m.Interface):
		refuse(diags, path.Root("interface"), "peer_address and interface exclude each other: keep one.")
	}
	if known(m.PasswordWO) && known(m.PasswordSecret) {
		refuse(diags, path.Root("password_wo"), "password_wo and password_secret exclude each other: keep password_secret.")
	}
	checkTimers(m, diags)
	checkSelectors(m.NodeSelectors, path.Root("node_selectors"), diags)
}

func checkASNs(m *bgpPeer, diags *diag.Diagnostics) {
	switch {
	case m.PeerASN.IsNull() && m.DynamicASN.IsNull():
		refuse(diags, path.Root("peer_asn"), "Nothing says which AS the peer is in. Set peer_asn, or dynamic_asn.")
	case known(m.PeerASN) && known(m.DynamicASN):
		refuse(diags, path.Root("dynamic_asn"), "peer_asn and dynamic_asn exclude each other: keep one.")
	}
	if m.EBGPMultiHop.ValueBool() && sameAS(m.MyASN, m.PeerASN) {
		refuse(diags, path.Root("ebgp_multi_hop"), "my_asn and peer_asn are equal, so the session is internal: ebgp_multi_hop is for external ones.")
	}
}

func sameAS(a, b semtype.ASNumber) bool {
	if !known(a) || !known(b) {
		return false
	}
	x, errX := a.Canonical()
	y, errY := b.Canonical()
	return errX == nil && errY == nil && x == y
}

// checkTimers has MetalLB's rules for the timers: each of hold and keepalive
// time follows from the other when only one is set.
func checkTimers(m *bgpPeer, diags *diag.Diagnostics) {
	hold, hasHold := duration(m.HoldTime)
	keepalive, hasKeepalive := duration(m.KeepaliveTime)
	if hasHold && hold != 0 && hold < 3*time.Second || hasHold && hold > 65535*time.Second {
		refuse(diags, path.Root("hold_time"), "The hold time must be 0 (sessions are then kept for ever), or from 3s to 65535s (RFC 4271).")
	}
	if hasHold && hasKeepalive && keepalive > hold {
		refuse(diags, path.Root("keepalive_time"), "The keepalive time must not be longer than the hold time; a third of it is usual.")
	}
	if hasKeepalive && m.HoldTime.IsNull() && keepalive < time.Second {
		refuse(diags, path.Root("keepalive_time"), "The keepalive time must be at least 1s; without hold_time, that is three times as long.")
	}
	if connect, ok := duration(m.ConnectTime); ok && (connect < time.Second || connect > 65535*time.Second || connect%time.Second != 0) {
		refuse(diags, path.Root("connect_time"), "The connect time must be whole seconds, from 1s to 65535s.")
	}
}

func duration(v semtype.Duration) (time.Duration, bool) {
	if !known(v) {
		return 0, false
	}
	d, err := time.ParseDuration(v.ValueString())
	return d, err == nil
}
