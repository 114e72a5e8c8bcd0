// Package kubevirt reads what KubeVirt runs. Virtual machines are declared with
// KubeVirt's own tools; here they are found, to be connected to.
package kubevirt

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/object"
)

// Kinds are all that Terraform can use of KubeVirt.
func Kinds() []crud.Kind {
	return []crud.Kind{{Data: []func() datasource.DataSource{newVirtualMachineInstancesData}}}
}

var virtualMachineInstanceKind = kube.Kind{
	GroupVersionResource: apischema.GroupVersionResource{Group: "kubevirt.io", Version: "v1", Resource: "virtualmachineinstances"},
	Kind:                 "VirtualMachineInstance", Namespaced: true, ServedBy: "KubeVirt",
}

// newVirtualMachineInstancesData finds running virtual machines and their
// addresses.
var newVirtualMachineInstancesData = crud.NewData(crud.DataSpec[virtualMachineInstances, *kube.Client]{
	Name: "kubevirt_virtual_machine_instances", Client: (*clients.Set).Kubernetes,
	Schema: virtualMachineInstancesSchema, Read: readVirtualMachineInstances,
})

type virtualMachineInstances struct {
	Namespace     types.String             `tfsdk:"namespace"`
	LabelSelector types.String             `tfsdk:"label_selector"`
	Phase         types.String             `tfsdk:"phase"`
	WithAddress   types.Bool               `tfsdk:"with_address"`
	Instances     []virtualMachineInstance `tfsdk:"instances"`
}

type virtualMachineInstance struct {
	Namespace   string            `tfsdk:"namespace"`
	Name        string            `tfsdk:"name"`
	UID         string            `tfsdk:"uid"`
	Phase       string            `tfsdk:"phase"`
	NodeName    types.String      `tfsdk:"node_name"`
	Labels      map[string]string `tfsdk:"labels"`
	IPAddress   types.String      `tfsdk:"ip_address"`
	IPAddresses []string          `tfsdk:"ip_addresses"`
}

func readVirtualMachineInstances(ctx context.Context, c *kube.Client, m *virtualMachineInstances) error {
	found, err := c.List(ctx, virtualMachineInstanceKind, m.Namespace.ValueString(), m.LabelSelector.ValueString())
	if err != nil {
		return crud.At(path.Root("instances"), err)
	}
	m.Instances = []virtualMachineInstance{}
	for _, o := range found {
		vm := fromAPI(o)
		if m.wants(vm) {
			m.Instances = append(m.Instances, vm)
		}
	}
	slices.SortFunc(m.Instances, func(a, b virtualMachineInstance) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	return nil
}

func (m *virtualMachineInstances) wants(vm virtualMachineInstance) bool {
	if m.WithAddress.ValueBool() && len(vm.IPAddresses) == 0 {
		return false
	}
	return m.Phase.IsNull() || m.Phase.ValueString() == vm.Phase
}

func fromAPI(o *kube.Object) virtualMachineInstance {
	phase, _, _ := unstructured.NestedString(o.Object, "status", "phase")
	node, _, _ := unstructured.NestedString(o.Object, "status", "nodeName")
	vm := virtualMachineInstance{
		Namespace: o.GetNamespace(), Name: o.GetName(), UID: string(o.GetUID()), Phase: phase, Labels: o.GetLabels(),
		NodeName: types.StringNull(), IPAddress: types.StringNull(), IPAddresses: usableAddresses(o),
	}
	if vm.Labels == nil {
		vm.Labels = map[string]string{}
	}
	if node != "" {
		vm.NodeName = types.StringValue(node)
	}
	if len(vm.IPAddresses) > 0 {
		vm.IPAddress = types.StringValue(vm.IPAddresses[0])
	}
	return vm
}

// usableAddresses are the addresses that something else than the machine itself
// can reach, in the order of its interfaces. The guest agent also reports
// link-local and loopback ones, and some with a prefix length.
func usableAddresses(o *kube.Object) []string {
	usable := []string{}
	interfaces, _, _ := unstructured.NestedSlice(o.Object, "status", "interfaces")
	for _, i := range interfaces {
		fields, _ := i.(map[string]any)
		first, _, _ := unstructured.NestedString(fields, "ipAddress")
		all, _, _ := unstructured.NestedStringSlice(fields, "ipAddresses")
		for _, s := range append([]string{first}, all...) {
			s, _, _ = strings.Cut(s, "/")
			a, err := netip.ParseAddr(s)
			if err != nil || a.IsLinkLocalUnicast() || a.IsLoopback() || a.IsUnspecified() || a.IsMulticast() || slices.Contains(usable, a.String()) {
				continue
			}
			usable = append(usable, a.String())
		}
	}
	return usable
}

// labelSelectorValidator checks selectors as Kubernetes parses them.
var labelSelectorValidator = object.Check{
	Rule: "must be a label selector",
	Find: func(s string) string {
		if _, err := labels.Parse(s); err != nil {
			return "not a label selector: " + err.Error()
		}
		return ""
	},
}

func virtualMachineInstancesSchema(context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "The KubeVirt [VirtualMachineInstances](https://kubevirt.io/user-guide/) of a cluster: the virtual machines that run, with the addresses " +
			"at which they can be reached. A stopped machine has no instance. Addresses may change when a machine restarts or migrates.",
		Attributes: map[string]schema.Attribute{
			"namespace": schema.StringAttribute{
				MarkdownDescription: "Namespace to look in. Defaults to all namespaces.",
				Optional:            true,
				Validators:          []validator.String{object.NamespaceValidator()},
			},
			"label_selector": schema.StringAttribute{
				MarkdownDescription: "Kubernetes label selector of the instances: `os=ubuntu,tier in (dev, test)`. Defaults to all.",
				Optional:            true,
				Validators:          []validator.String{labelSelectorValidator},
			},
			"phase": schema.StringAttribute{
				MarkdownDescription: "Phase that the instances must be in: `Pending`, `Scheduling`, `Scheduled`, `Running`, `Succeeded`, `Failed`, `Unknown` or " +
					"`WaitingForSync`. Defaults to any.",
				Optional: true,
				Validators: []validator.String{stringvalidator.OneOf(
					"Pending", "Scheduling", "Scheduled", "Running", "Succeeded", "Failed", "Unknown", "WaitingForSync")},
			},
			"with_address": schema.BoolAttribute{
				MarkdownDescription: "Whether to leave out instances that have no usable address, yet or at all. Defaults to `false`.",
				Optional:            true,
			},
			"instances": schema.ListNestedAttribute{
				MarkdownDescription: "The instances, by namespace and name.",
				Computed:            true,
				NestedObject:        schema.NestedAttributeObject{Attributes: instanceAttributes()},
			},
		},
	}
}

func instanceAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"namespace": schema.StringAttribute{Computed: true, MarkdownDescription: "Namespace of the instance."},
		"name":      schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the instance, which is that of its virtual machine."},
		"uid":       schema.StringAttribute{Computed: true, MarkdownDescription: "UID of the instance; another after a restart."},
		"phase":     schema.StringAttribute{Computed: true, MarkdownDescription: "Phase of the instance: `Running`, say; empty when it is new."},
		"node_name": schema.StringAttribute{Computed: true, MarkdownDescription: "Node it runs on; null until it is scheduled."},
		"labels":    schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Labels of the instance."},
		"ip_address": schema.StringAttribute{
			Computed: true, MarkdownDescription: "The first of `ip_addresses`; null when there is none.",
		},
		"ip_addresses": schema.ListAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "Addresses others can reach, in the order of the interfaces: without prefix lengths, link-local and loopback addresses.",
		},
	}
}
