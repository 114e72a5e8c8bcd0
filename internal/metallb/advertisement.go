package metallb

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/object"
)

// advertised is what the models of both kinds of advertisement embed: whose
// addresses are announced, and from which nodes.
type advertised struct {
	Namespace              types.String `tfsdk:"namespace"`
	IPAddressPools         types.List   `tfsdk:"ip_address_pools"`
	IPAddressPoolSelectors types.List   `tfsdk:"ip_address_pool_selectors"`
	NodeSelectors          types.List   `tfsdk:"node_selectors"`
}

func (m *advertised) fields() []object.Field {
	return []object.Field{
		object.Bind(&m.IPAddressPools, "spec", "ipAddressPools"),
		object.Bind(&m.IPAddressPoolSelectors, "spec", "ipAddressPoolSelectors"),
		object.Bind(&m.NodeSelectors, "spec", "nodeSelectors"),
	}
}

func (m *advertised) check(diags *diag.Diagnostics) {
	checkSelectors(m.IPAddressPoolSelectors, path.Root("ip_address_pool_selectors"), diags)
	checkSelectors(m.NodeSelectors, path.Root("node_selectors"), diags)
}

// advertisedAttributes adds the attributes of advertised to a kind's own.
func advertisedAttributes(own map[string]schema.Attribute) map[string]schema.Attribute {
	all := map[string]schema.Attribute{
		"namespace": namespaceAttribute(),
		"ip_address_pools": namesAttribute("Names of the IPAddressPools to announce. MetalLB does not say when one is missing. " +
			"Without this and `ip_address_pool_selectors`, all pools are announced."),
		"ip_address_pool_selectors": selectorsAttribute("Label selectors of more IPAddressPools to announce; one that matches is enough."),
		"node_selectors":            selectorsAttribute("Label selectors of the nodes to announce from; one that matches is enough. Defaults to all nodes."),
	}
	maps.Copy(all, own)
	return all
}

// namesAttribute is a list of names of other objects.
func namesAttribute(description string) schema.ListAttribute {
	return schema.ListAttribute{
		MarkdownDescription: description,
		ElementType:         types.StringType, Optional: true,
		Validators: []validator.List{
			listvalidator.SizeAtLeast(1), listvalidator.UniqueValues(), listvalidator.ValueStringsAre(object.NameValidator()),
		},
	}
}
