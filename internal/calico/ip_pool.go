package calico

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/object"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

var ipPoolKind = kind("ippools", "IPPool")

// IPPool manages a Calico IPPool: addresses for pods, or for services of
// type LoadBalancer.
var IPPool = object.Of(object.Spec[ipPool]{
	Name: "calico_ip_pool", Kind: ipPoolKind, Schema: ipPoolSchema,
	Meta:   func(m *ipPool) *object.Meta { return &m.Meta },
	Fields: func(m *ipPool) []object.Field { return m.fields() },
	Check:  checkIPPool, Complete: completeIPPool,
}, object.DataSpec[ipPoolData]{
	Description: "A Calico IPPool as it is in the cluster, with the defaults that Calico has filled in.",
	Meta:        func(m *ipPoolData) *object.DataMeta { return &m.DataMeta },
	Fields:      func(m *ipPoolData) []object.Field { return m.fields() },
})

type ipPool struct {
	object.Meta
	ipPoolSpec
}

type ipPoolData struct {
	object.DataMeta
	ipPoolSpec
}

type ipPoolSpec struct {
	CIDR              semtype.Prefix `tfsdk:"cidr"`
	BlockSize         types.Int64    `tfsdk:"block_size"`
	IPIPMode          types.String   `tfsdk:"ipip_mode"`
	VXLANMode         types.String   `tfsdk:"vxlan_mode"`
	NATOutgoing       types.Bool     `tfsdk:"nat_outgoing"`
	Disabled          types.Bool     `tfsdk:"disabled"`
	DisableBGPExport  types.Bool     `tfsdk:"disable_bgp_export"`
	NodeSelector      types.String   `tfsdk:"node_selector"`
	NamespaceSelector types.String   `tfsdk:"namespace_selector"`
	AllowedUses       types.Set      `tfsdk:"allowed_uses"`
	AssignmentMode    types.String   `tfsdk:"assignment_mode"`
}

func (m *ipPoolSpec) fields() []object.Field {
	return []object.Field{
		object.Bind(&m.CIDR, "spec", "cidr"),
		object.Bind(&m.BlockSize, "spec", "blockSize").Computed().Held().DefaultOf(m.absentBlockSize),
		object.Bind(&m.IPIPMode, "spec", "ipipMode").Default("Never"),
		object.Bind(&m.VXLANMode, "spec", "vxlanMode").Default("Never"),
		object.Bind(&m.NATOutgoing, "spec", "natOutgoing"),
		object.Bind(&m.Disabled, "spec", "disabled"),
		object.Bind(&m.DisableBGPExport, "spec", "disableBGPExport"),
		object.Bind(&m.NodeSelector, "spec", "nodeSelector").Default("all()"),
		object.Bind(&m.NamespaceSelector, "spec", "namespaceSelector"),
		object.Bind(&m.AllowedUses, "spec", "allowedUses").Default([]any{"Workload", "Tunnel"}),
		object.Bind(&m.AssignmentMode, "spec", "assignmentMode").Default("Automatic"),
	}
}

// absentBlockSize is what Calico takes for the size where the object has none, as
// pools in native mode do: its readers assume it (libcalico-go
// clientv3/ippool.go, 3.32.1).
func (m *ipPoolSpec) absentBlockSize() any {
	cidr, err := netip.ParsePrefix(m.CIDR.ValueString())
	if err != nil {
		return nil
	}
	return defaultBlockSize(cidr)
}

