package metallb

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	dataschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"go4.org/netipx"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/object"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

var ipAddressPoolKind = kind("v1beta1", "ipaddresspools", "IPAddressPool")

// IPAddressPool manages a MetalLB IPAddressPool: addresses for services of
// type LoadBalancer.
var IPAddressPool = object.Of(object.Spec[ipAddressPool]{
	Name: "metallb_ip_address_pool", Kind: ipAddressPoolKind, Schema: ipAddressPoolSchema,
	Meta:      func(m *ipAddressPool) *object.Meta { return &m.Meta },
	Namespace: func(m *ipAddressPool) *types.String { return &m.Namespace },
	Fields:    func(m *ipAddressPool) []object.Field { return m.fields() },
	Check:     checkIPAddressPool,
}, object.DataSpec[ipAddressPoolData]{
	Description: "A MetalLB IPAddressPool as it is in the cluster, with how many of its addresses are in use.",
	Extra:       ipAddressPoolStatusAttributes(),
	Meta:        func(m *ipAddressPoolData) *object.DataMeta { return &m.DataMeta },
	Namespace:   func(m *ipAddressPoolData) *types.String { return &m.Namespace }, DefaultNamespace: defaultNamespace,
	Fields: func(m *ipAddressPoolData) []object.Field { return append(m.fields(), m.statusFields()...) },
})

type ipAddressPool struct {
	object.Meta
	ipAddressPoolSpec
}

type ipAddressPoolData struct {
	object.DataMeta
	ipAddressPoolSpec
	AssignedIPv4  types.Int64 `tfsdk:"assigned_ipv4"`
	AssignedIPv6  types.Int64 `tfsdk:"assigned_ipv6"`
	AvailableIPv4 types.Int64 `tfsdk:"available_ipv4"`
	AvailableIPv6 types.Int64 `tfsdk:"available_ipv6"`
}

type ipAddressPoolSpec struct {
	Namespace         types.String `tfsdk:"namespace"`
	Addresses         types.List   `tfsdk:"addresses"`
	AutoAssign        types.Bool   `tfsdk:"auto_assign"`
	AvoidBuggyIPs     types.Bool   `tfsdk:"avoid_buggy_ips"`
	ServiceAllocation types.Object `tfsdk:"service_allocation"`
}

func (m *ipAddressPoolSpec) fields() []object.Field {
	return []object.Field{
		object.Bind(&m.Addresses, "spec", "addresses"),
		object.Bind(&m.AutoAssign, "spec", "autoAssign").Default(true),
		object.Bind(&m.AvoidBuggyIPs, "spec", "avoidBuggyIPs"),
		object.Bind(&m.ServiceAllocation, "spec", "serviceAllocation"),
	}
}

func (m *ipAddressPoolData) statusFields() []object.Field {
	return []object.Field{
		object.Bind(&m.AssignedIPv4, "status", "assignedIPv4"),
		object.Bind(&m.AssignedIPv6, "status", "assignedIPv6"),
		object.Bind(&m.AvailableIPv4, "status", "availableIPv4"),
		object.Bind(&m.AvailableIPv6, "status", "availableIPv6"),
	}
}

// checkIPAddressPool checks the ranges, which the framework does not do for the
// elements of a list, and finds those that overlap within the pool. Overlaps
// with other pools are for the webhook, which knows them.
func checkIPAddressPool(m *ipAddressPool, diags *diag.Diagnostics) {
	ranges := map[int]netipx.IPRange{}
	for i, e := range m.Addresses.Elements() {
		v, ok := e.(semtype.Range)
		if !ok || !known(v) {
			continue
		}
		at := path.Root("addresses").AtListIndex(i)
		r, err := semtype.ParseRange(v.ValueString())
		if err != nil {
			diags.AddAttributeError(at, "Invalid value", fmt.Sprintf("%q is not a range of addresses: %s.", v.ValueString(), err))
			continue
		}
		for j := range i {
			if other, ok := ranges[j]; ok && r.Overlaps(other) {
				refuse(diags, at, fmt.Sprintf("%s overlaps addresses[%d], %s.", r, j, other))
			}
		}
		ranges[i] = r
	}
	if !known(m.ServiceAllocation) {
		return
	}
	for _, name := range []string{"namespace_selectors", "service_selectors"} {
		if selectors, ok := m.ServiceAllocation.Attributes()[name].(types.List); ok {
			checkSelectors(selectors, path.Root("service_allocation").AtName(name), diags)
		}
	}
}

func ipAddressPoolSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A MetalLB [IPAddressPool](https://metallb.io/apis/#ipaddresspool): the addresses that services of type LoadBalancer may get. " +
			"An advertisement announces them. Services keep their addresses when the pool is deleted, until MetalLB restarts.",
		Attributes: object.Attributes(ctx, ipAddressPoolKind, map[string]schema.Attribute{
			"namespace": namespaceAttribute(),
			"addresses": schema.ListAttribute{
				MarkdownDescription: "Networks (`192.168.10.0/28`) and ranges (`192.168.10.180-192.168.10.200`) of addresses, IPv4 or IPv6. " +
					"They may overlap neither each other nor another pool.",
				ElementType: semtype.RangeType{}, Required: true,
				Validators: []validator.List{listvalidator.SizeAtLeast(1)},
			},
			"auto_assign": schema.BoolAttribute{
				MarkdownDescription: "Whether services that ask for no particular pool get addresses of this one. Defaults to `true`.",
				Optional:            true,
			},
			"avoid_buggy_ips": schema.BoolAttribute{
				MarkdownDescription: "Whether addresses that end in .0 and .255 are left out, which some old routers drop. Defaults to `false`. MetalLB calls it `avoidBuggyIPs`.",
				Optional:            true,
			},
			"service_allocation": schema.SingleNestedAttribute{
				MarkdownDescription: "Which services may use the pool. Defaults to all.",
				Optional:            true,
				Attributes: map[string]schema.Attribute{
					"priority": schema.Int64Attribute{
						MarkdownDescription: "Which of several matching pools is tried first: the one with the lowest number; 0 or none comes last.",
						Optional:            true,
						Validators:          []validator.Int64{int64validator.AtLeast(0)},
					},
					"namespaces": schema.ListAttribute{
						MarkdownDescription: "Names of the namespaces whose services may use the pool.",
						ElementType:         types.StringType, Optional: true,
						Validators: []validator.List{
							listvalidator.SizeAtLeast(1), listvalidator.UniqueValues(), listvalidator.ValueStringsAre(object.NamespaceValidator()),
						},
					},
					"namespace_selectors": selectorsAttribute("Label selectors of namespaces whose services may use the pool; one that matches is enough."),
					"service_selectors":   selectorsAttribute("Label selectors of the services that may use the pool; one that matches is enough."),
				},
			},
		}),
	}
}

func ipAddressPoolStatusAttributes() map[string]dataschema.Attribute {
	count := func(field, description string) dataschema.Attribute {
		return dataschema.Int64Attribute{
			Computed: true, MarkdownDescription: fmt.Sprintf("%s Null until MetalLB has counted. MetalLB calls it `%s`.", description, field),
		}
	}
	return map[string]dataschema.Attribute{
		"assigned_ipv4":  count("assignedIPv4", "How many IPv4 addresses services have."),
		"assigned_ipv6":  count("assignedIPv6", "How many IPv6 addresses services have."),
		"available_ipv4": count("availableIPv4", "How many IPv4 addresses are free."),
		"available_ipv6": count("availableIPv6", "How many IPv6 addresses are free."),
	}
}