// Addresses that Calico leaves to the links (RFC 3927, RFC 4291).
var linkLocal = []netip.Prefix{netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fe80::/10")}

// checkIPPool has the rules of Calico's validator (libcalico-go, validator/v3)
// and of its IPAM.
func checkIPPool(m *ipPool, diags *diag.Diagnostics) {
	if encapsulates(m.IPIPMode) && encapsulates(m.VXLANMode) {
		refuse(diags, "vxlan_mode", "ipip_mode and vxlan_mode cannot both encapsulate: set one of them to Never, or leave it out.")
	}
	if known(m.CIDR) {
		if cidr, err := netip.ParsePrefix(m.CIDR.ValueString()); err == nil {
			checkCIDR(m, cidr, diags)
		}
	}
	if known(m.NodeSelector) && selectsGlobal(m.NodeSelector.ValueString()) {
		refuse(diags, "node_selector", "global() selects no nodes: use all(), or leave node_selector out.")
	}
	if !known(m.AllowedUses) {
		return
	}
	if allows(m.AllowedUses, "LoadBalancer") {
		checkLoadBalancerPool(m, diags)
	}
	if allows(m.AllowedUses, "Tunnel") && known(m.NamespaceSelector) {
		refuse(diags, "namespace_selector", "Addresses of tunnels belong to no namespace: leave Tunnel out of allowed_uses, or namespace_selector.")
	}
}

func checkCIDR(m *ipPool, cidr netip.Prefix, diags *diag.Diagnostics) {
	for _, local := range linkLocal {
		if cidr.Overlaps(local) {
			refuse(diags, "cidr", fmt.Sprintf("%s overlaps the link-local addresses %s, which cannot be routed.", cidr, local))
		}
	}
	if cidr.Addr().Is6() && encapsulates(m.IPIPMode) {
		refuse(diags, "ipip_mode", "IP in IP carries IPv4 only: use vxlan_mode, or leave ipip_mode out.")
	}
	if m.BlockSize.IsUnknown() {
		return
	}
	least, most := blockSizes(cidr)
	size := defaultBlockSize(cidr)
	if !m.BlockSize.IsNull() {
		size = m.BlockSize.ValueInt64()
	}
	if size < least || size > most {
		refuse(diags, "block_size", fmt.Sprintf("Blocks of %s are from %d to %d, not %d.", family(cidr), least, most, size))
		return
	}
	// A disabled pool gives out nothing and may be of any size.
	if int64(cidr.Bits()) > size && !m.Disabled.ValueBool() && !m.Disabled.IsUnknown() {
		refuse(diags, "cidr", fmt.Sprintf("%s is smaller than one block of /%d: choose a larger network, or a block_size from %d to %d.",
			cidr, size, cidr.Bits(), most))
	}
}

func family(cidr netip.Prefix) string {
	if cidr.Addr().Is4() {
		return "IPv4"
	}
	return "IPv6"
}

func blockSizes(cidr netip.Prefix) (least, most int64) {
	if cidr.Addr().Is4() {
		return 20, 32
	}
	return 116, 128
}

func defaultBlockSize(cidr netip.Prefix) int64 {
	if cidr.Addr().Is4() {
		return 26
	}
	return 122
}

func checkLoadBalancerPool(m *ipPool, diags *diag.Diagnostics) {
	if len(m.AllowedUses.Elements()) > 1 {
		refuse(diags, "allowed_uses", "LoadBalancer allows no other use beside it.")
	}
	if encapsulates(m.IPIPMode) {
		refuse(diags, "ipip_mode", "Addresses of services are not encapsulated: leave ipip_mode out.")
	}
	if encapsulates(m.VXLANMode) {
		refuse(diags, "vxlan_mode", "Addresses of services are not encapsulated: leave vxlan_mode out.")
	}
	if m.DisableBGPExport.ValueBool() {
		refuse(diags, "disable_bgp_export", "Calico refuses pools for LoadBalancer with disable_bgp_export: leave it out.")
	}
	if known(m.NodeSelector) && m.NodeSelector.ValueString() != "all()" {
		refuse(diags, "node_selector", "Addresses of services belong to no node: leave node_selector out.")
	}
}

func encapsulates(mode types.String) bool { return known(mode) && mode.ValueString() != "Never" }

func allows(uses types.Set, use string) bool {
	return slices.ContainsFunc(uses.Elements(), func(v attr.Value) bool { return v.Equal(types.StringValue(use)) })
}

func ipPoolSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A Calico [IPPool](https://docs.tigera.io/calico/latest/reference/resources/ippool): the addresses of pods, or of services of " +
			"type LoadBalancer. Applied through `projectcalico.org/v3`, which calico-apiserver serves. Pools may not overlap.\n\n" +
			"Network and block size cannot be changed: a change makes a new pool, and Calico gives the addresses of the old one " +
			"back only when the pods have moved. To move pods, add the new pool first, set `disabled = true` on the old one, restart the pods, and then remove it.",
		Attributes: object.Attributes(ctx, ipPoolKind, map[string]schema.Attribute{
			"cidr": schema.StringAttribute{
				MarkdownDescription: "The network, without host bits: `10.244.0.0/16`. At least one block large, not link-local. Changing it makes a new pool.",
				CustomType:          semtype.PrefixType{}, Required: true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplaceIf(
					otherNetwork, "Another network needs another pool.", "Another network needs another pool.")},
			},
			"block_size": schema.Int64Attribute{
				MarkdownDescription: "Prefix length of the blocks that nodes get: 20 to 32 for IPv4, where the default is 26; 116 to 128 for IPv6, where it is 122. " +
					"Changing it makes a new pool; a size that is left out later stays as it is.",
				Optional: true, Computed: true,
				PlanModifiers: []planmodifier.Int64{keptBlockSize{}, int64planmodifier.RequiresReplace()},
			},
			"ipip_mode": schema.StringAttribute{
				MarkdownDescription: "IP-in-IP encapsulation: `Always`, `CrossSubnet` or `Never` (the default). IPv4 only, not together with VXLAN.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf("Always", "CrossSubnet", "Never")},
			},
			"vxlan_mode": schema.StringAttribute{
				MarkdownDescription: "VXLAN encapsulation: `Always`, `CrossSubnet` or `Never` (the default). Not together with IP in IP.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf("Always", "CrossSubnet", "Never")},
			},
			"nat_outgoing": schema.BoolAttribute{
				MarkdownDescription: "Whether traffic to destinations outside of all pools leaves with the node's address. Defaults to `false`.",
				Optional:            true,
			},
			"disabled": schema.BoolAttribute{
				MarkdownDescription: "Whether the pool gives out no new addresses; those in use stay. Defaults to `false`.",
				Optional:            true,
			},
			"disable_bgp_export": schema.BoolAttribute{
				MarkdownDescription: "Whether routes of the pool are kept from BGP peers. Defaults to `false`.",
				Optional:            true,
			},
			"node_selector": schema.StringAttribute{
				MarkdownDescription: "Calico selector of the nodes that get blocks of the pool. Defaults to `all()`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1), selectorValidator},
			},
			"namespace_selector": schema.StringAttribute{
				MarkdownDescription: "Calico selector of the namespaces whose pods get addresses of the pool. Not with the use `Tunnel`. Since Calico 3.31, which calls it `namespaceSelector`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1), selectorValidator},
			},
			"allowed_uses": schema.SetAttribute{
				MarkdownDescription: "What the addresses are for: `Workload` and `Tunnel` (both by default), or `LoadBalancer` alone (since Calico 3.30), which goes with " +
					"neither `disable_bgp_export` nor encapsulation, and which another use can replace only in a new pool.",
				ElementType: types.StringType, Optional: true,
				Validators: []validator.Set{
					setvalidator.SizeAtLeast(1), setvalidator.ValueStringsAre(stringvalidator.OneOf("Workload", "Tunnel", "LoadBalancer")),
				},
				PlanModifiers: []planmodifier.Set{setplanmodifier.RequiresReplaceIf(
					noLongerLoadBalancer, "A pool for LoadBalancer stays one.", "A pool for LoadBalancer stays one.")},
			},
			"assignment_mode": schema.StringAttribute{
				MarkdownDescription: "Whether addresses are given out by themselves: `Automatic` (the default), or only on request: `Manual`. Since Calico 3.30, which calls it `assignmentMode`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf("Automatic", "Manual")},
			},
		}),
	}
}

// otherNetwork asks for a new pool when the network changes, not its spelling.
func otherNetwork(_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
	before, errBefore := netip.ParsePrefix(req.StateValue.ValueString())
	after, errAfter := netip.ParsePrefix(req.PlanValue.ValueString())
	resp.RequiresReplace = errBefore != nil || errAfter != nil || before != after
}

func noLongerLoadBalancer(_ context.Context, req planmodifier.SetRequest, resp *setplanmodifier.RequiresReplaceIfFuncResponse) {
	resp.RequiresReplace = allows(req.StateValue, "LoadBalancer") && !allows(req.PlanValue, "LoadBalancer") && !req.PlanValue.IsUnknown()
}

// keptBlockSize plans the size that a pool has, and Calico's default for a new
// one. A size that is only taken out of the configuration never makes a new pool:
// the addresses of the old one are in use.
type keptBlockSize struct{}

// Description implements planmodifier.Describer.
func (keptBlockSize) Description(context.Context) string {
	return "Defaults to 26 for IPv4 and 122 for IPv6."
}

// MarkdownDescription implements planmodifier.Describer.
func (m keptBlockSize) MarkdownDescription(ctx context.Context) string { return m.Description(ctx) }

// PlanModifyInt64 implements planmodifier.Int64.
func (keptBlockSize) PlanModifyInt64(ctx context.Context, req planmodifier.Int64Request, resp *planmodifier.Int64Response) {
	if !req.ConfigValue.IsNull() {
		return
	}
	var network, had semtype.Prefix
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("cidr"), &network)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("cidr"), &had)...)
	}
	switch {
	case resp.Diagnostics.HasError():
	case !req.StateValue.IsNull() && network.Equal(had):
		resp.PlanValue = req.StateValue
	default:
		resp.PlanValue = plannedBlockSize(network, req.StateValue)
	}
}

// plannedBlockSize is the size that the pool before had where the network allows
// it, or else Calico's default.
func plannedBlockSize(network semtype.Prefix, before types.Int64) types.Int64 {
	cidr, err := netip.ParsePrefix(network.ValueString())
	if err != nil {
		return types.Int64Unknown()
	}
	least, most := blockSizes(cidr)
	if size := before.ValueInt64(); size >= least && size <= most {
		return before
	}
	return types.Int64Value(defaultBlockSize(cidr))
}

// KeepsUnchanged tells the fast path that what stays as it is keeps its size.
func (keptBlockSize) KeepsUnchanged() {}

// completeIPPool gives a size to a pool whose state has none, as former versions
// left it where Calico stores none. keptBlockSize does the same.
func completeIPPool(config, plan *ipPool) {
	if config.BlockSize.IsNull() && plan.BlockSize.IsNull() {
		plan.BlockSize = plannedBlockSize(plan.CIDR, plan.BlockSize)
	}
}
